"""3D Shapes: 480,000 colour images of one object in a room, 64x64x3."""

from pathlib import Path

import numpy as np

from kerasvae.data.archives import open_h5_array
from kerasvae.data.cache import converted, write_array
from kerasvae.data.digests import Digest
from kerasvae.data.download import PublicFile, content_key, locate
from kerasvae.data.factors import FactorDataset, codes_and_values

FACTOR_NAMES = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
PUBLIC = PublicFile(
    name="3dshapes.h5",
    url="https://storage.googleapis.com/3d-shapes/3dshapes.h5",
    digest=Digest("md5", "099a2078d58cec4daad0702c55d06868"),
)


def load_shapes3d(path=None, download: bool = False, verify: bool = True) -> FactorDataset:
    """The public 3D Shapes file: 10 x 10 x 10 x 8 x 4 x 15 combinations of six factors.

    The file's images are compressed in blocks, too slow to read at random. They are unpacked once
    into the cache (5.9 GB, memory-mapped); after that they take hardly any memory.

    Args:
        path: your copy of 3dshapes.h5, or None for the one in the cache.
        download: whether it may be downloaded (268 MB).
        verify: whether your copy must be the published one; without it any file of the same
            format will do, a smaller grid for instance.

    Returns:
        A `FactorDataset` of images 64x64x3.

    Raises:
        FileNotFoundError: no file, and no permission to download it.
        ValueError: a truncated, damaged or different file.

    References:
        Burgess & Kim 2018, 3D Shapes Dataset.
    """
    source = locate(PUBLIC, path, download, verify)
    with open_h5_array(source, "labels") as labels:
        codes, values = codes_and_values(labels.read(), FACTOR_NAMES, source)
    key = content_key(PUBLIC, source, verified=path is None or verify)
    pixels = converted(f"shapes3d-{key}", lambda target: _unpack(source, target, len(codes)))
    return FactorDataset(pixels, values, codes=codes, maximum=255, name="shapes3d")


def _unpack(source: Path, target: Path, count: int) -> None:
    with open_h5_array(source, "images") as images:
        if images.dtype != np.uint8 or len(images.shape) != 4 or images.shape[0] != count:
            raise ValueError(
                f"{source}: expected 'images' of uint8, shape ({count}, height, width, 3), one "
                f"for each row of 'labels'. Received: dtype={images.dtype}, shape={images.shape}"
            )
        write_array(target, images.shape, images.chunks(), "unpacking shapes3d")
