"""How many floating-point operations a step of training needs, and how many the device can do.

Model FLOPs are those of the algorithm, whatever a program really executes: every multiply-add of
a matrix product or convolution is two, nothing else counts (activations, losses and optimizers are
linear in their arrays), and the backward pass of a network is twice its forward pass: once for the
gradient of its weights and once for that of its inputs. Where only one of these is needed, only
that one counts: a VAE's gradient passes through a discriminator that it does not train.
"""

import math
import time

import numpy as np

# objective: (network, share of the step's images that it sees, passes): 1 is a forward pass, 3
# with all gradients, 2 with those of its inputs alone. A discriminator of codes sees two batches
# in its own turn, codes and what they are told from.
SINGLE = (("encoder", 1, 3), ("decoder", 1, 3))
PASSES = {
    "factor-vae": (
        ("encoder", 1 / 2, 3),
        ("decoder", 1 / 2, 3),
        ("discriminator", 1 / 2, 2),
        ("encoder", 1 / 2, 1),
        ("discriminator", 1, 3),
    ),
    "adversarial-autoencoder": (
        *SINGLE,
        ("discriminator", 1, 2),
        ("encoder", 1, 1),
        ("discriminator", 2, 3),
    ),
    "infogan": (("decoder", 1, 3), ("encoder", 1, 2), ("decoder", 1, 1), ("encoder", 2, 3)),
}


def model_flops(model, objective: str, batch_size: int) -> int:
    """Model FLOPs of a training step of `batch_size` images, for a model of kerasvae."""
    multiply_adds = sum(
        share * passes * _multiply_adds(getattr(model, network))
        for network, share, passes in PASSES.get(objective, SINGLE)
    )
    return round(2 * batch_size * multiply_adds)


def _multiply_adds(network) -> int:
    """Multiply-adds of a forward pass of one example through a keras.Model."""
    return sum(_of_layer(layer) for layer in network.layers)


def _of_layer(layer) -> int:
    kernel = getattr(layer, "kernel", None)
    if kernel is None:
        return 0
    kind = type(layer).__name__
    if kind == "Dense":
        return math.prod(kernel.shape)
    # Each weight meets every output position; in a transposed convolution, every input position.
    at = {"Conv2D": layer.output, "Conv2DTranspose": layer.input}[kind]
    return math.prod(kernel.shape) * math.prod(at.shape[1:3])


def matrix_peak(dtype: str):
    """A function that measures the rate of large matrix products on Keras's device, in FLOP/s.

    Args:
        dtype: a Keras policy; the products are of its compute dtype.
    """
    import keras
    from keras import ops

    compute_dtype = keras.dtype_policies.get(dtype).compute_dtype
    gpu = any(device.startswith(("gpu", "cuda")) for device in keras.distribution.list_devices())
    size, chain = (8192, 32) if gpu else (1024, 8)
    rng = np.random.default_rng(0)
    # Of this variance, products keep the size of their factors.
    values = rng.normal(size=(size, size)).astype("float32") / size**0.5
    factor = ops.cast(ops.convert_to_tensor(values), compute_dtype)

    def once():
        begin, product = time.perf_counter(), factor
        for _ in range(chain):
            product = ops.matmul(product, factor)
        np.asarray(ops.cast(product[:1, :1], "float32"))  # waits for the device
        return chain * 2 * size**3 / (time.perf_counter() - begin)

    once()
    return lambda: max(once() for _ in range(5))
