"""Figures of the terms of the ELBO: over training, and taken apart by surgery."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from kerasvae.plotting.style import COLOURS, MARKERS, WIDTH, Figure, style

# The three terms that a KL is the sum of, from the bottom of a bar to its top.
SURGERY_PARTS = ("mutual_information", "total_correlation", "dimension_wise_kl")


@style()
def terms_over_training(
    history: Mapping[str, Sequence], x: Sequence | None = None, x_label: str = "epoch"
) -> Figure:
    """How each term changes during training, each on its own scale.

    Args:
        history: values by name, for instance the `.history` that `fit` returned. A name "val_..."
            is drawn as a dashed line next to the term that it validates.
        x: the steps or epochs of the values; 1, 2, 3, ... by default.
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
    """A bar for each model: the parts of its KL, and above the bar its reconstruction term.

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
