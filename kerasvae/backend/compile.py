"""The backend's compiler, for numerical functions that run outside a Keras model.

Keras compiles a model's steps by itself; a function that streams over a whole data set is nobody's
step, and `keras.ops` has no `jit`.
"""

import functools
from collections.abc import Callable

import keras


def _compile_tensorflow(fn: Callable) -> Callable:
    import tensorflow as tf

    # XLA, also on a CPU: without it TensorFlow writes every intermediate array of a long
    # elementwise expression to memory, which makes surgery's inner loop seven times slower.
    return tf.function(fn, jit_compile=True)


def _compile_jax(fn: Callable) -> Callable:
    import jax

    return jax.jit(fn)


def compiled(fn: Callable) -> Callable:
    """Compile a function of tensors with XLA, on whichever backend Keras runs.

    Compilation happens at the first call for each new set of shapes, so callers that stream over
    data pad their last block rather than send a smaller one.

    Args:
        fn: a function of tensors built from `keras.ops`, without side effects.

    Returns:
        A function with the same arguments and results.

    Raises:
        ValueError: the Keras backend is neither tensorflow nor jax.

    Example:
        >>> from keras import ops
        >>> from kerasvae.backend.compile import compiled
        >>> square = compiled(lambda x: x * x)
        >>> float(square(ops.convert_to_tensor(3.0)))
        9.0
    """
    compilers = {"tensorflow": _compile_tensorflow, "jax": _compile_jax}
    backend = keras.backend.backend()
    if backend not in compilers:
        raise ValueError(
            f"kerasvae runs on the backends {sorted(compilers)}: set KERAS_BACKEND to one of them "
            f"before importing keras. Received: backend={backend!r}"
        )
    return functools.wraps(fn)(compilers[backend](fn))
