"""dSprites: 737,280 binary images of one sprite, rendered or read, and a small subgrid of it.

Chapter 1: tutorials/01_elbo.ipynb.
"""

from functools import cached_property
from pathlib import Path

import numpy as np
from tqdm import tqdm

from kerasvae.data import packed, sprites
from kerasvae.data.archives import ArrayReader, open_h5_array, open_npz_array
from kerasvae.data.cache import cache_folder, converted, write_array
from kerasvae.data.digests import Digest
from kerasvae.data.download import PublicFile, content_key, locate
from kerasvae.data.factors import FactorDataset, codes_and_values

# The public file's first factor, colour, has the one value white: it tells nothing and is left out.
FACTOR_VALUES = {
    "shape": ("square", "ellipse", "heart"),
    "scale": sprites.SCALES,
    "orientation": sprites.ORIENTATIONS,
    "x": sprites.POSITIONS_X,
    "y": sprites.POSITIONS_Y,
}

_STEM = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64"
_URL = "https://github.com/google-deepmind/dsprites-dataset/raw/master"
PUBLIC = {
    suffix: PublicFile(f"{_STEM}{suffix}", f"{_URL}/{_STEM}{suffix}", Digest("git-blob", value))
    for suffix, value in {
        ".npz": "d98996d3f8ee1550e06b9d4ed78d0beb478910d5",
        ".hdf5": "3c8de5d40afa425dfd9de811d71248449aae238b",
    }.items()
}

# Orientations within a quarter turn, after which a square looks the same, and not mirror images
# of each other (9, 28, 55 and 74 degrees), so that no two images are alike.
MINI_CODES = {
    "shape": (0, 1, 2),
    "scale": (0, 2, 3, 5),
    "orientation": (1, 3, 6, 8),
    "x": (0, 4, 9, 13, 18, 22, 27, 31),
    "y": (0, 4, 9, 13, 18, 22, 27, 31),
}


def load_dsprites(
    cached: bool = False,
    path=None,
    download: bool = False,
    verify: bool = True,
    image_size: int = 64,
) -> FactorDataset:
    """The grid of 3 shapes x 6 scales x 40 orientations x 32 x 32 positions, 64x64x1.

    By default nothing is stored: images are drawn when they are needed. The public data set
    has a sixth factor, colour, which is constant and left out here.

    Args:
        cached: draw the whole grid once into the cache (377 MB at 64x64, 94 MB at 32x32, one bit
            per pixel, memory-mapped) and read it from there, which is faster than drawing.
        path: your copy of the public .npz or .hdf5 file, packed into the cache at first use.
        download: get the public .npz file (26 MB) and use it in place of the renderer.
        verify: whether your copy must be the published one; without it any file of the same
            format will do, a smaller grid for instance.
        image_size: height and width in pixels, 16, 32 or 64: the same vector drawing on a
            coarser raster, at a sixteenth or a quarter of the training cost.

    Returns:
        A `FactorDataset` of images with values 0 and 1.

    Raises:
        FileNotFoundError: no file at `path`, or a download that failed.
        ValueError: a truncated, damaged or different file, or another image_size.

    References:
        Matthey, Higgins, Hassabis & Lerchner 2017, dSprites: Disentanglement testing Sprites.

    Example:
        >>> load_dsprites()
        <dsprites: 737,280 images of 64x64x1; shape 3, scale 6, orientation 40, x 32, y 32>
    """
    if image_size not in sprites.SIZES:
        raise ValueError(
            f"image_size: sprites are drawn at {', '.join(map(str, sprites.SIZES))} pixels. "
            f"Received: image_size={image_size!r}"
        )
    if path is not None or download:
        if image_size != 64:
            raise ValueError(
                "image_size is for the renderer; a public file has images of 64x64. Leave out path "
                f"and download, or image_size. Received: image_size={image_size}"
            )
        if cached:
            raise ValueError(
                "cached=True keeps rendered images; a public file is always kept in the cache. "
                f"Leave it out. Received: cached=True, path={path}, download={download}"
            )
        return _from_file(path, download, verify)
    pixels = RenderedImages(image_size)
    if cached:
        pixels = PackedImages(_rendered_cache(image_size), (image_size, image_size))
    return FactorDataset(pixels, FACTOR_VALUES, name="dsprites")


def load_dsprites_mini() -> FactorDataset:
    """A subgrid of dSprites drawn at 32x32: 3,072 images, no two alike, kept in memory.

    Returns:
        A `FactorDataset` of images 32x32x1: shape 3, scale 4, orientation 4, x 8, y 8.

    Example:
        >>> load_dsprites_mini()
        <dsprites-mini: 3,072 images of 32x32x1; shape 3, scale 4, orientation 4, x 8, y 8>
    """
    grid = np.meshgrid(*MINI_CODES.values(), indexing="ij")
    codes = np.stack([axis.reshape(-1) for axis in grid], axis=1)  # (3072, 5)
    pixels = sprites.render(codes, size=32)[..., None]
    values = {name: np.take(FACTOR_VALUES[name], picked) for name, picked in MINI_CODES.items()}
    return FactorDataset(pixels, values, name="dsprites-mini")


class RenderedImages:
    """The whole grid as an array that draws the rows it is asked for.

    Args:
        size: height and width in pixels, 16, 32 or 64.
    """

    def __init__(self, size: int):
        self.shape = (packed.IMAGES, size, size, 1)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        return sprites.render(packed.grid_factors(indices), self.shape[1])[..., None]

    @cached_property
    def packed_rows(self) -> np.ndarray:
        """All images, drawn once and kept in memory, for a device: (737280, bytes) uint8."""
        return packed.grid(self.shape[1])


class PackedImages:
    """Binary images stored with one bit per pixel, unpacked when they are needed.

    Args:
        rows: (n, bytes) uint8, each row an image as `numpy.packbits` packs it.
        size: (height, width).
    """

    def __init__(self, rows: np.ndarray, size: tuple[int, int]):
        self.packed_rows = rows
        self.shape = (len(rows), *size, 1)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        pixels = self.shape[1] * self.shape[2]
        bits = np.unpackbits(self.packed_rows[indices], axis=1, count=pixels)
        return bits.reshape(-1, *self.shape[1:])


def _rendered_cache(size: int) -> np.ndarray:
    """The packed grid, (737280, bytes) uint8; drawn if it is not there or not as drawn now."""
    suffix = "" if size == 64 else f"-{size}"
    file = cache_folder() / f"dsprites-rendered{suffix}.bits"
    try:
        return packed.open_packed(file, size)
    except (FileNotFoundError, ValueError):
        with tqdm(
            total=packed.IMAGES, desc="drawing dsprites", unit=" images", disable=None
        ) as bar:
            packed.pack_grid(file, lambda done, _: bar.update(done - bar.n), size)
        return packed.open_packed(file, size)


def _from_file(path, download: bool, verify: bool) -> FactorDataset:
    suffix = ".npz" if path is None else Path(path).suffix
    if suffix == ".h5":
        suffix = ".hdf5"
    if suffix not in PUBLIC:
        raise ValueError(
            f"path: expected a file {PUBLIC['.npz'].name} or {PUBLIC['.hdf5'].name}. "
            f"Received: path={path}"
        )
    public = PUBLIC[suffix]
    source = locate(public, path, download, verify)
    keys = {
        ".npz": (open_npz_array, "imgs", "latents_classes", "latents_values"),
        ".hdf5": (open_h5_array, "imgs", "latents/classes", "latents/values"),
    }
    opened, images_key, classes_key, values_key = keys[suffix]
    values, codes, count = FACTOR_VALUES, None, packed.IMAGES
    if path is not None and not verify:
        with opened(source, classes_key) as classes, opened(source, values_key) as reals:
            codes, values = _own_grid(classes.read(), reals.read(), source)
        count = len(codes)
    with opened(source, images_key) as images:
        size = _checked_size(images, count, source)
        key = content_key(public, source, verified=path is None or verify)
        rows = converted(f"dsprites-{key}", lambda target: _pack(images, target, source))
    return FactorDataset(PackedImages(rows, size), values, codes=codes, name="dsprites")


def _own_grid(classes: np.ndarray, reals: np.ndarray, source: Path):
    """Codes and values of a file that need not be the public grid, without the colour."""
    names = ("color", *FACTOR_VALUES)
    codes, _ = codes_and_values(classes, names, source)
    _, values = codes_and_values(reals, names, source)
    sizes = tuple(len(values[name]) for name in names)
    if sizes[0] != 1 or tuple(codes.max(axis=0) + 1) != sizes or len(reals) != len(classes):
        raise ValueError(
            f"{source}: expected one colour, and as many values of each factor as it has classes. "
            f"Received: classes {tuple(codes.max(axis=0) + 1)}, values {sizes}"
        )
    del values["color"]
    return codes[:, 1:], values


def _checked_size(images: ArrayReader, count: int, source: Path) -> tuple[int, int]:
    if images.dtype != np.uint8 or len(images.shape) != 3 or images.shape[0] != count:
        raise ValueError(
            f"{source}: expected 'imgs' of uint8, shape ({count}, height, width). "
            f"Received: dtype={images.dtype}, shape={images.shape}"
        )
    return images.shape[1:]


def _pack(images: ArrayReader, target: Path, source: Path) -> None:
    def chunks():
        """Go through the images in order."""
        for chunk in images.chunks():
            if chunk.max() > 1:
                raise ValueError(
                    f"{source}: expected pixels 0 and 1. Received: values up to {chunk.max()}"
                )
            yield np.packbits(chunk.reshape(len(chunk), -1), axis=1)

    bytes_per_image = -(-images.shape[1] * images.shape[2] // 8)
    write_array(target, (images.shape[0], bytes_per_image), chunks(), "packing dsprites")
