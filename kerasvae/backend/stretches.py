"""An epoch's batches in stretches, each of which is one call of a program of many steps."""

import keras
import numpy as np

# Steps that are one call, after which callbacks look at the training.
MOST_STEPS = 1000
# Bytes of images that are drawn for one call, where they do not lie on the device.
MOST_BYTES = 2**26


def stretches(streams, by_index: bool):
    """Yield the batches of one epoch of several streams, stacked.

    Args:
        streams: `kerasvae.data.ImageBatches` of equal length and batch size, one for each member.
        by_index: indices of images, (steps, members, batch) int32, in place of the images.

    Yields:
        Indices, or a tuple of what a batch consists of, (steps, members, batch, ...) each.
    """
    start, steps = 0, len(streams[0])
    while start < steps:
        data = _indices(streams, start, steps) if by_index else _images(streams, start, steps)
        yield data
        start += len(keras.tree.flatten(data)[0])


def _indices(streams, start, steps):
    numbers = range(start, min(start + MOST_STEPS, steps))
    return np.asarray([[stream.indices(n) for stream in streams] for n in numbers], "int32")


def _images(streams, start, steps):
    first = [_data(stream[start]) for stream in streams]
    size = sum(np.asarray(part).nbytes for part in keras.tree.flatten(first))
    count = int(np.clip(MOST_BYTES // size, 1, MOST_STEPS))
    rest = range(start + 1, min(start + count, steps))
    drawn = [first, *([_data(stream[number]) for stream in streams] for number in rest)]
    each = [keras.tree.map_structure(lambda *parts: np.stack(parts), *step) for step in drawn]
    return keras.tree.map_structure(lambda *parts: np.stack(parts), *each)


def _data(batch):
    return batch if isinstance(batch, tuple) else (batch,)
