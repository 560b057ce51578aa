"""A user's own images: a folder of files, or an array."""

import re
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from kerasvae.checks import check_choice, check_images, check_positive_int
from kerasvae.data.images import ImageDataset

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
_GREY, _COLOUR = ("1", "L", "LA"), ("RGB", "RGBA", "P", "PA", "CMYK", "YCbCr")


def from_images(source, image_size: int | None = None, channels: int | None = None) -> ImageDataset:
    """Make a data set of your own images.

    Args:
        source: a folder (its subfolders too) of png, jpg, bmp, gif, tif or webp files, taken in
            natural order (2.png before 10.png); or a float array (n, H, W, C) in [0, 1].
        image_size: crop the files to squares about their centre and resize them to this many
            pixels; None to take them as they are, all of one size.
        channels: 1 for grey, 3 for colour; None to choose colour if any file has colour.

    Returns:
        An `ImageDataset`, in memory.

    Raises:
        FileNotFoundError: the folder is not there or has no images.
        ValueError: a file that cannot be read, sizes that differ, or a bad array (`check_images`).

    Example:
        >>> from_images(np.zeros((2, 28, 28, 1), "float32"))
        <images: 2 images of 28x28x1>
    """
    if channels is not None:
        check_choice("channels", str(channels), ("1", "3"))
    if image_size is not None:
        check_positive_int("image_size", image_size)
    if isinstance(source, str | Path):
        files = _image_files(Path(source).expanduser())
        return ImageDataset(_read(files, image_size, channels), maximum=255, name=str(source))
    if image_size is not None or channels is not None:
        raise ValueError(
            "image_size and channels convert the files of a folder; an array is taken as it is. "
            f"Received: image_size={image_size}, channels={channels} with {type(source).__name__}"
        )
    check_images(source)
    return ImageDataset(np.asarray(source))


def _image_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        what = "a file, not a folder" if folder.exists() else "not there"
        raise FileNotFoundError(f"source: expected a folder of images. Received: {folder}, {what}")
    files = [
        file
        for file in folder.rglob("*")
        if file.is_file() and file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    ]
    if not files:
        raise FileNotFoundError(
            f"source: expected a folder with image files ({', '.join(SUFFIXES)}). "
            f"Received: {folder}, which has none"
        )
    return sorted(files, key=lambda file: _natural(file.relative_to(folder)))


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Sort key in which numbers within names count as numbers."""
    pieces = re.split(r"(\d+)", path.as_posix())
    return [(1, int(p), p) if p.isdecimal() else (0, 0, p) for p in pieces]


def _read(files: list[Path], image_size: int | None, channels: int | None) -> np.ndarray:
    """All files as one (n, H, W, C) uint8 array."""
    modes = [_mode(file) for file in files]  # read from the headers, before any pixel
    if channels is None:
        channels = 3 if any(mode in _COLOUR for mode in modes) else 1
    pixels = None
    for number, file in enumerate(files):
        image = _pixels(file, image_size, channels)
        if pixels is None:
            pixels = np.empty((len(files), *image.shape), np.uint8)
        if image.shape != pixels.shape[1:]:
            raise ValueError(
                "source: expected images of one size; pass image_size= to resize them. Received: "
                f"{files[0].name} with {pixels.shape[1]}x{pixels.shape[2]} pixels, "
                f"{file.name} with {image.shape[0]}x{image.shape[1]}"
            )
        pixels[number] = image
    return pixels


def _mode(file: Path) -> str:
    try:
        with Image.open(file) as image:
            mode = image.mode
    except Exception as error:  # Pillow's readers raise many kinds on damaged files
        raise _unreadable(file, error) from error
    if mode not in _GREY + _COLOUR:
        raise ValueError(f"{file}: expected 8 bits a channel. Received: an image of mode {mode}")
    return mode


def _pixels(file: Path, image_size: int | None, channels: int) -> np.ndarray:
    try:
        with Image.open(file) as image:
            # Phones store the photograph as the sensor saw it, with a note how to turn it.
            upright = ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB")
            if image_size is not None:
                upright = ImageOps.fit(upright, (image_size, image_size))
            return np.asarray(upright).reshape(upright.height, upright.width, channels)
    except Exception as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> ValueError:
    return ValueError(
        f"{file} cannot be read as an image: it is of another kind, truncated or damaged "
        f"({error}). Repair or remove it."
    )
