"""A part of a data set, read from it and not copied."""

import math

import numpy as np

from kerasvae.data.door import as_dataset


class Part:
    """The images start..stop of a data set, for batches.

    Args:
        dataset: anything with `images(indices)` and `image_shape`.
        start: first image.
        stop: the image after the last.
    """

    def __init__(self, dataset, start: int, stop: int):
        self.dataset, self.start, self.stop = dataset, start, stop

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images."""
        return self.dataset.image_shape

    def images(self, indices) -> np.ndarray:
        """Images by index, (n, H, W, C) float32 in [0, 1]."""
        return self.dataset.images(np.asarray(indices) + self.start)


def split(dataset, validation_split: float):
    """The first images for training and the last ones for validation, as Keras splits arrays.

    Args:
        dataset: what `as_dataset` returned for a data set of kerasvae.data.
        validation_split: share of the images, above 0 and below 1.

    Returns:
        Two sources, as `as_dataset` returns them.

    Raises:
        ValueError: a share that leaves one of the two without images.

    Example:
        >>> from kerasvae.data import ImageDataset
        >>> images = as_dataset(ImageDataset(np.zeros((10, 8, 8, 1), "float32")))
        >>> [part.length for part in split(images, 0.25)]
        [7, 3]
    """
    count = dataset.length
    first = math.floor(count * (1 - validation_split))
    if not 0 < first < count:
        raise ValueError(
            f"validation_split: expected a share that leaves images for both, of {count}. "
            f"Received: validation_split={validation_split}"
        )
    return as_dataset(Part(dataset, 0, first)), as_dataset(Part(dataset, first, count))
