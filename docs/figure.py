"""The pictures of the README: one dimension a factor, moved in models of the zoo, side by side.

    python docs/figure.py

writes docs/traversals.gif and, for where nothing can move, docs/traversals.png; some seconds.
Of the models below it takes those that ship.
"""

from pathlib import Path

import numpy as np

import kerasvae as kv
from kerasvae.zoo.criteria import axes

TITLES = {"vae-dsprites": "VAE", "beta-tcvae-dsprites": "beta-TCVAE"}
MODELS = {name: title for name, title in TITLES.items() if name in kv.zoo.names()}
FACTORS = {"x": "left, right", "y": "up, down", "scale": "size", "orientation": "turn"}
START = {"shape": 2, "scale": 3, "orientation": 5, "x": 16, "y": 16}  # a heart in the middle
SPAN, FRAMES = 2.0, 21
HERE = Path(__file__).resolve().parent


def dimensions(card: dict) -> list[int]:
    """For each factor the dimension that tells most of it and is not shown for another one."""
    shares = np.array(card["information"]["matrix"])
    columns = card["information"]["factors"]
    found = []
    for factor in FACTORS:
        order = np.argsort(-shares[:, columns.index(factor)], kind="stable")
        found.append(
            next(int(j) for j in (axes(card)[factor]["dimension"], *order) if j not in found)
        )
    return found


def traversed(name: str, start: np.ndarray) -> np.ndarray:
    """Images (factors, FRAMES, 64, 64, 1) of one model."""
    model = kv.zoo.load(name)
    return model.traverse(
        model.embed(start)[0], np.linspace(-SPAN, SPAN, FRAMES), dimensions(kv.zoo.card(name))
    )


def title(name: str) -> str:
    """A model with its exact terms."""
    surgery = kv.zoo.card(name)["evaluation"]["surgery"]
    return (
        f"{MODELS[name]}\nreconstruction {surgery['reconstruction']:.0f}, "
        f"KL {surgery['kl']:.1f}\ntotal correlation {surgery['total_correlation']:.1f} nats"
    )


def still(images: np.ndarray, path: Path) -> None:
    """Every fifth frame of each model, side by side."""
    frames = images[:, :, :: FRAMES // 4]
    figure = kv.plotting.Figure(figsize=(1 + 4 * len(MODELS), 3.6), layout="constrained")
    grid = figure.subplots(len(FACTORS), len(MODELS), squeeze=False)
    for column, name in enumerate(MODELS):
        for row, label in enumerate(FACTORS.values()):
            panel = grid[row, column]
            strip = np.concatenate(frames[column, row, ..., 0], axis=1)
            panel.imshow(strip, cmap="gray", vmin=0, vmax=1)
            panel.set(xticks=[], yticks=[])
            if column == 0:
                panel.set_ylabel(label, rotation=0, ha="right", va="center")
        grid[0, column].set_title(title(name), fontsize=10)
    figure.savefig(path, dpi=90)


def write(images: np.ndarray, folder: Path) -> None:
    """Both files, from images (models, factors, FRAMES, 64, 64, 1)."""
    kv.plotting.traversal_gif(
        images,
        folder / "traversals.gif",
        titles=[title(name) for name in MODELS],
        labels=list(FACTORS.values()),
        seconds=4.0,
        size=110,
    )
    still(images, folder / "traversals.png")


if __name__ == "__main__":
    sprites = kv.data.load("dsprites")
    first = sprites.images(sprites.indices_of([[START[name] for name in sprites.factor_names]]))
    write(np.stack([traversed(name, first) for name in MODELS]), HERE)
