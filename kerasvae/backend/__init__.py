"""The only place that knows which backend Keras runs on.

Everything else in kerasvae goes through `keras.ops`. What Keras has no common form for is here,
once for each backend: TensorFlow Probability, its seeds, a compiler for functions outside of a
model, training on several devices, and the training step.
"""

import keras

if keras.backend.backend() == "tensorflow":
    from kerasvae.backend.tensorflow import (
        LAYERS_HAVE_METRICS,
        TrainStep,
        compiled,
        data_parallel,
        jit,
        materialised,
        scanned_steps,
        tfp,
        tfp_seed,
        train_members,
    )
elif keras.backend.backend() == "jax":
    from kerasvae.backend.jax import (
        LAYERS_HAVE_METRICS,
        TrainStep,
        compiled,
        data_parallel,
        jit,
        materialised,
        scanned_steps,
        tfp,
        tfp_seed,
        train_members,
    )
else:
    raise ImportError(
        "kerasvae needs TensorFlow Probability, which runs on Keras's tensorflow and jax backends. "
        "Set KERAS_BACKEND=tensorflow or KERAS_BACKEND=jax before importing keras. "
        f"Received: KERAS_BACKEND={keras.backend.backend()}"
    )

__all__ = [
    "LAYERS_HAVE_METRICS",
    "TrainStep",
    "compiled",
    "data_parallel",
    "jit",
    "materialised",
    "scanned_steps",
    "tfp",
    "tfp_seed",
    "train_members",
]
