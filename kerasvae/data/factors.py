"""Image sets whose generating factors are known."""

from collections.abc import Sequence

import numpy as np

from kerasvae.checks import check_choice, check_positive_int
from kerasvae.data.images import ImageDataset


class FactorDataset(ImageDataset):
    """Images with the factors that generated them, as integer codes 0..size-1.

    Args:
        pixels: as for `ImageDataset`.
        factor_values: for each factor's name the real values its codes stand for; the order of
            the names is the order of the columns of `factors`.
        codes: (n, K) ints, the factors of every image; None if the images are the full grid of
            all combinations, one image each, with the last factor changing fastest.
        maximum: as for `ImageDataset`.
        name: shown in the repr.

    Raises:
        ValueError: codes that do not fit the values, or a full grid of another length.

    Example:
        >>> grid = FactorDataset(
        ...     np.zeros((6, 8, 8, 1), "uint8"), {"shape": ["square", "heart"], "x": [0, 0.5, 1]}
        ... )
        >>> grid.factor_names, grid.factor_sizes
        (('shape', 'x'), (2, 3))
        >>> grid.factors([0, 4])
        array([[0, 0],
               [1, 1]])
        >>> grid.indices_of([[1, 1]])
        array([4])
    """

    def __init__(
        self,
        pixels,
        factor_values: dict[str, Sequence],
        codes: np.ndarray | None = None,
        maximum: float = 1,
        name: str = "images",
    ):
        super().__init__(pixels, maximum, name)
        self.factor_names = tuple(factor_values)
        self.factor_values = tuple(np.asarray(values) for values in factor_values.values())
        self.factor_sizes = tuple(len(values) for values in self.factor_values)
        combinations = int(np.prod(self.factor_sizes))
        self._codes = None if codes is None else np.asarray(codes)
        self._image_of = None  # by the number of a combination, where each has one image
        if codes is None and combinations != len(self):
            raise ValueError(
                f"{name}: expected {combinations} images, one for each combination of factors of "
                f"sizes {self.factor_sizes}. Received: {len(self)} images"
            )
        if codes is not None:
            self._check_codes("codes", self._codes)
            if len(self._codes) != len(self):
                raise ValueError(
                    f"codes: expected a row for each of the {len(self)} images. "
                    f"Received: {len(self._codes)} rows"
                )
            self._codes = self._codes.astype(np.int64)
            number = np.ravel_multi_index(tuple(self._codes.T), self.factor_sizes)
            if combinations == len(self) and len(np.unique(number)) == combinations:
                self._image_of = np.argsort(number)

    def factors(self, indices) -> np.ndarray:
        """Factor codes of images, (n, K) int64; arguments and errors as for `images`."""
        indices = self._checked(indices)
        if self._codes is not None:
            return self._codes[indices]
        return np.stack(np.unravel_index(indices, self.factor_sizes), axis=1)

    def values(self, indices) -> dict[str, np.ndarray]:
        """The real values of each factor, by name, (n,) each; arguments as for `images`."""
        columns = zip(self.factor_names, self.factor_values, self.factors(indices).T, strict=True)
        return {name: values[codes] for name, values, codes in columns}

    def subset(self, indices) -> "FactorDataset":
        """The images of some indices, with their factors, as a data set in memory.

        Arguments and errors as for `images`. The factors keep all their values, even those that no
        image of the subset has.
        """
        values = dict(zip(self.factor_names, self.factor_values, strict=True))
        return FactorDataset(self.images(indices), values, self.factors(indices), name=self.name)

    @property
    def is_grid(self) -> bool:
        """Whether every combination of factors has exactly one image."""
        return self._codes is None or self._image_of is not None

    def indices_of(self, factors) -> np.ndarray:
        """Which image shows a combination of factors, where every combination has one.

        Args:
            factors: (n, K) factor codes.

        Returns:
            (n,) int64.

        Raises:
            ValueError: codes out of range, or a data set that is not a full grid.
        """
        if not self.is_grid:
            raise ValueError(
                f"indices_of needs one image for each combination of factors, and {self.name} is "
                "not such a grid. Use sample_fixed, or search factors(range(len(dataset)))."
            )
        factors = np.asarray(factors)
        self._check_codes("factors", factors)
        number = np.ravel_multi_index(tuple(factors.T), self.factor_sizes).astype(np.int64)
        return number if self._image_of is None else self._image_of[number]

    def sample_indices(self, n: int, seed=0, factor=None, value: int | None = None) -> np.ndarray:
        """Indices of n random images, drawn with replacement, (n,) int64.

        Args:
            n: how many.
            seed: whole number, or a `numpy.random.Generator`.
            factor: name or position of a factor to hold fixed, or None.
            value: the code at which it is held.

        Raises:
            ValueError: an unknown factor, or a code that no image has.
        """
        n = check_positive_int("n", n)
        generator = np.random.default_rng(seed)
        if factor is None:
            return generator.integers(len(self), size=n)
        column = self.position_of(factor)
        size = self.factor_sizes[column]
        if not (isinstance(value, int | np.integer) and 0 <= value < size):
            raise ValueError(
                f"value: {self.factor_names[column]} has codes 0..{size - 1}. "
                f"Received: value={value!r}"
            )
        if self.is_grid:
            codes = generator.integers(self.factor_sizes, size=(n, len(self.factor_sizes)))
            codes[:, column] = value
            return self.indices_of(codes)
        matching = np.flatnonzero(self._codes[:, column] == value)
        if len(matching) == 0:
            raise ValueError(f"value: no image has {self.factor_names[column]}={value}")
        return generator.choice(matching, size=n)

    def sample(self, n: int, seed=0) -> tuple[np.ndarray, np.ndarray]:
        """n random images with their factors, drawn with replacement.

        Returns:
            images (n, H, W, C) float32 in [0, 1] and factor codes (n, K) int64.
        """
        indices = self.sample_indices(n, seed)
        return self.images(indices), self.factors(indices)

    def sample_fixed(self, factor, value: int, n: int, seed=0) -> tuple[np.ndarray, np.ndarray]:
        """n random images that share one factor's value; the other factors vary freely.

        Args:
            factor: its name or its position in `factor_names`.
            value: its code, 0..size-1.
            n: how many.
            seed: whole number, or a `numpy.random.Generator`.

        Returns:
            images (n, H, W, C) float32 in [0, 1] and factor codes (n, K) int64.

        Raises:
            ValueError: an unknown factor or value.
        """
        indices = self.sample_indices(n, seed, factor, value)
        return self.images(indices), self.factors(indices)

    def position_of(self, factor) -> int:
        """The column of a factor in `factors`, from its name or its position.

        Raises:
            ValueError: there is no such factor; the message suggests the nearest name.
        """
        if isinstance(factor, int | np.integer) and 0 <= factor < len(self.factor_names):
            return int(factor)
        return self.factor_names.index(check_choice("factor", factor, self.factor_names))

    def _check_codes(self, name: str, codes: np.ndarray) -> None:
        sizes = np.array(self.factor_sizes)
        if codes.ndim != 2 or codes.shape[1] != len(sizes) or codes.dtype.kind not in "iu":
            raise ValueError(
                f"{name}: expected ints of shape (n, {len(sizes)}), a column for each of "
                f"{', '.join(self.factor_names)}. Received: shape={codes.shape}, "
                f"dtype={codes.dtype}"
            )
        if codes.size and ((codes < 0) | (codes >= sizes)).any():
            raise ValueError(
                f"{name}: codes run from 0 to size - 1 for sizes {self.factor_sizes}. "
                f"Received: from {codes.min(axis=0).tolist()} to {codes.max(axis=0).tolist()}"
            )

    def __repr__(self) -> str:
        pairs = zip(self.factor_names, self.factor_sizes, strict=True)
        return f"{super().__repr__()[:-1]}; {', '.join(f'{n} {s}' for n, s in pairs)}>"


def codes_and_values(
    labels: np.ndarray, names: Sequence[str], source
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Factor codes and the values they stand for, from a table of real values.

    Args:
        labels: (n, K) numbers, the values of every image's factors.
        names: names of the K factors.
        source: the file with the labels, for the error.

    Returns:
        (n, K) int64 codes, numbered by increasing value, and the values by factor.

    Raises:
        ValueError: not a column for each name.

    Example:
        >>> codes_and_values(np.array([[0.5, 9], [1.0, 9]]), ["scale", "x"], "a file")
        (array([[0, 0],
               [1, 0]]), {'scale': array([0.5, 1. ]), 'x': array([9.])})
    """
    if labels.ndim != 2 or labels.shape[1] != len(names) or not np.isfinite(labels).all():
        raise ValueError(
            f"{source}: expected finite labels of shape (n, {len(names)}), a column for each of "
            f"{', '.join(names)}. Received: shape={labels.shape}"
        )
    columns = [np.unique(column, return_inverse=True) for column in labels.T]
    codes = np.stack([code.reshape(-1) for _, code in columns], axis=1)
    return codes, {name: values for name, (values, _) in zip(names, columns, strict=True)}
