"""Choose an image by what it shows: a menu for each ground-truth factor."""

from collections.abc import Callable

import ipywidgets
import numpy as np

from kerasvae.data import FactorDataset

# What the ends of dSprites' numbers look like; y points down.
_ENDS = {"scale": ("small", "large"), "x": ("left", "right"), "y": ("top", "bottom")}


class FactorChoice(ipywidgets.VBox):
    """The factors of the chosen image, in menus that choose another one.

    Where a data set is no full grid, the image with the chosen value that shares most other
    factors is taken, and of those the one nearest by its index.

    Args:
        dataset: images with factors.
        nearest: for each factor the dimension that tells it, as `nearest_dimensions` returns.
        choose: called with the index of the image that was chosen.

    Attributes:
        menus: {name: menu of its values, which is the factor's code}.

    Example:
        >>> import kerasvae
        >>> chosen = []
        >>> digits = kerasvae.data.load("digits")
        >>> choice = FactorChoice(digits, [(0, 0.5)], chosen.append)
        >>> choice.show(0)
        >>> choice.menus["digit"].value = 3
        >>> digits.factors(chosen).tolist()
        [[3]]
    """

    def __init__(
        self,
        dataset: FactorDataset,
        nearest: list[tuple[int | None, float]],
        choose: Callable[[int], None],
    ):
        self._dataset, self._choose = dataset, choose
        self._index, self._showing = 0, False
        self._codes = _codes_unless_grid(dataset)
        self.menus = {}
        lines = []
        for column, name in enumerate(dataset.factor_names):
            texts = _value_texts(dataset, column)
            codes = range(len(texts)) if self._codes is None else np.unique(self._codes[:, column])
            dimension, told = nearest[column]
            near = "" if dimension is None else f"≈ z_{dimension} ({told:.2f})"
            menu = ipywidgets.Dropdown(
                options=[(texts[code], int(code)) for code in codes],
                description=str(name),
                style={"description_width": "7.5em"},
                layout={"width": "17em"},
            )
            menu.observe(lambda change, column=column: self._chosen(column, change.new), "value")
            self.menus[name] = menu
            lines.append(ipywidgets.HBox([menu, ipywidgets.Label(near)]))
        super().__init__([ipywidgets.Label("factors of the image; nearest dimension"), *lines])

    def show(self, index: int) -> None:
        """Let the menus say what an image shows."""
        (codes,) = self._dataset.factors(index)
        self._index, self._showing = index, True
        try:
            for menu, code in zip(self.menus.values(), codes, strict=True):
                menu.value = int(code)
        finally:
            self._showing = False

    def texts(self, index: int) -> dict[str, str]:
        """Names and values of an image's factors, {name: value}."""
        (codes,) = self._dataset.factors(index)
        return {
            str(name): _value_texts(self._dataset, column)[code]
            for column, (name, code) in enumerate(zip(self.menus, codes, strict=True))
        }

    def _chosen(self, column, code):
        if self._showing:
            return
        wanted = self._dataset.factors(self._index)[0].copy()
        wanted[column] = code
        if self._codes is None:
            return self._choose(int(self._dataset.indices_of(wanted[None])[0]))
        possible = np.flatnonzero(self._codes[:, column] == code)
        differing = (self._codes[possible] != wanted).sum(axis=1)
        order = np.lexsort((np.abs(possible - self._index), differing))
        self._choose(int(possible[order[0]]))


def _value_texts(dataset, column) -> list[str]:
    texts = [_text(value) for value in dataset.factor_values[column]]
    ends = _ENDS.get(dataset.factor_names[column])
    if ends and dataset.name.startswith("dsprites") and len(texts) > 1:
        texts[0], texts[-1] = f"{texts[0]} ({ends[0]})", f"{texts[-1]} ({ends[1]})"
    return texts


def _text(value) -> str:
    return f"{value:.3g}" if isinstance(value, float | np.floating) else str(value)


def _codes_unless_grid(dataset):
    """(n, K) codes of all images, or None where each combination has one image."""
    try:
        dataset.indices_of(dataset.factors(0))
    except ValueError:  # no such grid
        return dataset.factors(np.arange(len(dataset)))
    return None
