"""Figures of images: reconstructions, and traversals of the latent dimensions."""

from collections.abc import Sequence

import numpy as np

from kerasvae.plotting.style import WIDTH, Figure, style


@style()
def reconstructions(images, reconstructions, columns: int = 10) -> Figure:
    """Images, each above its reconstruction.

    Args:
        images: (n, H, W, C) in [0, 1], with 1 or 3 channels.
        reconstructions: the same shape.
        columns: number of images side by side; the others follow in further pairs of rows.

    Returns:
        A matplotlib Figure.

    Raises:
        ValueError: shapes that do not fit.

    Example:
        >>> reconstructions(np.zeros((3, 8, 8, 1)), np.ones((3, 8, 8, 1)))
        <Figure size ... with 1 Axes>
    """
    images = _checked_images("images", images, 4)
    pictures = _checked_images("reconstructions", reconstructions, 4)
    if images.shape != pictures.shape:
        raise ValueError(
            "reconstructions: expected one for each image, of the same shape. "
            f"Received: images {images.shape}, reconstructions {pictures.shape}"
        )
    if columns < 1:
        raise ValueError(f"columns must be at least 1. Received: columns={columns}")
    columns = min(columns, len(images))
    blocks = -(-len(images) // columns)  # pairs of rows, rounded up
    grid = np.ones((blocks, 2, columns, *images.shape[1:]), "float32")  # white where none is left
    for index, pair in enumerate(zip(images, pictures, strict=True)):
        grid[index // columns, :, index % columns] = pair
    grid = grid.reshape(2 * blocks, *grid.shape[2:])
    return _mosaic(grid, row_labels=["image", "reconstruction"] * blocks)


@style()
def traversals(images, values: Sequence | None = None, labels: Sequence | None = None) -> Figure:
    """One row for each latent dimension; from left to right only that dimension changes.

    Args:
        images: (D, S, H, W, C) in [0, 1], as a model's `traverse` returns them.
        values: the S values that the moving dimension takes, written below the columns.
        labels: D names of the rows; "z_0", "z_1", ... by default.

    Returns:
        A matplotlib Figure.

    Raises:
        ValueError: not five axes, or not one value per column and one label per row.

    Example:
        >>> traversals(np.zeros((2, 5, 8, 8, 1)), values=[-2, -1, 0, 1, 2])
        <Figure size ... with 1 Axes>
    """
    images = _checked_images("images", images, 5)
    if labels is None:
        labels = [f"$z_{{{dimension}}}$" for dimension in range(images.shape[0])]
    for name, given, axis in (("labels", labels, 0), ("values", values, 1)):
        if given is not None and len(given) != images.shape[axis]:
            raise ValueError(
                f"{name}: expected {images.shape[axis]}, for images of shape {images.shape}. "
                f"Received: {len(given)}"
            )
    columns = None if values is None else [f"{value:.3g}" for value in values]
    return _mosaic(images, labels, columns, "value of the moving dimension")


def _checked_images(name: str, images, axes: int) -> np.ndarray:
    images = np.asarray(images, "float32")
    if images.ndim != axes or images.size == 0 or images.shape[-1] not in (1, 3):
        lead = "n" if axes == 4 else "D, S"
        raise ValueError(
            f"{name}: expected shape ({lead}, H, W, C) with C = 1 or 3, and not empty. "
            f"Received: shape={images.shape}"
        )
    return images


def _mosaic(grid, row_labels=(), column_labels=None, x_label=None) -> Figure:
    """Draw (rows, columns, H, W, C) as one picture with a gap around every image."""
    rows, columns, height, width, channels = grid.shape
    gap = max(1, height // 16)
    grid = np.pad(grid, [(0, 0), (0, 0), (0, gap), (0, gap), (0, 0)], constant_values=1.0)
    picture = grid.swapaxes(1, 2).reshape(rows * (height + gap), columns * (width + gap), channels)
    picture = np.clip(picture[:-gap, :-gap], 0, 1)

    inches = min(WIDTH / columns, 0.8)  # of one image
    below = 0.1 if column_labels is None else 0.5
    size = (inches * columns + 1.3, inches * rows * height / width + below)
    figure = Figure(figsize=size, layout="compressed")
    panel = figure.subplots()
    panel.imshow(picture if channels == 3 else picture[..., 0], vmin=0, vmax=1)
    panel.spines[:].set_visible(False)
    panel.grid(False)
    panel.tick_params(length=0)
    panel.set_yticks(np.arange(rows) * (height + gap) + height / 2, row_labels)
    if column_labels is None:
        panel.set_xticks([])
    else:
        panel.set_xticks(np.arange(columns) * (width + gap) + width / 2, column_labels)
        panel.set_xlabel(x_label)
    return figure
