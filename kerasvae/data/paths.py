"""A user's own images, whatever lies at a path."""

from pathlib import Path

from kerasvae.data.folder import from_images
from kerasvae.data.images import ImageDataset
from kerasvae.data.npz import from_npz
from kerasvae.data.table import TABLE, from_table


def from_path(path, **options) -> ImageDataset:
    """Your own images, by what lies at a path.

    Args:
        path: an .npz file (`from_npz`), a folder with a factors.csv (`from_table`), or another
            folder of images (`from_images`).
        **options: of that function.

    Returns:
        A `FactorDataset` where factors are known, else an `ImageDataset`.

    Raises:
        FileNotFoundError: nothing is there.
        ValueError: what these functions refuse.
    """
    place = Path(path).expanduser()
    if place.suffix == ".npz":
        return from_npz(place, **options)
    if (place / options.get("table", TABLE)).is_file():
        return from_table(place, **options)
    return from_images(place, **options)
