"""What the metrics that intervene share: images that share a factor, and the codes of images."""

from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from kerasvae.checks import check_count
from kerasvae.metrics.inputs import check_codes
from kerasvae.metrics.not_applicable import NotApplicable

# Images handed to `embed` at a time: 64x64x3 floats are 50 MB then.
BATCH = 1000

# Numbers that `by_group` gathers at a time, so that 1.9 million codes never stand in memory.
GATHERED = 2**22


class FactorDraws:
    """Random images of a data set, and random images that share a factor's value with others.

    All images of equal value are equally likely, so a set that is not a full grid is drawn as it
    is: a value with more images comes up more often.

    Args:
        dataset: a `kerasvae.data.FactorDataset`.
        seed: whole number.
        metric: the name, for messages.

    Raises:
        ValueError: a seed that is not a whole number.
        NotApplicable: fewer than two factors, or one that does not vary: holding it fixed, or
            letting it vary, could be told from nothing.
    """

    def __init__(self, dataset, seed: int, metric: str):
        self.generator = np.random.default_rng(check_count("seed", seed))
        self.factors = dataset.factors(slice(None))  # (N, K)
        names, varies = dataset.factor_names, np.ptp(self.factors, axis=0) > 0
        if len(names) < 2 or not varies.all():
            constant = [name for name, v in zip(names, varies, strict=True) if not v]
            raise NotApplicable(
                f"{metric} holds one factor fixed while the others vary: it needs a data set with "
                "two factors or more, each of two values or more. Build a FactorDataset without "
                f"the others. Received: factors {', '.join(names)}"
                + (f", of which constant: {', '.join(constant)}" if constant else "")
            )
        self._sorted: dict[int, tuple] = {}

    @property
    def number_of_factors(self) -> int:
        """K."""
        return self.factors.shape[1]

    def images(self, n: int) -> np.ndarray:
        """Indices of n images, any of them, with replacement, (n,)."""
        return self.generator.integers(len(self.factors), size=n)

    def factor(self, n: int) -> np.ndarray:
        """n factors, by their columns, (n,)."""
        return self.generator.integers(self.number_of_factors, size=n)

    def sharing(self, images: np.ndarray, factor: np.ndarray) -> np.ndarray:
        """For each image a random one of the same value in a factor, the others varying freely.

        Args:
            images: (n,) indices.
            factor: (n,) columns, which factor each pair has in common.

        Returns:
            (n,) indices.
        """
        result = np.empty_like(images)
        for column in range(self.number_of_factors):
            rows = np.flatnonzero(factor == column)
            order, first, count = self._by_value(column)
            values = self.factors[images[rows], column]
            offset = self.generator.integers(count[values])
            result[rows] = order[first[values] + offset]
        return result

    def _by_value(self, column: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The images sorted by a factor, and where the images of each value begin and how many."""
        if column not in self._sorted:
            values = self.factors[:, column]
            count = np.bincount(values)
            order = np.argsort(values, kind="stable")
            self._sorted[column] = order, np.cumsum(count) - count, count
        return self._sorted[column]


class DrawnCodes:
    """Codes of drawn images by index; each image that was drawn is encoded once, in batches.

    A score draws up to two million images with replacement from a grid of 737,280, so most would
    be encoded several times. `embed` must therefore be a function of the image: means, no samples.

    Args:
        embed: images (n, H, W, C) -> codes (n, D), or the codes of all images of the data set in
            order, (N, D), where they are at hand.
        dataset: a `kerasvae.data.FactorDataset`.
        indices: arrays of the indices that will be asked for.

    Raises:
        ValueError: codes of another shape, NaN or infinite ones.
    """

    def __init__(self, embed: Callable | np.ndarray, dataset, *indices: np.ndarray):
        if not callable(embed):
            self._images, self._codes = None, check_codes(embed)
            if len(self._codes) != len(dataset):
                raise ValueError(
                    f"embed: expected a function of images, or the codes of all {len(dataset)} "
                    f"images. Received: an array of shape {self._codes.shape}"
                )
            return
        drawn = np.zeros(len(dataset), bool)
        for some in indices:
            drawn[some] = True
        self._images = np.flatnonzero(drawn)
        self._codes = _encode(embed, dataset, self._images)

    @property
    def dimensions(self) -> int:
        """D."""
        return self._codes.shape[1]

    @property
    def exponent(self) -> int:
        """All codes are smaller than 2 to this power."""
        return int(np.frexp(np.abs(self._codes).max())[1])

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Codes of images that were drawn, (n,) indices -> (n, D) float64."""
        if self._images is not None:
            indices = np.searchsorted(self._images, indices)
        return self._codes[indices].astype("float64")

    def by_group(self, reduce: Callable, *groups: np.ndarray) -> np.ndarray:
        """One row of numbers for each group of images, worked off in parts.

        Args:
            reduce: arrays of codes (p, B, D), one for each of `groups` -> (p, D).
            groups: (n, B) indices.

        Returns:
            (n, D).
        """
        n, size = groups[0].shape
        step = max(1, GATHERED // (size * self.dimensions))
        result = np.empty((n, self.dimensions))
        for start in range(0, n, step):
            part = [group[start : start + step] for group in groups]
            codes = [self[p.reshape(-1)].reshape(*p.shape, self.dimensions) for p in part]
            result[start : start + step] = reduce(*codes)
        return result


def _encode(embed: Callable, dataset, images: np.ndarray) -> np.ndarray:
    """(n, D) codes in the precision that `embed` gives."""
    result = None
    with tqdm(total=len(images), desc="encoding", unit=" images", disable=None) as bar:
        for start in range(0, len(images), BATCH):
            batch = images[start : start + BATCH]
            raw = embed(dataset.images(batch))
            codes = check_codes(raw)
            if result is None:
                dtype = "float32" if np.asarray(raw).dtype.itemsize <= 4 else "float64"
                result = np.empty((len(images), codes.shape[1]), dtype)
            if codes.shape != (len(batch), result.shape[1]):
                raise ValueError(
                    f"embed: expected a row of codes for each of {len(batch)} images, of one "
                    f"length throughout. Received: an array of shape {codes.shape}"
                )
            result[start : start + len(batch)] = codes
            bar.update(len(batch))
    return result
