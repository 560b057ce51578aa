"""The pictures of the README: one dimension a factor, moved in models of the zoo, side by side.

    python docs/figure.py

writes docs/traversals.gif and, for where nothing can move, docs/traversals.png; some seconds.
Of the models below it takes those that ship.
"""

from pathlib import Path

import numpy as np

import kerasvae as kv
from kerasvae.zoo import pictures

SHOWN = ("vae-dsprites", "factor-vae-dsprites")
MODELS = [name for name in SHOWN if name in kv.zoo.names()]
SPAN, FRAMES = 2.0, 21
HERE = Path(__file__).resolve().parent


def frames(name: str) -> np.ndarray:
    """Images (factors, FRAMES, 64, 64, 1) of one model."""
    values = np.linspace(-SPAN, SPAN, FRAMES)
    return pictures.moved(name, pictures.factor_dimensions(name), values)


def write(folder: Path) -> None:
    """Both files."""
    kv.plotting.traversal_gif(
        np.stack([frames(name) for name in MODELS]),
        folder / "traversals.gif",
        titles=[pictures.title(name) for name in MODELS],
        labels=list(pictures.FACTORS.values()),
        seconds=4.0,
        size=110,
    )
    kv.zoo.traversals(MODELS, columns=5).savefig(folder / "traversals.png", dpi=120)


if __name__ == "__main__":
    write(HERE)
