"""A user's own images, in any of the forms that a path can lead to."""

import inspect
from pathlib import Path

from kerasvae.data.folder import from_images
from kerasvae.data.images import ImageDataset
from kerasvae.data.npz import from_npz
from kerasvae.data.table import TABLE, from_table


def from_path(path, **options) -> ImageDataset:
    """Your own images, read by what is at a path.

    Args:
        path: an .npz file (`from_npz`), a folder with a factors.csv (`from_table`), or another
            folder of images (`from_images`).
        **options: options of that function.

    Returns:
        A `FactorDataset` where factors are known, else an `ImageDataset`.

    Raises:
        FileNotFoundError: nothing is there.
        ValueError: what these functions refuse.
    """
    place = Path(path).expanduser()
    return _loader(place, options.get("table", TABLE))(place, **options)


def options_of_path(path) -> list[str]:
    """Names of the options that `from_path` takes for what is at a path.

    Example:
        >>> "image_size" in options_of_path("my/photos")
        True
    """
    loader = _loader(Path(path).expanduser(), TABLE)
    loaders = [loader, from_images] if loader is from_table else [loader]
    names = {name for each in loaders for name in inspect.signature(each).parameters}
    return sorted(names - {"source", "path", "folder", "options"})


def _loader(place: Path, table: str):
    if place.suffix == ".npz":
        return from_npz
    return from_table if (place / table).is_file() else from_images
