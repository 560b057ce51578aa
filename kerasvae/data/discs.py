"""Discs: 2,048 crisp pictures with three factors, on which a minute of training shows a lot.

Chapter 2: tutorials/02_beta_vae.ipynb.
"""

import numpy as np

from kerasvae.data.factors import FactorDataset

SIZE = 32
FACTOR_VALUES = {
    "x": np.linspace(8.0, 24.0, 16),  # pixels from the left edge to the centre
    "y": np.linspace(8.0, 24.0, 16),  # pixels from the top edge
    "radius": np.linspace(3.0, 7.0, 8),  # pixels
}


def load_discs() -> FactorDataset:
    """A white disc on black at 16 x 16 positions with 8 radii, 32x32x1, drawn when loaded.

    Small steps between neighbouring pictures and soft edges make positions easy to learn, so that
    small networks give crisp images within seconds, and you can look at how they arrange the three
    factors.

    Formula:
        pixel at (u, v) = 1 / (1 + exp(2 (sqrt((u - x)^2 + (v - y)^2) - radius)))

    Returns:
        A `FactorDataset` of images 32x32x1 with values in [0, 1]: x 16, y 16, radius 8.

    Example:
        >>> load_discs()
        <discs: 2,048 images of 32x32x1; x 16, y 16, radius 8>
    """
    grid = np.meshgrid(*FACTOR_VALUES.values(), indexing="ij")
    x, y, radius = (axis.reshape(-1, 1, 1) for axis in grid)  # each (2048, 1, 1)
    centres = np.arange(SIZE) + 0.5
    distance = np.hypot(centres - x, centres[:, None] - y)  # (2048, 32, 32)
    pixels = 1 / (1 + np.exp(2 * (distance - radius)))
    return FactorDataset(pixels.astype(np.float32)[..., None], FACTOR_VALUES, name="discs")
