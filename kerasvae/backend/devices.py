"""Which devices a training may use."""

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
