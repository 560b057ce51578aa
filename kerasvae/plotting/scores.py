"""Figures of scores: the matrix behind one, and one against the terms of the ELBO."""

import numpy as np

from kerasvae.plotting.style import WIDTH, Figure, style


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
