"""The images of dSprites, drawn from their factors: vector outlines, sampled at pixel centres.

The canvas is 64 units wide, y pointing down. The centre of a sprite runs from 16 to 48 on each
axis in steps of 32/31, so every distance between a pixel centre and a sprite's centre is a whole
number of 1/31 pixels. An image is therefore a matter of integers: a scan line of a pose (shape,
scale, orientation) is the few places where it crosses the outline, looked up by its distance
from the centre, and a row of pixels is the exclusive or of one prefix mask per crossing.
"""

from functools import lru_cache

import numpy as np

SHAPES = ("square", "ellipse", "heart")
SCALES = np.linspace(0.5, 1.0, 6)
ORIENTATIONS = np.linspace(0.0, 2.0 * np.pi, 40)  # both ends: the first and the last look alike
POSITIONS_X = np.linspace(0.0, 1.0, 32)
POSITIONS_Y = np.linspace(0.0, 1.0, 32)
FACTOR_NAMES = ("shape", "scale", "orientation", "position_x", "position_y")
FACTOR_SIZES = (3, 6, 40, 32, 32)  # the grid, last factor fastest, as in the public file
SIZES = (16, 32, 64)

_CANVAS = 64
_STEPS = len(POSITIONS_X) - 1  # 31: the denominator of every pixel-to-centre distance
_RADIUS = 13.6  # the farthest point of any outline: the square's corner, at 13.574
_CROSSINGS = 4  # the most that one scan line has (the heart's two lobes)
_CHUNK = 4096  # images a time, so that the temporaries stay in the cache


def outline(shape: str) -> np.ndarray:
    """Vertices of a shape at scale 1 and orientation 0, in pixels of the 64-pixel canvas.

    The constants were fitted to 160 frames of the public images, all of which they reproduce.

    Formula:
        heart: x = a sin^3 t, y = b (13 cos t - 5 cos 2t - 2 cos 3t - cos 4t) + c, y pointing up.

    Args:
        shape: one of "square", "ellipse", "heart".

    Returns:
        (vertices, 2) float, x to the right and y down, relative to the point it turns about.

    Raises:
        ValueError: the shape has another name.

    References:
        Matthey et al. 2017, dSprites: Disentanglement testing Sprites dataset.

    Example:
        >>> round(float(outline("square").max()), 1)  # half a side, 0.15 of the canvas
        9.6
    """
    if shape == "square":
        return 9.5985 * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    if shape == "ellipse":
        t = np.linspace(0.0, 2.0 * np.pi, 72, endpoint=False)
        return np.stack([12.775 * np.cos(t), 7.22 * np.sin(t)], axis=1)
    if shape == "heart":
        t = np.linspace(0.0, 2.0 * np.pi, 180, endpoint=False)
        up = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
        return np.stack([9.59875 * np.sin(t) ** 3, -(0.6622 * up + 1.438)], axis=1)
    raise ValueError(f"`shape` must be one of {SHAPES}. Received: shape={shape!r}")


def _poses(shape: str) -> np.ndarray:
    """The outline at every scale and orientation, turning counterclockwise: (240, vertices, 2)."""
    cos, sin = np.cos(ORIENTATIONS), np.sin(ORIENTATIONS)
    turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)  # (40, 2, 2)
    turned = np.einsum("oij,vj->ovi", turn, outline(shape))
    return (SCALES[:, None, None, None] * turned).reshape(-1, *turned.shape[1:])


def _crossings(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the scan lines y = line + 1/2, line a whole number, cross the polygons' edges.

    Args:
        polygons: (polygons, vertices, 2) float, closed by the edge from the last to the first.

    Returns:
        The polygon, the line and the x of every crossing, three arrays of one length.
    """
    end = np.roll(polygons, -1, axis=1)
    index = np.repeat(np.arange(len(polygons)), polygons.shape[1])
    (x0, y0), (x1, y1) = polygons.reshape(-1, 2).T, end.reshape(-1, 2).T
    # Half-open edges: a line through a vertex counts it once, so crossings come in pairs.
    first = np.ceil(np.minimum(y0, y1) - 0.5).astype(np.int64)
    count = np.ceil(np.maximum(y0, y1) - 0.5).astype(np.int64) - first
    edge = np.repeat(np.arange(len(first)), count)
    line = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    slope = (x1 - x0)[edge] / (y1 - y0)[edge]
    return index[edge], line, x0[edge] + slope * (line + 0.5 - y0[edge])


class _Tables:
    """What `render_packed` looks up, for one raster size; all lengths are in 1/31 pixels.

    Pixel p has its centre at 31 p + 15 + 1/2. Seen from a sprite's centre C that is line
    31 p + 15 - C, a whole number, and 1/2.

    Attributes:
        crossings: (720 poses, 31 phases, 4, rows) int16. Entry (pose, phase, :, row) tells where
            line lowest + phase + 31 row crosses the pose's outline, as the first line right of
            the crossing. Unused entries are 0; they come in pairs, which cancel.
        phase, first_row: (32,) int64 by y position, which lines and image rows a sprite meets.
        shift: (32,) int16 by x position, turns a crossing into an index of `prefix`.
        prefix: (31 size + 1,) words; the first ceil(m/31) bits of entry m, in memory, are 1.
    """

    def __init__(self, size: int):
        unit = _STEPS * size / _CANVAS
        lowest = int(np.floor(-unit * _RADIUS))
        rows = -((lowest - int(np.ceil(unit * _RADIUS))) // _STEPS)
        lines = _STEPS * rows
        poses = len(SCALES) * len(ORIENTATIONS)
        table = np.zeros((len(SHAPES), poses, lines, _CROSSINGS), np.int16)
        for entries, shape in zip(table, SHAPES, strict=True):
            pose, line, x = _crossings(unit * _poses(shape))
            key = pose * lines + line - lowest
            order = np.argsort(key, kind="stable")
            key = key[order]
            at = np.arange(len(key))
            group = np.maximum.accumulate(np.where(np.diff(key, prepend=-1) != 0, at, 0))
            entries.reshape(-1, _CROSSINGS)[key, at - group] = np.ceil(x[order] - 0.5)
        self.crossings = np.ascontiguousarray(
            table.reshape(-1, rows, _STEPS, _CROSSINGS).transpose(0, 2, 3, 1)
        )

        centre = _STEPS * size // 4 + size // 2 * np.arange(_STEPS + 1)
        self.first_row = -((15 - lowest - centre) // _STEPS)
        self.phase = _STEPS * self.first_row + 15 - centre - lowest
        self.shift = (centre - 15).astype(np.int16)
        left = np.arange(size) * _STEPS < np.arange(_STEPS * size + 1)[:, None]
        self.prefix = np.packbits(left, axis=1).view(f"u{size // 8}")[:, 0]


_tables = lru_cache(maxsize=len(SIZES))(_Tables)


def _checked(factors: np.ndarray, size: int) -> np.ndarray:
    factors = np.asarray(factors)
    if size not in SIZES:
        raise ValueError(f"`size` must be one of {SIZES}. Received: size={size!r}")
    if factors.ndim != 2 or factors.shape[1] != len(FACTOR_SIZES):
        raise ValueError(
            f"`factors` must have shape (n, 5), one column for each of {FACTOR_NAMES}. "
            f"Received: shape {factors.shape}"
        )
    if factors.dtype.kind not in "iu":
        raise ValueError(
            "`factors` must be integers, indices into the grid of factor values. "
            f"Received: dtype {factors.dtype}"
        )
    wrong = ((factors < 0) | (factors >= FACTOR_SIZES)).any(axis=1)
    if wrong.any():
        raise ValueError(
            f"`factors` must lie in 0..n-1 with n = {FACTOR_SIZES} for {FACTOR_NAMES}. "
            f"Received: {factors[wrong][0].tolist()} in row {int(np.argmax(wrong))}"
        )
    return factors


def render_packed(factors: np.ndarray, size: int = 64) -> np.ndarray:
    """Images of the given factors, eight pixels per byte.

    Args:
        factors: (n, 5) int, indices of shape, scale, orientation, x and y position.
        size: height and width in pixels, 16, 32 or 64.

    Returns:
        (n, size * size / 8) uint8, row after row, the leftmost pixel in the highest bit, as
        `numpy.packbits` has it.

    Raises:
        ValueError: the factors are not (n, 5) integers within the grid, or the size is another.

    Example:
        >>> render_packed(np.array([[0, 5, 0, 16, 16]])).shape
        (1, 512)
    """
    factors = _checked(factors, size)
    tables = _tables(size)
    rows = tables.crossings.shape[-1]
    images = np.zeros((len(factors), size), tables.prefix.dtype)  # one word a row of pixels
    flat = images.reshape(-1)
    for begin in range(0, len(factors), _CHUNK):
        shape, scale, orientation, x, y = factors[begin : begin + _CHUNK].astype(np.int64).T
        pose = (shape * len(SCALES) + scale) * len(ORIENTATIONS) + orientation
        index = tables.crossings[pose, tables.phase[y]]  # (n, 4, rows)
        index += tables.shift[x][:, None, None]
        words = np.bitwise_xor.reduce(tables.prefix[index], axis=1)  # (n, rows)
        row = np.arange(begin, begin + len(y)) * size + tables.first_row[y]
        flat[row[:, None] + np.arange(rows)] = words
    return images.view(np.uint8)


def render(factors: np.ndarray, size: int = 64) -> np.ndarray:
    """Binary images of the given factors; the same scene at every size.

    A pixel is on when its centre lies inside the outline, so that size 32 is what the same
    vector drawing gives on a raster of half the resolution.

    Args:
        factors: (n, 5) int, indices of shape, scale, orientation, x and y position.
        size: height and width in pixels, 16, 32 or 64.

    Returns:
        (n, size, size) uint8 of 0 and 1.

    Raises:
        ValueError: the factors are not (n, 5) integers within the grid, or the size is another.

    References:
        Matthey et al. 2017, dSprites: Disentanglement testing Sprites dataset.

    Example:
        >>> int(render(np.array([[0, 5, 0, 16, 16]])).sum())  # a square of side 19.2
        361
    """
    packed = render_packed(factors, size)
    return np.unpackbits(packed, axis=1).reshape(-1, size, size)
