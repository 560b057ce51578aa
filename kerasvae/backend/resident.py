"""Images that lie on the device: many training steps a call take indices in place of batches."""

import keras
import numpy as np
from keras import ops


def stored_for_many_steps(model, images):
    """What is put on the device where a model's steps run as one program that draws its batches.

    Args:
        model: a compiled model of this package.
        images: a `kerasvae.data.ImageSource`, which is asked for its images only if such a program
            is wanted: the grid of dSprites is drawn then.

    Returns:
        A `kerasvae.data.images.Stored`, or None for single steps.
    """
    if model.steps_per_execution == 1 or model.run_eagerly:
        return None
    return images.stored()


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
