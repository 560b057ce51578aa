"""The rows of a model's dimensions: those that say most of an image come first."""

import numpy as np

from kerasvae.runs.figures import COLUMNS
from kerasvae.widgets.latent_row import LatentRow

SHORTEST_REACH = 3.0  # a slider goes at least so far from 0; it holds all but 0.3% of N(0, 1)
STRIPS = 10  # dimensions that are traversed; more would neither fit the page nor keep its pace
DEAD = 0.01  # nats of mean KL, below which a dimension says nothing of the image


def latent_rows(
    model, kl: np.ndarray, means: np.ndarray, span: float
) -> tuple[dict[int, LatentRow], list[LatentRow]]:
    """Rows in the order of the page, and which of them belong to dead dimensions.

    Args:
        model: whose classes, if it has any, come first.
        kl: (D,) mean KL of each dimension to N(0, 1), nats.
        means: (n, D) posterior means, which the sliders reach.
        span: traversals go from -span to span.

    Returns:
        {dimension: its row} in the order of the page, and the rows below 0.01 nats: none for a
        model of another prior, whose KL is not this one.
    """
    classes = _classes(model)
    normal = model.knows_dimension_kl
    reach = np.maximum(SHORTEST_REACH, np.ceil(np.abs(means).max(axis=0)))
    rows = {
        j: LatentRow(f"z_{j}", f"{count} classes", range(count), (0, count - 1), whole=True)
        for j, count in classes.items()
    }
    for j in np.argsort(-kl, kind="stable").tolist():
        if j not in classes:
            note = f"{kl[j]:.2f} nats" if normal else ""
            values = np.linspace(-span, span, COLUMNS) if len(rows) < STRIPS else []
            rows[j] = LatentRow(f"z_{j}", note, values, (-reach[j], reach[j]))
    dead = [row for j, row in rows.items() if normal and j not in classes and kl[j] < DEAD]
    return rows, dead


def _classes(model) -> dict[int, int]:
    """Number of classes of each categorical dimension, {dimension: count}."""
    categories = getattr(model, "categories", ())  # InfoGAN's, the last of its codes
    return dict(enumerate(categories, start=model.latent_dim - len(categories)))
