"""The door for pairs of images, as `door.as_dataset` is the door for single ones."""

from kerasvae.checks import check_images, is_array
from kerasvae.data.pairs import PairBatches, Pairs
from kerasvae.data.sources import FIRST_BATCH, ImageSource


def are_pairs(x) -> bool:
    """Whether a value holds pairs of images, not single ones.

    Example:
        >>> import numpy as np
        >>> are_pairs(np.zeros((5, 2, 8, 8, 1))), are_pairs(np.zeros((5, 8, 8, 1)))
        (True, False)
    """
    if isinstance(x, Pairs | PairBatches | PairSource):
        return True
    if isinstance(x, tuple | list) and len(x) == 2:
        return all(is_array(part) and len(part.shape) == 4 for part in x)
    return is_array(x) and len(x.shape) == 5


def as_pairs(x, image_shape=None, name: str = "x", labelled: bool = False) -> "PairSource":
    """Pairs in any form, checked before any work.

    Args:
        x: `Pairs` or their batches (`Pairs.keras_dataset`); your own pairs as one array
            (n, 2, H, W, C) of floats in [0, 1] or as two (first, second).
        image_shape: (H, W, C) that the images must have, or None for any.
        name: what the argument is called in errors.
        labelled: whether they must say what changed.

    Returns:
        A `PairSource`.

    Raises:
        ValueError: single images, pairs without labels where they are needed, or images that
            `kerasvae.checks.check_images` refuses. The message says what to write.

    Example:
        >>> import numpy as np
        >>> source = as_pairs(np.zeros((10, 2, 8, 8, 1), "float32"))
        >>> source.kind, source.length, source.image_shape
        ('dataset', 10, (8, 8, 1))
    """
    if isinstance(x, PairSource):
        return x.checked(image_shape, name)
    if not are_pairs(x):
        raise ValueError(
            f"{name}: expected pairs of images: kerasvae.data.Pairs(dataset, changed=1), or your "
            "own as one array (n, 2, height, width, channels). "
            f"Received: {_described(x)}"
        )
    if not isinstance(x, Pairs | PairBatches):
        x = Pairs(x)
    source = PairSource(x, image_shape, name)
    if labelled and not source.pairs.labelled:
        raise ValueError(
            f"{name}: expected pairs that say what changed: Pairs(..., labelled=True). "
            f"Received: {source.pairs!r}"
        )
    return source


def _described(x) -> str:
    shape = f" of shape {tuple(x.shape)}" if is_array(x) else ""
    return f"{type(x).__name__}{shape}"


class PairSource(ImageSource):
    """Pairs that were checked as far as can be.

    Attributes:
        kind: "dataset" for pairs, from which a stream is made, or "batches" for such a stream.
        pairs: the `Pairs`.
    """

    def _open(self, x, image_shape):
        self.kind = "batches" if isinstance(x, PairBatches) else "dataset"
        self.pairs = x.dataset if isinstance(x, PairBatches) else x
        self.length = len(self.pairs)
        first, _ = self.pairs.sample(min(FIRST_BATCH, self.length), seed=0)
        first = first.reshape(-1, *first.shape[2:])
        check_images(first, image_shape, self.name, label=f"{self.name}, first pairs")
        return first, x

    @property
    def factor_names(self):
        """Names of the factors that the labels are about; None without labels."""
        return self.pairs.factor_names

    def stream(
        self, batch_size: int, seed: int, first_step: int = 0, steps_per_epoch: int | None = None
    ) -> PairBatches:
        """A shuffled stream of batches of pairs; see `Pairs.keras_dataset`."""
        return self.pairs.keras_dataset(batch_size, seed, first_step, steps_per_epoch)

    def in_order(self, batch_size: int = 256) -> PairBatches:
        """Batches of pairs whose first images come in order, the same ones in every pass."""
        return PairBatches(self.pairs, batch_size)

    def for_keras(self, batch_size: int | None = None, steps_per_epoch: int | None = None):
        """The stream itself, or batches in order; see `ImageSource.for_keras`."""
        if self.kind == "batches":
            return self._data
        return self.in_order(FIRST_BATCH if batch_size is None else batch_size)
