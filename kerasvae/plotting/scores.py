"""Figures of scores: the matrix behind one, and one against the terms of the ELBO."""

from collections.abc import Mapping, Sequence

import numpy as np

from kerasvae.plotting.style import COLOURS, MARKERS, WIDTH, Figure, style


@style()
def factor_heatmap(matrix, factor_names=None, code_labels=None, label="importance") -> Figure:
    """How much each code tells about each factor: the matrix behind a metric.

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


@style()
def score_against_terms(
    rows: Sequence[Mapping], score: str, terms: Sequence[str], group: str = "setting"
) -> Figure:
    """A score of many runs against each term of the ELBO, with one panel per term.

    Args:
        rows: a mapping for each run, with its group, its score and its terms; a run without one
            of the numbers (None) is left out of that panel.
        score: name of the number on the vertical axis.
        terms: names of the terms on the horizontal axes, in nats.
        group: the key whose values share a colour and a marker.

    Returns:
        A matplotlib Figure.

    Raises:
        ValueError: no run has the score, or no terms.

    Example:
        >>> rows = [{"setting": "vae", "mig": 0.1, "kl": 9.0}]
        >>> score_against_terms(rows, "mig", ["kl"])
        <Figure size ... with 1 Axes>
    """
    if not terms or all(row.get(score) is None for row in rows):
        raise ValueError(
            f"rows: expected runs with the score {score!r}, and terms to draw it against. "
            f"Received: {len(rows)} rows, terms={list(terms)}"
        )
    columns = min(len(terms), 3)
    lines = -(-len(terms) // columns)
    figure = Figure(figsize=(WIDTH, 2.3 * lines + 0.3))
    panels = figure.subplots(lines, columns, squeeze=False, sharey=True).reshape(-1)
    groups = list(dict.fromkeys(row[group] for row in rows))
    for number, name in enumerate(groups):
        look = {
            "color": COLOURS[number % len(COLOURS)],
            # Another marker for the same colour when the colours begin again.
            "marker": MARKERS[(number + number // len(COLOURS)) % len(MARKERS)],
            "linestyle": "",
            "label": name,
        }
        for panel, term in zip(panels, terms, strict=False):
            pairs = [(row.get(term), row.get(score)) for row in rows if row[group] == name]
            pairs = [pair for pair in pairs if None not in pair]
            panel.plot(*(zip(*pairs, strict=True) if pairs else ((), ())), **look)
    for panel, term in zip(panels, terms, strict=False):
        panel.set_xlabel(f"{term.replace('_', ' ')}, nats")
    for panel in panels[len(terms) :]:
        panel.remove()
    for panel in panels[::columns]:
        panel.set_ylabel(score.replace("_", " "))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure
