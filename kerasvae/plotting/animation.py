"""Traversals that move: an animated GIF in which every dimension goes back and forth."""

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from kerasvae.plotting.style import Figure, style

COLUMNS = 5  # of one model's dimensions, before the next row
DPI = 100
SHADES = 32  # of grey in the file, or twice as many colours; text needs some for its edges


@style()
def traversal_gif(
    images,
    target,
    titles: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    seconds: float = 3.0,
    size: int = 96,
) -> None:
    """Write an animated GIF in which all dimensions move at once, each in an image of its own.

    Args:
        images: (D, S, H, W, C) in [0, 1], as a model's `traverse` returns them, S frames; or
            (M, D, S, H, W, C) of M models, which then stand side by side, with a row per dimension.
        target: path of the file, or an open binary file.
        titles: a text above each model; several lines are allowed.
        labels: D names of the dimensions, written above each image for one model, else left of each
            row.
        seconds: how long the way there and back takes.
        size: height of an image in the file, in pixels.

    Raises:
        ValueError: other axes, or not one title per model and one label per dimension.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> traversal_gif(np.linspace(0, 1, 2 * 3 * 64).reshape(2, 3, 8, 8, 1), file)
        >>> with Image.open(file) as image:
        ...     image.format, image.n_frames
        ('GIF', 4)
    """
    images = _checked(images, titles, labels)
    models, dimensions, steps = images.shape[:3]
    if labels is None:
        labels = [f"$z_{{{dimension}}}$" for dimension in range(dimensions)]
    draw = _grid if models == 1 else _side_by_side
    figure, panels = draw(images, titles, labels, size / DPI)
    pictures = [
        (panel.imshow(_shown(cell[0]), vmin=0, vmax=1, interpolation="nearest"), cell)
        for panel, cell in zip(panels, images.reshape(-1, *images.shape[2:]), strict=True)
    ]
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    figure.set_layout_engine("none")  # else each frame is laid out anew, and all of it trembles
    frames = []
    for step in range(steps):
        for picture, cell in pictures:
            picture.set_data(_shown(cell[step]))
        canvas.draw()
        frames.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]))
    frames = [_reduced(frame, colour=images.shape[-1] == 3) for frame in frames]
    frames += frames[-2:0:-1]  # and back; neither end is shown twice
    frames[0].save(
        target,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=max(20, round(1000 * seconds / len(frames))),
        loop=0,
        optimize=True,
    )


def _checked(images, titles, labels) -> np.ndarray:
    images = np.asarray(images, "float32")
    given = images.shape
    if images.ndim == 5:
        images = images[None]
    if images.ndim != 6 or images.size == 0 or images.shape[-1] not in (1, 3):
        raise ValueError(
            "images: expected shape (D, S, H, W, C), or (M, D, S, H, W, C) of M models, with "
            f"C = 1 or 3, and not empty. Received: shape={given}"
        )
    for name, texts, count in (
        ("titles", titles, images.shape[0]),
        ("labels", labels, images.shape[1]),
    ):
        if texts is not None and len(texts) != count:
            raise ValueError(
                f"{name}: expected {count}, for images of shape {given}. Received: {len(texts)}"
            )
    return np.clip(images, 0, 1)


def _grid(images, titles, labels, inches):
    """One model: its dimensions in rows of COLUMNS, each named above its image."""
    dimensions, (height, width) = images.shape[1], images.shape[3:5]
    columns = min(COLUMNS, dimensions)
    rows = -(-dimensions // columns)
    lines = len(titles[0].splitlines()) if titles else 0
    figsize = ((inches * width / height + 0.12) * columns, (inches + 0.3) * rows + 0.2 * lines)
    figure = Figure(figsize=figsize, dpi=DPI, layout="compressed")
    panels = figure.subplots(rows, columns, squeeze=False).reshape(-1)
    for panel, label in zip(panels, labels, strict=False):
        panel.set_title(label, fontsize=9)
    if titles:
        figure.suptitle(titles[0], fontsize=10)
    for panel in panels:
        _bare(panel)
    for panel in panels[dimensions:]:
        panel.remove()
    return figure, panels[:dimensions]


def _side_by_side(images, titles, labels, inches):
    """A column for each model, a row for each dimension, named on the left."""
    models, dimensions, (height, width) = images.shape[0], images.shape[1], images.shape[3:5]
    lines = max(len(title.splitlines()) for title in titles) if titles else 0
    longest = max(len(line) for title in titles or [""] for line in [*title.splitlines(), ""])
    across = max(inches * width / height + 0.12, 0.075 * longest)
    named = 0.2 + 0.08 * max(len(line) for label in labels for line in [*label.splitlines(), ""])
    figsize = (named + across * models, (inches + 0.06) * dimensions + 0.2 * lines)
    figure = Figure(figsize=figsize, dpi=DPI, layout="constrained")
    grid = figure.subplots(dimensions, models, squeeze=False)
    for panel in grid.reshape(-1):
        _bare(panel)
    for panel, label in zip(grid[:, 0], labels, strict=True):
        panel.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    for panel, title in zip(grid[0], titles or (), strict=False):
        panel.set_title(title, fontsize=9)
    return figure, grid.T.reshape(-1)


def _bare(panel) -> None:
    panel.set(xticks=[], yticks=[])
    panel.grid(False)
    panel.spines[:].set_visible(False)


def _reduced(frame: Image.Image, colour: bool) -> Image.Image:
    """A frame in few shades, so that the file is small; greys keep one palette for all frames."""
    if colour:
        return frame.quantize(2 * SHADES, dither=Image.Dither.NONE)
    step = 255 / (SHADES - 1)
    return frame.convert("L").point([round(round(v / step) * step) for v in range(256)])


def _shown(image: np.ndarray) -> np.ndarray:
    return image if image.shape[-1] == 3 else image[..., 0]
