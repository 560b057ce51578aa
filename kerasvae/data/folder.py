"""A user's own images: a folder of files, or an array."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from kerasvae.checks import check_choice, check_images, check_positive_int
from kerasvae.data.images import ImageDataset
from kerasvae.data.limits import check_memory

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
_GREY, _COLOUR = ("1", "L", "LA"), ("RGB", "RGBA", "P", "PA", "CMYK", "YCbCr")
_BACKGROUNDS = {"black": 0, "white": 255}
_ORIENTATION = 0x0112  # Exif's tag
# A set whose brightest pixel is darker than this holds labels or the like, not pictures.
_DARKEST = 32


def from_images(
    source,
    image_size: int | None = None,
    channels: int | None = None,
    white: int | None = None,
    background: str | None = None,
) -> ImageDataset:
    """Make a data set of your own images.

    Args:
        source: a folder (its subfolders too) of png, jpg, bmp, gif, tif or webp files, taken in
            natural order (2.png before 10.png); or a float array (n, H, W, C) in [0, 1].
        image_size: crop the files to squares about their centre and resize them to this many
            pixels; None to take them as they are, if all have one size.
        channels: 1 for grey, 3 for colour; None to choose colour if any file has colour.
        white: the stored value that means white; None for 255, or for 1 if all stored values are 0
            or 1, as in masks.
        background: "black" or "white", what is put behind transparent files; None for the one on
            which more of them can be seen: a shape may be stored in the transparency alone.

    Returns:
        An `ImageDataset`, in memory.

    Raises:
        FileNotFoundError: the folder is not there or has no images.
        ValueError: a file that cannot be read or has more than 8 bits a channel, sizes that
            differ or do not fit into memory, files that look like labels, or a bad array
            (`check_images`).

    Example:
        >>> from_images(np.zeros((2, 28, 28, 1), "float32"))
        <images: 2 images of 28x28x1>
    """
    options = {"image_size": image_size, "channels": channels}
    options |= {"white": white, "background": background}
    if channels is not None:
        check_choice("channels", str(channels), ("1", "3"))
    for name in ("image_size", "white"):
        if options[name] is not None:
            check_positive_int(name, options[name])
    if background is not None:
        check_choice("background", background, _BACKGROUNDS)
    if isinstance(source, str | Path):
        files = image_files(Path(source).expanduser())
        pixels, white = read_files(files, image_size, channels, white, background)
        return ImageDataset(pixels, maximum=white, name=str(source))
    if any(value is not None for value in options.values()):
        given = ", ".join(f"{name}={value}" for name, value in options.items() if value is not None)
        raise ValueError(
            "these options convert the files of a folder; an array is taken as it is. "
            f"Received: {given} with {type(source).__name__}"
        )
    check_images(source)
    return ImageDataset(np.asarray(source))


def image_files(folder: Path) -> list[Path]:
    """Image files of a folder and its subfolders, in natural order; see `from_images`."""
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


def read_files(
    files: list[Path], image_size=None, channels=None, white=None, background=None
) -> tuple[np.ndarray, int]:
    """Image files as (n, H, W, C) uint8, and the value of white; see `from_images`."""
    headers = [_header(file) for file in files]  # before any pixel
    if channels is None:
        channels = 3 if any(header.colour for header in headers) else 1
    transparent = [file for file, header in zip(files, headers, strict=True) if header.transparent]
    if transparent and background is None:
        background = _background(transparent)
    sides = _one_size(files, headers) if image_size is None else (image_size, image_size)
    what = f"source: {len(files):,} images of {sides[0]}x{sides[1]}x{channels}"
    check_memory(len(files) * sides[0] * sides[1] * channels, what)
    behind = _BACKGROUNDS[background or "black"]
    pixels, brightest = _pixels(files, sides, image_size is not None, channels, behind)
    white = checked_white(white, brightest, f"{len(files)} files")
    if white != 255 and image_size is not None:  # resized in full depth
        scaled, _ = _pixels(files, sides, True, channels, behind, 255 / white)
        return scaled, 255
    return pixels, white


def checked_white(white: int | None, brightest: int, source: str) -> int:
    """The stored value that means white in pixels of 8 bits.

    Args:
        white: what the user gave, or None.
        brightest: the largest pixel.
        source: what the pixels are of, for the error.

    Raises:
        ValueError: the pixels may be labels, or exceed the user's white.
    """
    if white is None and 1 < brightest < _DARKEST:
        raise ValueError(
            f"source: expected pictures with a brightest pixel near 255; these may be labels. "
            f"Pass white={brightest} if that is white, white=255 if they are dark. "
            f"Received: {brightest} as the brightest pixel of {source}"
        )
    if white is None:
        return 1 if brightest == 1 else 255
    if brightest > white:
        raise ValueError(
            f"white: expected no pixel above the value of white. Received: white={white}, and "
            f"{brightest} as the brightest pixel of {source}"
        )
    return white


@dataclass(frozen=True)
class _Header:
    size: tuple[int, int]  # (height, width), upright
    colour: bool
    transparent: bool


def _header(file: Path) -> _Header:
    try:
        with Image.open(file) as image:
            mode, size = image.mode, image.size[::-1]
            transparent = image.has_transparency_data
            if image.getexif().get(_ORIENTATION, 1) >= 5:  # turned by a quarter
                size = size[::-1]
            colour = mode in _COLOUR
            if mode in ("P", "PA"):
                palette = np.asarray(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
                colour = bool((palette != palette[:, :1]).any())
            largest = None if mode in _GREY + _COLOUR else np.asarray(image).max()
    except Exception as error:  # Pillow's readers raise many kinds on damaged files
        raise _unreadable(file, error) from error
    if largest is not None:
        white = next((white for white in (255, 1023, 4095, 65535) if largest <= white), largest)
        raise ValueError(
            f"{file}: expected 8 bits a channel. Read such files into a float array and give "
            f"that: np.asarray(PIL.Image.open(file))[..., None] / {white}. "
            f"Received: an image of mode {mode}, with values up to {largest}"
        )
    return _Header(size, colour, transparent)


def _one_size(files: list[Path], headers: list[_Header]) -> tuple[int, int]:
    for file, header in zip(files, headers, strict=True):
        if header.size != headers[0].size:
            (h, w), (height, width) = headers[0].size, header.size
            raise ValueError(
                "source: expected images of one size; pass image_size= to resize them. Received: "
                f"{files[0].name} with {h}x{w} pixels, {file.name} with {height}x{width}"
            )
    return headers[0].size


def _background(files: list[Path]) -> str:
    """The background on which transparent files show more, by the variance of their pixels."""
    seen = dict.fromkeys(_BACKGROUNDS, 0.0)
    for file in files:
        for name, behind in _BACKGROUNDS.items():
            seen[name] += float(np.asarray(_upright(file, 1, behind)).var())
    return max(seen, key=seen.get)  # black where both show as much


def _pixels(
    files: list[Path], sides, resize: bool, channels: int, behind: int, scale: float = 1
) -> tuple[np.ndarray, int]:
    """All files as one (n, H, W, C) uint8 array, and the brightest pixel before resizing."""
    pixels, brightest = np.empty((len(files), *sides, channels), np.uint8), 0
    for file, target in zip(files, pixels, strict=True):
        image = _upright(file, channels, behind)
        extrema = image.getextrema()
        brightest = max(brightest, extrema[1] if channels == 1 else max(e[1] for e in extrema))
        if scale != 1:
            image = image.point(lambda value: round(value * scale))
        if resize:
            image = ImageOps.fit(image, sides)
        target[:] = np.asarray(image).reshape(target.shape)
    return pixels, brightest


def _upright(file: Path, channels: int, behind: int) -> Image.Image:
    """A file's picture as grey or colour, turned as its camera noted, on a background."""
    mode = "L" if channels == 1 else "RGB"
    try:
        with Image.open(file) as image:
            upright = ImageOps.exif_transpose(image)
            if not upright.has_transparency_data:
                return upright.convert(mode)
            upright = upright.convert("RGBA")
            canvas = Image.new("RGBA", upright.size, (behind, behind, behind, 255))
            return Image.alpha_composite(canvas, upright).convert(mode)
    except Exception as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> ValueError:
    return ValueError(
        f"{file} cannot be read as an image: it is of another kind, truncated or damaged "
        f"({error}). Repair or remove it."
    )
