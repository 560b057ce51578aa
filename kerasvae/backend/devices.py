"""Train on several devices at once: each has a copy of the model and a part of every batch."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from kerasvae.checks import check_positive_int


def check_devices(count: int, batch_size: int) -> list[str]:
    """The first devices of this machine, if there are so many and the batch can be dealt out.

    Args:
        count: how many.
        batch_size: images in a step, of all devices together.

    Returns:
        Their names, for instance ["gpu:0", "gpu:1"].

    Raises:
        ValueError: fewer devices, or a batch that leaves a remainder.
    """
    available = keras.distribution.list_devices()
    if check_positive_int("devices", count) > len(available):
        raise ValueError(
            f"devices: this machine has {len(available)} for {keras.backend.backend()}: "
            f"{', '.join(available)}. Received: devices={count}"
        )
    if batch_size % count:
        raise ValueError(
            f"batch_size must be a multiple of devices, so that each gets as many images. "
            f"Received: batch_size={batch_size}, devices={count}"
        )
    return available[:count]


@contextmanager
def data_parallel(devices: list[str]) -> Iterator[None]:
    """Models that are built or loaded, compiled and trained in this context share every batch.

    Make the optimizer in the context too: its variables belong on the same devices.

    On JAX (keras.distribution.DataParallel) a step is computed as on one device: every estimate
    that looks at a batch as a whole (total correlation, moments, MMD, capacity) sees the global
    batch, and the numbers are those of one device. On TensorFlow (MirroredStrategy) each device
    computes such estimates from its own part of the batch and the gradients are averaged: with a
    global batch of B on n devices they are those of a batch of B / n. Terms of single images
    (reconstruction, kl, density ratio) are the same on both.

    Args:
        devices: from `check_devices`; with a single one nothing changes.
    """
    if len(devices) == 1:
        yield
    elif keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Not by collective operations: the reductions of two players get in each other's way.
        reduction = tf.distribute.ReductionToOneDevice()
        with tf.distribute.MirroredStrategy(devices, reduction).scope():
            yield
    else:
        before = keras.distribution.distribution()
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
        try:
            yield
        finally:
            keras.distribution.set_distribution(before)
