"""Images that lie on the device: many training steps a call take indices in place of batches."""

import keras
import numpy as np
from keras import ops


def takes_many_steps(model, source) -> bool:
    """Whether a model's steps can run as one program that draws its batches from the device.

    Args:
        model: a compiled model of this package.
        source: a `kerasvae.data.images.Stored`, or None.
    """
    return source is not None and model.steps_per_execution > 1 and not model.run_eagerly


def next_steps(iterator, length):
    """The next batches of indices of a Keras iterator, at most `length`, and at least one.

    Args:
        iterator: of batches of indices; StopIteration passes.
        length: steps in a call.

    Yields:
        (steps, batch) int32. The last batch of an array may be smaller, and a program takes
        batches of one size, so it comes by itself.
    """
    batches = [_indices(next(iterator))]
    for data in iterator if length > 1 else ():
        batches.append(_indices(data))
        if len(batches) == length:
            break
    start = 0
    while start < len(batches):
        size, stop = len(batches[start]), start
        while stop < len(batches) and len(batches[stop]) == size:
            stop += 1
        yield np.stack(batches[start:stop])
        start = stop


def as_images(rows, source):
    """Images (n, H, W, C) float32 of stored rows, the numbers of `ImageDataset.images`."""
    if source.is_packed:
        shifts = ops.convert_to_tensor(np.arange(7, -1, -1, dtype="uint8"))  # leftmost is highest
        bits = ops.bitwise_and(ops.right_shift(rows[:, :, None], shifts), 1)  # (n, bytes, 8)
        pixels = int(np.prod(source.image_shape))
        rows = ops.reshape(bits, (-1, source.rows.shape[1] * 8))[:, :pixels]
        rows = ops.reshape(rows, (-1, *source.image_shape))
    images = ops.cast(rows, "float32")
    return images if source.maximum == 1 else images * np.float32(1 / source.maximum)


def _indices(data):
    return np.asarray(keras.utils.unpack_x_y_sample_weight(data)[0], "int32").reshape(-1)
