"""Image sets: images of one size, read by index and fed to Keras in batches."""

from typing import NamedTuple

import numpy as np

from kerasvae.data.batches import ImageBatches


class Stored(NamedTuple):
    """All images of a data set as they are stored in memory.

    Args:
        rows: (n, H, W, C) numbers, or (n, bytes) uint8 as `numpy.packbits` packs images.
        image_shape: (H, W, C).
        maximum: the stored value that means 1.0.
        is_packed: whether a pixel is one bit.
    """

    rows: np.ndarray
    image_shape: tuple[int, int, int]
    maximum: float = 1
    is_packed: bool = False


class ImageDataset:
    """A set of images of one size, read by index as floats in [0, 1].

    Args:
        pixels: array (n, H, W, C), or anything with that `shape` and with `pixels[indices]` for
            an int array (a memory map, a renderer): so images that do not fit in memory can stay on
            disk.
        maximum: the stored value that means 1.0: 255 for photographs, 1 for floats.
        name: shown in the repr.

    Raises:
        ValueError: not four axes, or no images.

    Example:
        >>> photographs = ImageDataset(np.full((3, 8, 8, 1), 255, "uint8"), maximum=255)
        >>> photographs
        <images: 3 images of 8x8x1>
        >>> photographs.images([0, 2]).shape
        (2, 8, 8, 1)
    """

    def __init__(self, pixels, maximum: float = 1, name: str = "images"):
        if len(pixels.shape) != 4 or pixels.shape[0] == 0:
            raise ValueError(
                "pixels: expected a non-empty array of shape (n, height, width, channels). "
                f"Received: shape={tuple(pixels.shape)}"
            )
        self._pixels = pixels
        self._maximum = maximum
        self.name = name

    def __len__(self) -> int:
        return self._pixels.shape[0]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of every image."""
        return tuple(int(side) for side in self._pixels.shape[1:])

    def images(self, indices) -> np.ndarray:
        """Images by index.

        Args:
            indices: whole numbers in 0..len-1: an int, a range, a slice, or a 1-D int array.

        Returns:
            (n, H, W, C) float32 in [0, 1].

        Raises:
            IndexError: an index outside the data set.
            ValueError: indices that are not whole numbers.
        """
        rows = self._pixels[self._checked(indices)]
        if self._maximum == 1:
            return rows.astype(np.float32)
        return np.multiply(rows, np.float32(1 / self._maximum), dtype=np.float32)

    def stored(self) -> Stored | None:
        """All images as they are stored, for a device; None if they lie in a file.

        Sprites that are drawn as they are needed are drawn now, all of them.
        """
        packed = getattr(self._pixels, "packed_rows", None)
        if packed is not None:
            return Stored(packed, self.image_shape, self._maximum, is_packed=True)
        if isinstance(self._pixels, np.ndarray) and not isinstance(self._pixels, np.memmap):
            return Stored(self._pixels, self.image_shape, self._maximum)
        return None

    def subset(self, indices) -> "ImageDataset":
        """The images of some indices as a data set in memory; arguments and errors as `images`."""
        return ImageDataset(self.images(indices), name=self.name)

    def keras_dataset(
        self,
        batch_size: int,
        seed: int | None = 0,
        first_step: int = 0,
        steps_per_epoch: int | None = None,
    ) -> ImageBatches:
        """Batches for `fit` (shuffled by `seed`) or, with `seed=None`, in order for `evaluate`.

        See `ImageBatches` for what the arguments mean.
        """
        return ImageBatches(self, batch_size, seed, first_step, steps_per_epoch)

    def _checked(self, indices) -> np.ndarray:
        if isinstance(indices, slice):
            indices = range(*indices.indices(len(self)))
        array = np.atleast_1d(np.asarray(indices))
        if array.ndim != 1 or not (np.issubdtype(array.dtype, np.integer) or array.size == 0):
            raise ValueError(
                "indices: expected whole numbers, one for each image. "
                f"Received: dtype={array.dtype}, shape={array.shape}"
            )
        if array.size and (array.min() < 0 or array.max() >= len(self)):
            raise IndexError(
                f"indices: {self.name} has images 0..{len(self) - 1}. "
                f"Received: from {array.min()} to {array.max()}"
            )
        return array.astype(np.int64, copy=False)

    def __repr__(self) -> str:
        size = "x".join(map(str, self.image_shape))
        return f"<{self.name}: {len(self):,} images of {size}>"
