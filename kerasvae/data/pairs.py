"""Pairs of images that differ in a known number of factors, for weakly supervised models.

Chapter 13: tutorials/13_what_a_pair_gives_away.ipynb.
"""

import numpy as np

from kerasvae.checks import check_choice, check_count, check_images, check_positive_int
from kerasvae.data.batches import ImageBatches
from kerasvae.data.factors import FactorDataset


class Pairs:
    """Pairs of images that differ in exactly k factors, without saying which.

    The first image of a pair is any image of the data set. Then k factors are drawn, all sets of
    k equally likely, and a second image is drawn in which each of these factors has another
    value and every other factor the same. If the data set is not a full grid, only those sets of
    factors count for which such an image exists.

    Batches are one array (batch, 2, H, W, C), not two: Keras would take the second for a target.
    With `labelled=True` they are (pairs, changed), Keras's form for inputs and targets, and
    changed (batch, K) is 1 for the factors that changed, else 0.

    Args:
        source: a `FactorDataset`; or your own pairs: (first, second), two arrays (n, H, W, C) of
            floats in [0, 1], or one array (n, 2, H, W, C).
        changed: how many factors change: a whole number, or "random" for one drawn for each
            pair from 1..K-1. For your own pairs: None, or (n, K) of 0 and 1.
        seed: whole number of at least 0. Batch t of the stream depends on it, on t and on
            batch_size, and on nothing else.
        labelled: whether batches say which factors changed.

    Raises:
        ValueError: no factors to change, or more than there are; arrays that do not fit.

    References:
        Locatello et al. 2020, Weakly-Supervised Disentanglement Without Compromises, section 2.
        Its public code may draw the old value again; here a change is certain.

    Example:
        >>> from kerasvae.data import load
        >>> pairs = Pairs(load("dsprites-mini"), changed=1, seed=0)
        >>> pairs.keras_dataset(64)[0].shape
        (64, 2, 32, 32, 1)
        >>> images, changed = pairs.sample(1000, seed=0)
        >>> bool((changed.sum(axis=1) == 1).all())
        True
    """

    def __init__(self, source, changed=None, seed: int = 0, labelled: bool = False):
        self.seed = check_count("seed", seed)
        self.labelled = bool(labelled)
        if isinstance(source, FactorDataset):
            self._draw = _FactorPairs(source, 1 if changed is None else changed)
        else:
            self._draw = _OwnPairs(source, changed)
        self.changed = self._draw.changed
        self.factor_names = self._draw.factor_names
        if self.labelled and self.factor_names is None:
            raise ValueError(
                "labelled=True needs to know what changed: Pairs((first, second), changed=...) "
                "with an array (n, factors) of 0 and 1. Received: changed=None"
            )

    def __len__(self) -> int:
        """Number of first images; a pass through them makes as many pairs."""
        return len(self._draw)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of each of the two images."""
        return self._draw.image_shape

    def sample(self, n: int, seed=0) -> tuple[np.ndarray, np.ndarray | None]:
        """n random pairs, their first images drawn with replacement.

        Args:
            n: how many.
            seed: whole number, or a `numpy.random.Generator`.

        Returns:
            pairs (n, 2, H, W, C) float32 in [0, 1]; changed (n, K) float32, 1 where a factor
            changed, or None for your own pairs without it.
        """
        generator = np.random.default_rng(seed)
        first = generator.integers(len(self), size=check_positive_int("n", n))
        return self._draw(first, generator)

    def keras_dataset(
        self,
        batch_size: int,
        seed: int | None = None,
        first_step: int = 0,
        steps_per_epoch: int | None = None,
    ) -> "PairBatches":
        """An endless stream of batches for `fit`, which can go on from any step.

        Args:
            batch_size: pairs in a batch.
            seed: replaces the seed of the pairs; None keeps theirs.
            first_step: number of the stream's batch that comes first.
            steps_per_epoch: batches in an epoch; default: as many as cover the first images once.
        """
        seed = self.seed if seed is None else seed
        return PairBatches(self, batch_size, seed, first_step, steps_per_epoch)

    def __repr__(self) -> str:
        told = "labelled" if self.labelled else "not labelled"
        return f"<pairs of {self._draw!r}, changed={self.changed}, {told}>"


class PairBatches(ImageBatches):
    """Batches of `Pairs`, with the arguments and the order of `ImageBatches`.

    Without a seed the first images come in order, and the seed of the pairs says what goes with
    them: every pass has the same pairs.
    """

    def __getitem__(self, index: int):
        """Batch `index` of the current epoch: (batch, 2, H, W, C), with `changed` if labelled."""
        self._note(index)
        number = (self.dataset.seed, 1, index)
        if self.seed is not None:
            number = (self.seed, 1, self.step(index))
        generator = np.random.default_rng(number)
        pairs, changed = self.dataset._draw(self.indices(index), generator)
        return (pairs, changed) if self.dataset.labelled else pairs


class _FactorPairs:
    """Draws second images of a data set with known factors."""

    def __init__(self, dataset: FactorDataset, changed):
        self.dataset, self.factor_names = dataset, dataset.factor_names
        self._codes = dataset.factors(np.arange(len(dataset)))
        self._varying = np.flatnonzero(self._codes.min(axis=0) != self._codes.max(axis=0))
        if isinstance(changed, str):
            check_choice("changed", changed, ["random"])
            self.changed = changed
        else:
            self.changed = check_positive_int("changed", changed)
        if len(self._varying) < (1 if changed == "random" else self.changed):
            raise ValueError(
                f"changed: {dataset.name} has {len(self._varying)} factors that vary. "
                f"Received: changed={changed!r}"
            )

    def __len__(self):
        return len(self.dataset)

    @property
    def image_shape(self):
        return self.dataset.image_shape

    def __call__(self, first: np.ndarray, generator: np.random.Generator):
        codes = self._codes[first]  # (n, K)
        count = np.full(len(first), self.changed if self.changed != "random" else 1)
        if self.changed == "random":
            count = generator.integers(1, max(2, len(self._varying)), size=len(first))
        second = self._on_grid if self.dataset.is_grid else self._among_images
        partners = second(codes, count, generator)
        pairs = np.stack([self.dataset.images(first), self.dataset.images(partners)], axis=1)
        return pairs, (self._codes[partners] != codes).astype(np.float32)

    def _on_grid(self, codes, count, generator):
        """Indices of second images, (n,): k of the varying factors move on by less than a round."""
        order = generator.random((len(codes), len(self._varying))).argsort(axis=1)
        chosen = np.zeros(codes.shape, bool)
        chosen[:, self._varying] = order < count[:, None]
        sizes = np.array(self.dataset.factor_sizes)
        steps = generator.integers(1, np.maximum(sizes, 2), size=codes.shape)  # 1..size-1
        return self.dataset.indices_of(np.where(chosen, (codes + steps) % sizes, codes))

    def _among_images(self, codes, count, generator):
        """As `_on_grid` for any set of images, by comparing each first image with all of them."""
        powers = 1 << np.arange(codes.shape[1])
        partners = np.empty(len(codes), np.int64)
        for row, (code, k) in enumerate(zip(codes, count, strict=True)):
            differs = self._codes != code  # (images, K)
            candidates = np.flatnonzero(differs.sum(axis=1) == k)
            if len(candidates) == 0:
                raise ValueError(
                    f"changed: no image of {self.dataset.name} differs in exactly {k} factors "
                    f"from one with factors {code.tolist()}. Choose another number"
                )
            which = differs[candidates] @ powers  # the set of changed factors, as a number
            chosen = generator.choice(np.unique(which))
            partners[row] = generator.choice(candidates[which == chosen])
        return partners

    def __repr__(self):
        return repr(self.dataset)


class _OwnPairs:
    """Pairs that the user has."""

    def __init__(self, source, changed):
        first, second = _two_arrays(source)
        check_images(first, name="first")
        check_images(second, np.shape(first)[1:], name="second")
        self._first, self._second = np.asarray(first), np.asarray(second)
        if len(self._first) != len(self._second):
            raise ValueError(
                "source: expected as many second images as first ones. "
                f"Received: {len(self._first)} and {len(self._second)}"
            )
        self.image_shape = self._first.shape[1:]
        self.changed, self._mask, self.factor_names = None, None, None
        if changed is not None:
            mask = np.asarray(changed)
            if mask.ndim != 2 or len(mask) != len(self._first) or not np.isin(mask, (0, 1)).all():
                raise ValueError(
                    "changed: expected None, or 0 and 1 of shape (pairs, factors), for your own "
                    f"pairs; k and 'random' draw pairs from a FactorDataset. "
                    f"Received: shape={mask.shape} for {len(self._first)} pairs"
                )
            self._mask = mask.astype(np.float32)
            self.changed = "given"
            self.factor_names = tuple(f"factor_{k}" for k in range(mask.shape[1]))

    def __len__(self):
        return len(self._first)

    def __call__(self, first: np.ndarray, generator: np.random.Generator):
        pairs = np.stack([self._first[first], self._second[first]], axis=1)
        mask = None if self._mask is None else self._mask[first]
        return pairs.astype(np.float32, copy=False), mask

    def __repr__(self):
        return f"{len(self):,} pairs of arrays"


def _two_arrays(source):
    if isinstance(source, tuple | list) and len(source) == 2:
        return source
    shape = getattr(source, "shape", ())
    if len(shape) == 5 and shape[1] == 2:
        return source[:, 0], source[:, 1]
    raise ValueError(
        "source: expected a FactorDataset, two arrays (first, second) of shape (n, height, width, "
        "channels), or one of shape (n, 2, height, width, channels). "
        f"Received: {type(source).__name__}{f' of shape {tuple(shape)}' if shape else ''}"
    )
