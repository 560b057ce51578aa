"""What `as_dataset` turns images into: the interface, and images that are read by index."""

from collections.abc import Iterator

import numpy as np

from kerasvae.checks import check_images
from kerasvae.data.batches import ImageBatches
from kerasvae.data.images import ImageDataset
from kerasvae.data.unwrap import image_key, unwrap

# Images of a data set of ours that are looked at before any work.
FIRST_BATCH = 64


class ImageSource:
    """Images that were checked as far as can be, ready for Keras or for a loop.

    Attributes:
        kind: "array", "dataset", "batches", "pydataset", "tf.data", "generator" or "iterable".
        length: number of images, or None if the data do not say.
        first_batch: (n, H, W, C) the images that were checked; a loop still gets them.
        has_random_access: whether `images` and `stream` can be used.
        keras_may_shuffle: whether Keras may shuffle the images or batches of `for_keras`.
    """

    kind = ""
    length: int | None = None
    keras_may_shuffle = False
    has_random_access = False

    def __init__(self, x, image_shape=None, name: str = "x"):
        self.name = name
        self.first_batch, self._data = self._open(x, image_shape)

    def _open(self, x, image_shape):
        """The first batch, checked, and what Keras takes."""
        raise NotImplementedError

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images."""
        return tuple(int(side) for side in self.first_batch.shape[1:])

    def checked(self, image_shape, name: str) -> "ImageSource":
        """Itself, if its images have that shape."""
        check_images(self.first_batch, image_shape, name, label=f"{name}, first batch")
        return self

    def images(self, indices) -> np.ndarray:
        """Images by index, (n, H, W, C) float32, of arrays and of data sets of kerasvae.data.

        Raises:
            ValueError: a stream, whose images can only be read in order.
        """
        return self._by_index().images(indices)

    def stream(
        self, batch_size: int, seed: int, first_step: int = 0, steps_per_epoch: int | None = None
    ) -> ImageBatches:
        """A shuffled stream of batches that can go on from any step; see `ImageBatches`.

        Raises:
            ValueError: a stream, whose order is its own.
        """
        return ImageBatches(self._by_index(), batch_size, seed, first_step, steps_per_epoch)

    def _by_index(self):
        raise ValueError(
            f"{self.name}: expected images that can be read by index: an array, or a data set of "
            f"kerasvae.data. Collect the batches first: np.concatenate(list(batches)). "
            f"Received: {self.kind}"
        )

    def stored(self):
        """All images as stored in memory, a `kerasvae.data.images.Stored`; None if they do not.

        Only where a loop over the images can be one over their indices.
        """
        return None

    def batches(self, batch_size: int = 256) -> Iterator[np.ndarray]:
        """One pass through the images in order, in numpy batches (n, H, W, C).

        Args:
            batch_size: images in a batch, where the data has no batches of its own.
        """
        for batch in self._data:
            yield np.asarray(batch)

    def for_keras(self, batch_size: int | None = None, steps_per_epoch: int | None = None):
        """What `keras.Model.fit`, `evaluate` and `predict` take for `x`, without targets.

        An array, a PyDataset, a tf.data dataset, or a generator, whose batches are (images,)
        because Keras takes generators of tuples only.

        Args:
            batch_size: images in a batch, for a data set of kerasvae.data, which then come in
                order; use `stream` for a shuffled one.
            steps_per_epoch: batches of an epoch, for an iterable without a length.
        """
        return self._data

    def _check(self, batch, image_shape=None, first: bool = True):
        """The images of a batch of a stream, checked, as float32."""
        label = f"{self.name}, {'first batch' if first else 'a later batch'}"
        images = unwrap(batch, label, self._hint)
        check_images(images, image_shape, label=label, write=lambda line: f"yield {line}")
        return np.asarray(images).astype(np.float32, copy=False)

    @staticmethod
    def _hint(batch) -> str:
        return f"yield batch[{image_key(batch)!r}]" if isinstance(batch, dict) else "yield images"


class ArraySource(ImageSource):
    """An array or tensor."""

    kind = "array"
    keras_may_shuffle = True
    has_random_access = True

    def _open(self, x, image_shape):
        check_images(x, image_shape, self.name)
        array = np.asarray(x)
        self.length = len(array)
        return array[:FIRST_BATCH], array

    def _by_index(self):
        return ImageDataset(self._data, name=self.name)

    def stored(self):
        """The array; see `ImageSource.stored`."""
        return self._by_index().stored()

    def batches(self, batch_size: int = 256) -> Iterator[np.ndarray]:
        """One pass in order; see `ImageSource.batches`."""
        for start in range(0, self.length, batch_size):
            yield self._data[start : start + batch_size]


class DatasetSource(ImageSource):
    """A data set of kerasvae.data, or anything with `len`, `image_shape` and `images(indices)`."""

    kind = "dataset"
    has_random_access = True

    def _open(self, x, image_shape):
        self.length = len(x)
        first = x.images(np.arange(min(FIRST_BATCH, self.length)))
        check_images(first, image_shape, self.name, label=f"{self.name}, first images")
        if tuple(x.image_shape) != first.shape[1:]:
            raise ValueError(
                f"{self.name}: expected images of the image_shape that the data set names. "
                f"Received: a data set with image_shape={tuple(x.image_shape)} and images of "
                f"{first.shape[1:]}"
            )
        return first, x

    def _by_index(self):
        return self._data

    def stored(self):
        """What the data set stores, if it says so; see `ImageSource.stored`."""
        return self._data.stored() if isinstance(self._data, ImageDataset) else None

    def batches(self, batch_size: int = 256) -> Iterator[np.ndarray]:
        """One pass in order; see `ImageSource.batches`."""
        yield from ImageBatches(self._data, batch_size)

    def for_keras(self, batch_size: int | None = None, steps_per_epoch: int | None = None):
        """Batches in order; see `ImageSource.for_keras`."""
        return ImageBatches(self._data, FIRST_BATCH if batch_size is None else batch_size)


class BatchesSource(ImageSource):
    """Batches of a data set of kerasvae.data, in an order of their own."""

    kind = "batches"
    has_random_access = True

    def _open(self, x, image_shape):
        self.length = len(x.dataset)
        first = x.dataset.images(x.indices(0))
        check_images(first, image_shape, self.name, label=f"{self.name}, first batch")
        return first, x

    def _by_index(self):
        return self._data.dataset

    def stored(self):
        """What the data set stores; see `ImageSource.stored`."""
        dataset = self._data.dataset
        plain = type(self._data) is ImageBatches and isinstance(dataset, ImageDataset)
        return dataset.stored() if plain else None
