"""Streams of image batches as sources: PyDatasets, tf.data, generators and iterables."""

import itertools
from collections.abc import Iterator

import keras
import numpy as np

from kerasvae.checks import check_images
from kerasvae.data.sources import ImageSource
from kerasvae.data.unwrap import image_key, unwrap


class PyDatasetSource(ImageSource):
    """A PyDataset of the user's."""

    kind = "pydataset"
    keras_may_shuffle = True

    def _open(self, x, image_shape):
        first = self._check(x[0], image_shape)
        return first, _CheckedBatches(x, self._check, first.shape[1:])

    def batches(self, batch_size: int = 256) -> Iterator[np.ndarray]:
        """One pass in order; see `ImageSource.batches`."""
        for index in range(len(self._data)):
            yield self._data[index]


class TensorFlowSource(ImageSource):
    """A tf.data.Dataset; what Keras takes of it does not pass through Python again."""

    kind = "tf.data"

    def _open(self, x, image_shape):
        label = f"{self.name}, first batch"
        first = next(iter(x), None)
        if first is None:
            raise ValueError(f"{label}: expected at least one batch. Received: an empty dataset")
        images = self._take(first, label, image_shape)
        return images, x.map(_first_part) if isinstance(first, tuple) else x

    def _take(self, batch, label, image_shape):
        """The images of an element, checked; errors give the `map` that corrects them."""
        parts = len(batch) if isinstance(batch, tuple) else 1
        names = ", ".join(["images", "labels", "weights"][:parts])

        def write(line):
            """The line that corrects the images, whatever comes with them."""
            line = line.replace("images.astype('float32')", "tf.cast(images, 'float32')")
            return f"{self.name}.map(lambda {names}: {line})"

        def hint(batch):
            """The line that leaves the images alone, and scales pixels of 0..255."""
            if isinstance(batch, dict):
                return f"{self.name}.map(lambda batch: batch[{image_key(batch)!r}])"
            return write("images / 255" if np.asarray(batch[0]).max() > 1 else "images")

        images = unwrap(batch, label, hint)
        array = np.asarray(images)
        if array.ndim == 3 and image_shape in (None, array.shape):
            raise ValueError(
                f"{label}: expected batches (n, height, width, channels). Make batches: "
                f"{self.name}.batch(64). Received: shape={array.shape}"
            )
        check_images(array, image_shape, label=label, write=write)
        return array

    def batches(self, batch_size: int = 256) -> Iterator[np.ndarray]:
        """One pass in order, each batch checked; see `ImageSource.batches`."""
        for batch in self._data:
            yield self._take(batch, f"{self.name}, a later batch", self.image_shape)


def _first_part(images, *rest):
    return images


class IteratorSource(ImageSource):
    """A generator, which can be read once."""

    kind = "generator"

    def _open(self, x, image_shape):
        first = next(x, None)
        if first is None:
            raise ValueError(
                f"{self.name}: expected at least one batch. A generator that was read to its end "
                f"gives no more: make a new one. Received: an exhausted {type(x).__name__}"
            )
        first = self._check(first, image_shape)
        return first, self._rest(first, x)

    def for_keras(self, batch_size: int | None = None, steps_per_epoch: int | None = None):
        """A generator of (images,); see `ImageSource.for_keras`."""
        return ((batch,) for batch in self._data)

    def _rest(self, first, x):
        shape = first.shape[1:]
        yield first
        for batch in x:
            yield self._check(batch, shape, first=False)


class LoaderSource(ImageSource):
    """An iterable of batches that can be read again and again, such as a torch DataLoader."""

    kind = "iterable"

    def _open(self, x, image_shape):
        first = next(iter(x), None)
        if first is None:
            raise ValueError(
                f"{self.name}: expected at least one batch. Received: an empty {type(x).__name__}"
            )
        first = self._check(first, image_shape)
        self._loader = x
        try:
            self._steps = len(x)
        except TypeError:  # no __len__, or one that says that it does not know
            self._steps = None
        return first, None

    def batches(self, batch_size: int = 256) -> Iterator[np.ndarray]:
        """One pass in the loader's order; see `ImageSource.batches`."""
        for batch in self._loader:
            yield self._check(batch, self.image_shape, first=False)

    def for_keras(self, batch_size: int | None = None, steps_per_epoch: int | None = None):
        """A PyDataset where the length is known; see `ImageSource.for_keras`.

        Without a length: one pass as a generator, or with `steps_per_epoch` pass after pass.
        """
        if self._steps is not None:
            return _LoaderBatches(self.batches, self._steps)
        return self._tuples(passes=1 if steps_per_epoch is None else None)

    def _tuples(self, passes: int | None):
        for _ in itertools.repeat(None) if passes is None else range(passes):
            for batch in self.batches():
                yield (batch,)


class _CheckedBatches(keras.utils.PyDataset):
    """A user's PyDataset whose batches are checked and freed from targets as they pass."""

    def __init__(self, inner, check, shape):
        super().__init__(inner.workers, inner.use_multiprocessing, inner.max_queue_size)
        self.inner, self._check, self._shape = inner, check, shape

    @property
    def num_batches(self):
        return self.inner.num_batches

    def __len__(self):
        return len(self.inner)

    def __getitem__(self, index):
        return self._check(self.inner[index], self._shape, first=False)

    def on_epoch_begin(self):
        self.inner.on_epoch_begin()

    def on_epoch_end(self):
        self.inner.on_epoch_end()


class _LoaderBatches(keras.utils.PyDataset):
    """An iterable as Keras takes it: batch 0 begins a new pass, the others follow in order."""

    def __init__(self, make_pass, steps: int):
        super().__init__(workers=1)
        self._make_pass, self._steps, self._pass = make_pass, steps, None

    def __len__(self):
        return self._steps

    def __getitem__(self, index):
        if index == 0 or self._pass is None:
            self._pass = self._make_pass()
        batch = next(self._pass, None)
        if batch is None:
            raise ValueError(
                f"expected {self._steps} batches, as len() of the iterable says. Received: {index}"
            )
        return batch
