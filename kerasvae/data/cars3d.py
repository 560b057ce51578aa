"""Cars3D: 183 car models, each from 24 sides and 4 heights, resized to 64x64x3."""

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from kerasvae.data.cache import converted, write_array
from kerasvae.data.digests import Digest
from kerasvae.data.download import PublicFile, content_key, locate
from kerasvae.data.factors import FactorDataset
from kerasvae.data.limits import check_read

# A car of the public archive has 4.7 MB, and all of it less than 2 GB.
MEMBER_BYTES, ARCHIVE_BYTES = 64 * 2**20, 8 * 2**30
ELEVATIONS, AZIMUTHS, SIDE = 4, 24, 64
PUBLIC = PublicFile(
    name="nips2015-analogy-data.tar.gz",
    url="http://www.scottreed.info/files/nips2015-analogy-data.tar.gz",
    digest=Digest("md5", "4e866a7919c1beedf53964e6f7a23686"),
)
_CAR = re.compile(r"(?:^|/)cars/[^/.][^/]*\.mat$")


def load_cars3d(path=None, download: bool = False, verify: bool = True) -> FactorDataset:
    """Renderings of 183 cars: 4 elevations x 24 azimuths x 183 objects.

    The archive's 128x128 pictures are averaged down to 64x64 and kept in the cache (216 MB).
    Objects are numbered in the order of their file names.

    Args:
        path: your copy of the archive, or None for the one in the cache.
        download: whether it may be downloaded.
        verify: whether your copy must be the published one; without it any .tar.gz of the same
            format will do, with fewer cars for instance.

    Returns:
        A `FactorDataset` of images 64x64x3.

    Raises:
        FileNotFoundError: no file, and no permission to download it.
        ValueError: a truncated, damaged or different archive.

    References:
        Reed et al. 2015, Deep Visual Analogy-Making.
    """
    source = locate(PUBLIC, path, download, verify)
    key = content_key(PUBLIC, source, verified=path is None or verify)
    pixels = converted(f"cars3d-{key}-{SIDE}", lambda target: _unpack(source, target))
    objects = len(pixels) // (ELEVATIONS * AZIMUTHS)
    values = {
        "elevation": range(ELEVATIONS),
        "azimuth": np.arange(AZIMUTHS) * (360 / AZIMUTHS),
        "object": range(objects),
    }
    return FactorDataset(pixels, values, maximum=255, name="cars3d")


def _unpack(source: Path, target: Path) -> None:
    cars = dict(_cars(source))
    if not cars:
        raise ValueError(f"{source}: expected files cars/*.mat in the archive, but there are none")
    # (objects, azimuth, elevation, H, W, C) -> elevation, azimuth, object: the factors' order.
    images = np.stack([cars[name] for name in sorted(cars)]).transpose(2, 1, 0, 3, 4, 5)
    images = images.reshape(-1, SIDE, SIDE, 3)
    write_array(target, images.shape, [images], "writing cars3d")


def _cars(source: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Name and images (azimuth, elevation, 64, 64, 3) uint8 of every car in the archive."""
    with (
        _readable(source),
        gzip.open(source) as unpacked,
        tarfile.open(fileobj=_Bounded(unpacked, source), mode="r:") as archive,
    ):
        for member in archive:
            if member.isfile() and _CAR.search(member.name):
                name = f"{source}: {member.name}"
                check_read(member.size, name, MEMBER_BYTES)
                yield member.name, _car(archive.extractfile(member).read(), member.name)


class _Bounded:
    """An unpacked archive that is refused where it grows without end.

    tarfile skips members by seeking, for which gzip unpacks them, and reads the long names of
    members whole, however long they claim to be.
    """

    def __init__(self, file, source: Path):
        self._file, self._source = file, source

    def read(self, size: int) -> bytes:
        """As of a file; a size must be given."""
        check_read(size, f"{self._source}: a part of the archive", MEMBER_BYTES)
        self._check(self._file.tell() + size)
        return self._file.read(size)

    def seek(self, position: int) -> int:
        """As of a file, from its beginning."""
        self._check(position)
        return self._file.seek(position)

    def tell(self) -> int:
        """As of a file."""
        return self._file.tell()

    def _check(self, position: int) -> None:
        if position > ARCHIVE_BYTES:
            raise ValueError(
                f"{self._source}: expected an archive that unpacks to at most {ARCHIVE_BYTES:,} "
                "bytes. It is damaged or of another kind. Get the file again. Received: more"
            )


def _car(data: bytes, name: str) -> np.ndarray:
    from scipy.io import loadmat, whosmat  # only this data set needs it

    expected = (2 * SIDE, 2 * SIDE, 3, AZIMUTHS, ELEVATIONS)
    try:
        # The shape is read first: a small file may unpack to a very large array.
        claimed = [shape for key, shape, _ in whosmat(io.BytesIO(data)) if key == "im"]
        if claimed and claimed[0] != expected:
            raise ValueError(f"expected shape {expected}. Received: shape={claimed[0]}")
        views = loadmat(io.BytesIO(data), variable_names=["im"])["im"]
    except Exception as error:  # scipy has no one error for a damaged file
        raise ValueError(f"{name} cannot be read as a MATLAB file with 'im' ({error})") from error
    if views.dtype != np.uint8 or views.shape != expected:
        raise ValueError(
            f"{name}: expected 'im' of uint8, shape {expected}. "
            f"Received: dtype={views.dtype}, shape={views.shape}"
        )
    views = views.transpose(3, 4, 0, 1, 2)  # (azimuth, elevation, H, W, C)
    small = [
        np.asarray(Image.fromarray(np.ascontiguousarray(view)).reduce(2))
        for view in views.reshape(-1, *views.shape[2:])
    ]
    return np.stack(small).reshape(AZIMUTHS, ELEVATIONS, SIDE, SIDE, 3)


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise ValueError(
            f"{source} cannot be read as a .tar.gz archive: it is of another kind, truncated or "
            f"damaged ({error}). Get the file again."
        ) from error
