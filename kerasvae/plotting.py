"""Figures. Every function takes arrays, returns a matplotlib Figure and shows nothing.

A notebook shows the figure that ends a cell; a script calls its `savefig`. Nothing here goes
through pyplot, so no window opens and no list of open figures grows.
"""

import io
import itertools
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

import matplotlib.figure
import numpy as np
from cycler import cycler

# Okabe & Ito's colours, which colour-blind readers tell apart, without their yellow, which is
# lost on white paper. Each line has a marker too, for print in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

# For `matplotlib.pyplot.style.use` in a notebook; the functions below use it by themselves.
STYLE = {
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(marker=MARKERS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 10,
    "figure.constrained_layout.use": True,
    "figure.dpi": 80,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.color": "0.9",
    "image.cmap": "gray",
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 5,
    "savefig.dpi": 150,
}

WIDTH = 7.0  # inches, of a page's text

# The three terms that a KL is the sum of, from the bottom of a bar to its top.
SURGERY_PARTS = ("mutual_information", "total_correlation", "dimension_wise_kl")


class Figure(matplotlib.figure.Figure):
    """A matplotlib Figure that a notebook can show also when pyplot was never imported."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=self.dpi)
        return buffer.getvalue()


def style() -> AbstractContextManager:
    """The look of all figures here, for figures of your own.

    Returns:
        A context manager, or decorator, that sets matplotlib's parameters and restores them.

    Example:
        >>> with style():
        ...     matplotlib.rcParams["image.cmap"]
        'gray'
    """
    return matplotlib.rc_context(STYLE)


@style()
def reconstructions(images, reconstructions, columns: int = 10) -> Figure:
    """Images, each above its reconstruction.

    Args:
        images: (n, H, W, C) in [0, 1], with 1 or 3 channels.
        reconstructions: the same shape.
        columns: images side by side; the rest goes on in further pairs of rows.

    Returns:
        A matplotlib Figure.

    Raises:
        ValueError: shapes that do not fit.

    Example:
        >>> reconstructions(np.zeros((3, 8, 8, 1)), np.ones((3, 8, 8, 1)))
        <Figure size ... with 1 Axes>
    """
    images = _checked_images("images", images, 4)
    pictures = _checked_images("reconstructions", reconstructions, 4)
    if images.shape != pictures.shape:
        raise ValueError(
            "reconstructions: expected one for each image, of the same shape. "
            f"Received: images {images.shape}, reconstructions {pictures.shape}"
        )
    if columns < 1:
        raise ValueError(f"columns must be at least 1. Received: columns={columns}")
    columns = min(columns, len(images))
    blocks = -(-len(images) // columns)  # pairs of rows, rounded up
    grid = np.ones((blocks, 2, columns, *images.shape[1:]), "float32")  # white where none is left
    for index, pair in enumerate(zip(images, pictures, strict=True)):
        grid[index // columns, :, index % columns] = pair
    grid = grid.reshape(2 * blocks, *grid.shape[2:])
    return _mosaic(grid, row_labels=["image", "reconstruction"] * blocks)


@style()
def traversals(images, values: Sequence | None = None, labels: Sequence | None = None) -> Figure:
    """One row for each latent dimension, which alone changes from left to right.

    Args:
        images: (D, S, H, W, C) in [0, 1], as a model's `traverse` returns them.
        values: the S values that the moving dimension takes, written below the columns.
        labels: D names of the rows; "z_0", "z_1", ... by default.

    Returns:
        A matplotlib Figure.

    Raises:
        ValueError: not five axes, or not one value a column and one label a row.

    Example:
        >>> traversals(np.zeros((2, 5, 8, 8, 1)), values=[-2, -1, 0, 1, 2])
        <Figure size ... with 1 Axes>
    """
    images = _checked_images("images", images, 5)
    if labels is None:
        labels = [f"$z_{{{dimension}}}$" for dimension in range(images.shape[0])]
    for name, given, axis in (("labels", labels, 0), ("values", values, 1)):
        if given is not None and len(given) != images.shape[axis]:
            raise ValueError(
                f"{name}: expected {images.shape[axis]}, for images of shape {images.shape}. "
                f"Received: {len(given)}"
            )
    columns = None if values is None else [f"{value:.3g}" for value in values]
    return _mosaic(images, labels, columns, "value of the moving dimension")


@style()
def terms_over_training(
    history: Mapping[str, Sequence], x: Sequence | None = None, x_label: str = "epoch"
) -> Figure:
    """The course of each term, every one on its own scale.

    Args:
        history: values by name, for instance the `.history` that `fit` returned. A name "val_..."
            is drawn dashed beside the term that it validates.
        x: where the values were taken; 1, 2, 3, ... by default.
        x_label: what x counts.

    Returns:
        A matplotlib Figure with one panel for each term.

    Raises:
        ValueError: no values, or lengths that differ.

    Example:
        >>> terms_over_training({"reconstruction": [90, 60], "kl": [2, 8], "val_kl": [3, 9]})
        <Figure size ... with 2 Axes>
    """
    lengths = {name: len(values) for name, values in history.items()}
    if not lengths or min(lengths.values()) == 0:
        raise ValueError(f"history: expected values for at least one term. Received: {lengths}")
    x = range(1, max(lengths.values()) + 1) if x is None else x
    if set(lengths.values()) != {len(x)}:
        raise ValueError(
            f"history: expected one value of each term for each of the {len(x)} places on the "
            f"x axis. Received: {lengths}"
        )
    terms = list(dict.fromkeys(name.removeprefix("val_") for name in history))
    columns = min(len(terms), 3)
    rows = -(-len(terms) // columns)
    figure = Figure(figsize=(WIDTH, 2.4 * rows))
    panels = figure.subplots(rows, columns, squeeze=False).reshape(-1)
    every = max(1, len(x) // 8)  # few markers, so that the line stays in sight
    marks = itertools.cycle(zip(COLOURS, MARKERS, strict=True))
    for panel, term, (colour, marker) in zip(panels, terms, marks, strict=False):
        panel.set(title=term.replace("_", " "), xlabel=x_label)
        look = {"color": colour, "marker": marker, "markevery": every}
        if term in history:
            panel.plot(x, history[term], "-", label="training", **look)
        if f"val_{term}" in history:
            panel.plot(x, history[f"val_{term}"], "--", label="validation", **look)
            panel.legend()
    for panel in panels[len(terms) :]:
        panel.remove()
    for panel in panels[::columns]:
        panel.set_ylabel("nats per image")
    return figure


@style()
def surgery_bars(decompositions: Mapping[str, object]) -> Figure:
    """A bar for each model: what its KL consists of, and above it what it pays for pixels.

    Args:
        decompositions: by the model's name, what `kerasvae.surgery` returned, or a mapping with
            the same terms (`Decomposition.to_dict`, or JSON read back); or a sequence of those,
            one for each run of the same model.

    Returns:
        A matplotlib Figure. A bar's three parts are mutual_information, total_correlation and
        dimension_wise_kl. Error bars are the standard errors of one decomposition, or the
        standard deviation over several runs.

    Raises:
        ValueError: no decompositions, or one without a finite value for each part.

    Example:
        >>> vae = {"mutual_information": 8.0, "total_correlation": 2.0, "dimension_wise_kl": 0.5}
        >>> surgery_bars({"VAE": vae})
        <Figure size ... with 1 Axes>
    """
    if not decompositions:
        raise ValueError("decompositions: expected one for at least one model. Received: none")
    bars = {name: _bar(name, given) for name, given in decompositions.items()}
    figure = Figure(figsize=(WIDTH, 3.2))
    panel = figure.subplots()
    place, foot, top = np.arange(len(bars)), np.zeros(len(bars)), np.zeros(len(bars))
    looks = zip(SURGERY_PARTS, COLOURS, (None, "///", "..."), (-0.12, 0, 0.12), strict=False)
    for part, colour, hatch, aside in looks:  # aside: error bars that overlap can be told apart
        height, error = np.array([bar[part] for bar in bars.values()]).T
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "label": part}
        panel.bar(place, height, 0.6, bottom=foot, **look)
        foot = foot + height
        look = {"fmt": "none", "ecolor": "black", "capsize": 3, "elinewidth": 1}
        panel.errorbar(place + aside, foot, error, **look)
        top = np.maximum(top, foot + error)
    for x, y, bar in zip(place, top, bars.values(), strict=True):
        if "reconstruction" in bar:
            text = f"{bar['reconstruction'][0]:.1f}"
            panel.annotate(text, (x, y), (0, 6), textcoords="offset points", ha="center")
            panel.set_title("above a bar: its reconstruction", loc="left", fontsize="medium")
    panel.set_ylim(top=1.15 * top.max())  # room for that text
    panel.set_axisbelow(True)
    panel.set_xticks(place, list(bars))
    panel.set_xlim(-0.6, len(bars) - 0.4)
    panel.grid(False, axis="x")
    panel.set_ylabel("nats per image")
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside right center")  # in the bars' order
    return figure


@style()
def factor_heatmap(matrix, factor_names=None, code_labels=None, label="importance") -> Figure:
    """How much each code tells of each factor: the matrix behind a metric.

    Args:
        matrix: (D, K) at least 0, a row for each code; for instance `dci(...).matrix`.
        factor_names: K names.
        code_labels: D names; z_0, z_1, ... by default.
        label: what the colour means, with its unit.

    Returns:
        A matplotlib Figure, with the number in each cell.

    Raises:
        ValueError: another shape, values that are not finite, or names that do not fit.
    """
    matrix = np.asarray(matrix, "float64")
    if matrix.ndim != 2 or matrix.size == 0 or not np.isfinite(matrix).all():
        raise ValueError(
            "matrix: expected finite numbers of shape (codes, factors). "
            f"Received: shape={matrix.shape}"
        )
    rows, columns = matrix.shape
    code_labels = [f"z_{j}" for j in range(rows)] if code_labels is None else list(code_labels)
    names = [f"factor {k}" for k in range(columns)] if factor_names is None else list(factor_names)
    for argument, given, count in (
        ("code_labels", code_labels, rows),
        ("factor_names", names, columns),
    ):
        if len(given) != count:
            raise ValueError(f"{argument}: expected {count}. Received: {len(given)}")
    figure = Figure(figsize=(min(WIDTH, 1.1 * columns + 1.8), 0.34 * rows + 0.8))
    panel = figure.subplots()
    top = max(matrix.max(), np.finfo("float64").tiny)
    shown = panel.imshow(matrix, cmap="Blues", vmin=0, vmax=top, aspect="auto")
    for (row, column), value in np.ndenumerate(matrix):
        colour = "white" if value > 0.6 * top else "black"
        panel.text(column, row, f"{value:.2f}", color=colour, ha="center", va="center", fontsize=8)
    panel.set_xticks(np.arange(columns), names)
    panel.set_yticks(np.arange(rows), code_labels)
    panel.tick_params(length=0)
    panel.grid(False)
    figure.colorbar(shown, label=label)
    return figure


def _bar(name: str, given) -> dict[str, tuple[float, float]]:
    """(mean, error) of each part, and of the reconstruction term where all runs have it."""
    runs = list(given) if isinstance(given, Sequence) else [given]
    runs = [run if isinstance(run, Mapping) else vars(run) for run in runs]
    bar = {}
    for term in (*SURGERY_PARTS, "reconstruction"):
        values = [run.get(term) for run in runs]
        if term == "reconstruction" and None in values:
            continue
        if not values or None in values or not np.isfinite(values).all():
            raise ValueError(
                f"{name}: expected a finite {term} in nats, from kerasvae.surgery. "
                f"Received: {term}={values if len(values) != 1 else values[0]}"
            )
        error = runs[0].get("standard_errors", {}).get(term, 0.0)
        bar[term] = (np.mean(values), error if len(runs) == 1 else np.std(values, ddof=1))
    return bar


def _checked_images(name: str, images, axes: int) -> np.ndarray:
    images = np.asarray(images, "float32")
    if images.ndim != axes or images.size == 0 or images.shape[-1] not in (1, 3):
        lead = "n" if axes == 4 else "D, S"
        raise ValueError(
            f"{name}: expected shape ({lead}, H, W, C) with C = 1 or 3, and not empty. "
            f"Received: shape={images.shape}"
        )
    return images


def _mosaic(grid, row_labels=(), column_labels=None, x_label=None) -> Figure:
    """Draw (rows, columns, H, W, C) as one picture with a gap around every image."""
    rows, columns, height, width, channels = grid.shape
    gap = max(1, height // 16)
    grid = np.pad(grid, [(0, 0), (0, 0), (0, gap), (0, gap), (0, 0)], constant_values=1.0)
    picture = grid.swapaxes(1, 2).reshape(rows * (height + gap), columns * (width + gap), channels)
    picture = np.clip(picture[:-gap, :-gap], 0, 1)

    inches = min(WIDTH / columns, 0.8)  # of one image
    below = 0.1 if column_labels is None else 0.5
    size = (inches * columns + 1.3, inches * rows * height / width + below)
    figure = Figure(figsize=size, layout="compressed")
    panel = figure.subplots()
    panel.imshow(picture if channels == 3 else picture[..., 0], vmin=0, vmax=1)
    panel.spines[:].set_visible(False)
    panel.grid(False)
    panel.tick_params(length=0)
    panel.set_yticks(np.arange(rows) * (height + gap) + height / 2, row_labels)
    if column_labels is None:
        panel.set_xticks([])
    else:
        panel.set_xticks(np.arange(columns) * (width + gap) + width / 2, column_labels)
        panel.set_xlabel(x_label)
    return figure
