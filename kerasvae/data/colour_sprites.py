"""Colour sprites: 3,888 pictures of a coloured shape on a coloured ground, drawn when loaded."""

import colorsys

import numpy as np

from kerasvae.data import sprites
from kerasvae.data.factors import FactorDataset

SIZE = 32
# Six hues around the circle. The ground is darker than any object, so a shape is always seen,
# even on a ground of its own hue.
HUES = np.arange(6) / 6
OBJECT, GROUND = (0.9, 1.0), (0.6, 0.5)  # saturation and value
_POSITIONS = (0, 6, 12, 19, 25, 31)  # of the 32 of dSprites
_SCALE, _ORIENTATION = 5, 0  # the largest, upright


def load_colour_sprites() -> FactorDataset:
    """Square, ellipse and heart in 6 hues, on grounds of 6 hues, at 6 x 6 positions, 32x32x3.

    A small stand-in for 3D Shapes that needs no download: two of its factors, the hues, concern the
    whole picture, and no two images are alike.

    Returns:
        A `FactorDataset`: shape 3, object_hue 6, background_hue 6, x 6, y 6.

    Example:
        >>> load_colour_sprites().factor_sizes
        (3, 6, 6, 6, 6)
    """
    values = {
        "shape": sprites.SHAPES,
        "object_hue": HUES,
        "background_hue": HUES,
        "x": sprites.POSITIONS_X[list(_POSITIONS)],
        "y": sprites.POSITIONS_Y[list(_POSITIONS)],
    }
    sizes = [len(axis) for axis in values.values()]
    shape, hue, ground, x, y = np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes))
    positions = np.array(_POSITIONS)
    drawn = [
        shape,
        np.full_like(shape, _SCALE),
        np.full_like(shape, _ORIENTATION),
        positions[x],
        positions[y],
    ]
    masks = sprites.render(np.stack(drawn, axis=1), size=SIZE)[..., None]  # (3888, 32, 32, 1)
    objects, grounds = (_palette(*tone)[code] for tone, code in ((OBJECT, hue), (GROUND, ground)))
    pixels = np.where(masks, objects[:, None, None], grounds[:, None, None])
    return FactorDataset(pixels, values, maximum=255, name="colour-sprites")


def _palette(saturation: float, value: float) -> np.ndarray:
    """The hues at a saturation and a value, (6, 3) uint8."""
    colours = [colorsys.hsv_to_rgb(hue, saturation, value) for hue in HUES]
    return np.round(255 * np.array(colours)).astype(np.uint8)
