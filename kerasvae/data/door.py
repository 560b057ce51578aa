"""The door for images: they come in here in any form, and leave checked, as one kind of object."""

from pathlib import Path

import keras

from kerasvae.checks import is_array
from kerasvae.data.batches import ImageBatches
from kerasvae.data.pairs import PairBatches, Pairs
from kerasvae.data.sources import ArraySource, BatchesSource, DatasetSource, ImageSource
from kerasvae.data.streams import IteratorSource, LoaderSource, PyDatasetSource, TensorFlowSource
from kerasvae.data.unwrap import unwrap


def as_dataset(x, image_shape: tuple[int, int, int] | None = None, name: str = "x") -> ImageSource:
    """Images in any of the forms that Keras users have them in, checked before any work.

    An array is checked as a whole. Of everything else, the first batch is checked now, without
    being lost, and later batches are checked when they are read, except those of tf.data, which do
    not pass through Python.

    Args:
        x: an array or tensor (n, H, W, C) of floats in [0, 1]; a data set of kerasvae.data; a
            keras PyDataset, a tf.data.Dataset, a generator, or any iterable of batches such as
            a torch DataLoader. Where Keras's forms `(x,)`, `(x, None)` and `(x, x)` are used,
            for the whole or for each batch, the images are taken out.
        image_shape: (H, W, C) that the images must have, or None for any.
        name: what the argument is called in errors.

    Returns:
        An `ImageSource`.

    Raises:
        ValueError: no images, images with labels or other targets, or images that
            `kerasvae.checks.check_images` refuses. The message says what to write.

    Example:
        >>> import numpy as np
        >>> source = as_dataset(np.zeros((10, 8, 8, 1), "float32"))
        >>> source.kind, source.length, source.image_shape
        ('array', 10, (8, 8, 1))
        >>> batches = iter([np.zeros((4, 8, 8, 1), "float32"), np.ones((2, 8, 8, 1), "float32")])
        >>> source = as_dataset(batches)
        >>> source.kind, source.first_batch.shape, [len(b) for b in source.batches()]
        ('generator', (4, 8, 8, 1), [4, 2])
    """
    if isinstance(x, ImageSource):
        return x.checked(image_shape, name)
    if isinstance(x, tuple | dict) or (isinstance(x, list) and _is_keras_list(x)):
        return as_dataset(unwrap(x, name), image_shape, name)
    return _kind(x, name)(x, image_shape, name)


def _is_keras_list(x: list) -> bool:
    """Whether a list stands for (x, y), as Keras allows, and not for a list of images."""
    return 1 <= len(x) <= 3 and len(getattr(x[0], "shape", ())) == 4


def _kind(x, name: str) -> type[ImageSource]:
    """The only place that asks what an object of the user's is."""
    if isinstance(x, Pairs | PairBatches):
        raise ValueError(
            f"{name}: expected single images; pairs are for models that learn from pairs. "
            f"Received: {type(x).__name__}"
        )
    if isinstance(x, ImageBatches):
        return BatchesSource
    if isinstance(x, keras.utils.PyDataset):
        return PyDatasetSource
    if callable(getattr(x, "images", None)) and hasattr(x, "image_shape"):
        return DatasetSource
    if hasattr(x, "element_spec") and hasattr(x, "map"):  # tf.data.Dataset, without TensorFlow
        return TensorFlowSource
    if is_array(x):
        return ArraySource
    if isinstance(x, list | str | Path) or x is None:
        return ArraySource  # whose check says what to do
    if hasattr(x, "__next__"):
        return IteratorSource
    if hasattr(x, "__iter__"):
        return LoaderSource
    remedy = "Make an array with np.stack, or read a folder with kerasvae.data.from_images"
    if callable(x):
        remedy = f"A generator function must be called: {getattr(x, '__name__', 'generator')}()"
    raise ValueError(
        f"{name}: expected images: an array (n, height, width, channels) of floats in [0, 1], a "
        f"data set of kerasvae.data, a Keras or tf.data dataset, or an iterable of batches. "
        f"{remedy}. Received: {type(x).__name__}"
    )
