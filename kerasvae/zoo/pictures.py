"""Models of the zoo side by side: what one latent dimension of each does to a sprite."""

from collections.abc import Sequence

import numpy as np

from kerasvae.data import load as load_data
from kerasvae.plotting.style import WIDTH, Figure, style
from kerasvae.zoo.cards import FOLDER, card
from kerasvae.zoo.criteria import LIVING, axes
from kerasvae.zoo.models import load

# What a factor's dimension should do, in words.
FACTORS = {"x": "left, right", "y": "up, down", "scale": "size", "orientation": "turn"}
START = {"shape": 2, "scale": 3, "orientation": 5, "x": 16, "y": 16}  # a heart in the middle
# As people write them; other classes are named as on the command line.
TITLES = {
    "vae": "VAE",
    "beta-vae": "beta-VAE",
    "annealed-vae": "annealed VAE",
    "dip-vae": "DIP-VAE",
    "info-vae": "InfoVAE",
    "beta-tcvae": "beta-TCVAE",
    "factor-vae": "FactorVAE",
    "adversarial-autoencoder": "adversarial autoencoder",
    "infogan": "InfoGAN",
}


def factor_dimensions(name: str, folder=FOLDER) -> list[int]:
    """For each of `FACTORS`, the dimension that tells most about it and is not yet taken.

    Args:
        name: one of `kerasvae.zoo.names()`.
        folder: where to look; by default the package's own.

    Returns:
        Four different whole numbers, in the order of `FACTORS`.
    """
    described = card(name, folder)
    shares = np.array(described["information"]["matrix"])  # (D, K)
    best, columns = axes(described), described["information"]["factors"]
    found = []
    for factor in FACTORS:
        order = np.argsort(-shares[:, columns.index(factor)], kind="stable")
        first = best[factor]["dimension"]
        candidates = [*([] if first is None else [first]), *(int(j) for j in order)]
        found.append(next(j for j in candidates if j not in found))
    return found


def living_dimensions(name: str, count: int, folder=FOLDER) -> list[int]:
    """The dimensions with the most KL, at most `count`; those below 0.1 nats are left out.

    A model without a KL by dimension gives its first ones.
    """
    described = card(name, folder)
    kl = described["evaluation"]["per_dimension_kl"]
    if kl is None:
        return list(range(min(count, described["arguments"]["latent_dim"])))
    order = [int(j) for j in np.argsort(-np.array(kl), kind="stable")]
    return [j for j in order[:count] if kl[j] >= LIVING]


def title(name: str, folder=FOLDER) -> str:
    """A model with its exact terms, where its prior has them."""
    described = card(name, folder)
    surgery = described["evaluation"]["surgery"] or {}
    lines = [TITLES.get(described["model"], described["model"])]
    shown = {"reconstruction": "reconstruction {:.0f}", "kl": "KL {:.1f}"}
    found = [text.format(surgery[term]) for term, text in shown.items() if surgery.get(term)]
    if found:
        lines.append(", ".join(found))
    if "total_correlation" in surgery:
        lines.append(f"total correlation {surgery['total_correlation']:.1f} nats")
    return "\n".join(lines)


def moved(name: str, dimensions: Sequence[int], values, start=None, folder=FOLDER) -> np.ndarray:
    """A sprite whose code moves along some dimensions of a model.

    Args:
        name: one of `kerasvae.zoo.names()`.
        dimensions: which dimensions move, each on its own.
        values: the values that a moving dimension takes; a code of classes goes through its
            classes instead.
        start: {factor: class} of the sprite; by default a heart in the middle.
        folder: where to look; by default the package's own.

    Returns:
        Images (dimensions, values, 64, 64, 1) in [0, 1].
    """
    sprites, model = load_data("dsprites"), load(name, folder)
    start = {**START, **(start or {})}
    first = sprites.images(sprites.indices_of([[start[factor] for factor in sprites.factor_names]]))
    code, categories = model.embed(first)[0], getattr(model, "categories", ())
    classes = dict(zip(range(-len(categories), 0), categories, strict=True))
    rows = []
    for dimension in dimensions:
        count = classes.get(dimension - model.latent_dim)
        own = values if count is None else np.linspace(0, count - 1, len(values)).round()
        rows.append(model.traverse(code, np.asarray(own), [dimension])[0])
    return np.stack(rows)


@style()
def traversals(
    names: Sequence[str],
    rows: str = "factors",
    start: dict | None = None,
    columns: int = 6,
    span: float = 2.0,
    folder=FOLDER,
) -> Figure:
    """Traversals of models of the zoo side by side, with their exact terms above.

    Args:
        names: some of `kerasvae.zoo.names()`.
        rows: "factors": a row for each of x, y, scale and orientation, with the dimension that
            tells most about it; "kl": the five dimensions with the most KL.
        start: {factor: class} of the sprite to begin with; by default a heart in the middle.
        columns: images in a row.
        span: dimensions move from -span to span, in standard deviations of the prior.
        folder: where to look; by default the package's own.

    Returns:
        A matplotlib Figure.

    Raises:
        ValueError: an unknown name, or unknown rows.

    Example:
        >>> traversals(["beta-tcvae-dsprites"], columns=3)
        <Figure size ... with 4 Axes>
    """
    if rows not in ("factors", "kl"):
        raise ValueError(f"rows must be 'factors' or 'kl'. Received: rows={rows!r}")
    height = len(FACTORS) if rows == "factors" else 5
    figure = Figure(figsize=(WIDTH, 0.9 + height * WIDTH / (columns * len(names) + 1.5)))
    grid = figure.subplots(height, len(names), squeeze=False)
    for name, panels in zip(names, grid.T, strict=True):
        by_factor = rows == "factors"
        dimensions = (
            factor_dimensions(name, folder) if by_factor else living_dimensions(name, 5, folder)
        )
        images = moved(name, dimensions, np.linspace(-span, span, columns), start, folder)
        for panel in panels:
            panel.set(xticks=[], yticks=[])
            panel.grid(False)
            panel.spines[:].set_visible(False)
        labels = [f"$z_{{{j}}}$" for j in dimensions]
        if by_factor and name == names[0]:
            labels = [f"{text}  {z}" for text, z in zip(FACTORS.values(), labels, strict=True)]
        for panel, strip, label in zip(panels, images, labels, strict=False):
            strip = np.pad(strip[..., 0], [(0, 0), (1, 1), (1, 1)], constant_values=0.6)
            panel.imshow(np.concatenate(strip, axis=1), cmap="gray", vmin=0, vmax=1)
            panel.set_ylabel(label, rotation=0, ha="right", va="center")
        panels[0].set_title(title(name, folder), fontsize=9)
    return figure
