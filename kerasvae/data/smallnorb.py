"""smallNORB: photographs of 50 toys in five categories, 96x96x1 or resized."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from kerasvae.checks import check_positive_int
from kerasvae.data.cache import converted, write_array
from kerasvae.data.digests import Digest
from kerasvae.data.download import PublicFile, content_key, locate
from kerasvae.data.factors import FactorDataset
from kerasvae.data.limits import check_memory, check_read

FACTOR_VALUES = {
    "category": ("animal", "human", "airplane", "truck", "car"),
    "instance": range(10),
    "elevation": range(30, 75, 5),  # degrees
    "azimuth": range(0, 360, 20),  # degrees
    "lighting": range(6),
}
SIDE = 96
_URL = "https://cs.nyu.edu/~ylclab/data/norb-v1.0-small"
_TRAINING = "smallnorb-5x46789x9x18x6x2x96x96-training"
_TESTING = "smallnorb-5x01235x9x18x6x2x96x96-testing"
# The digests of TensorFlow Datasets' record of these files.
_SHA256 = {
    (_TRAINING, "dat"): "5ffd6272a07d32695ee1082a26a41a93a37aab8c28da047f8c34ed348d214873",
    (_TRAINING, "cat"): "2784e542c1922060691090952b6cd6278879a216c90f81476f0f00256d42cdaa",
    (_TRAINING, "info"): "de7eb932ebe7a4ee16217fead60660d0eb3d23632c2f4d1c51f88c501c17bf32",
    (_TESTING, "dat"): "cf7104eed3e51174d2f65b66d1e5878b9da233b886f161b0d88f4510ba2c7474",
    (_TESTING, "cat"): "ecaf6d5bb8c3bc5eab9cf0258f6d2198dd474e016e374836fc097f2e5ff509ff",
    (_TESTING, "info"): "16adf314226327ee006d1a44db8cfef52773c06c829951d5653a9f6f310248a2",
}
_DTYPES = {0x1E3D4C55: np.dtype("u1"), 0x1E3D4C54: np.dtype("<i4")}  # the format's magic numbers
_ROWS = 1000  # images a time


def load_smallnorb(
    path=None, download: bool = False, verify: bool = True, size: int = 64, instance: bool = False
) -> FactorDataset:
    """The training and the test half together, 48,600 images of the left camera.

    Toys with the same number in different categories have nothing in common, so `instance` is a
    factor only on request: without it, ten images share each combination of the other factors.

    Args:
        path: a folder with your six smallnorb-*.mat.gz files (or, with `verify=False`, the
            unpacked .mat files), or None for those in the cache.
        download: whether they may be downloaded (263 MB).
        verify: whether your copies must be the published ones.
        size: height and width in pixels; 96 leaves the photographs as they are.
        instance: whether the toy's number within its category is a factor.

    Returns:
        A `FactorDataset` of images size x size x 1.

    Raises:
        FileNotFoundError: no file, and no permission to download it.
        ValueError: a truncated, damaged or different file.

    References:
        LeCun, Huang & Bottou 2004, Learning Methods for Generic Object Recognition.
    """
    size = check_positive_int("size", size)
    check_memory(_ROWS * size * size, f"size={size}")
    public = {key: _public(*key) for key in _SHA256}
    sources = {
        key: locate(file, None if path is None else _own(path, file), download, verify)
        for key, file in public.items()
    }
    halves = [_codes(sources[half, "cat"], sources[half, "info"]) for half in (_TRAINING, _TESTING)]
    photographs = {half: sources[half, "dat"] for half in (_TRAINING, _TESTING)}
    keys = [
        content_key(public[half, "dat"], source, verified=path is None or verify)
        for half, source in photographs.items()
    ]
    pixels = converted(
        f"smallnorb-{'-'.join(keys)}-{size}",
        lambda target: _unpack(list(photographs.values()), [len(h) for h in halves], size, target),
    )
    columns = [k for k, name in enumerate(FACTOR_VALUES) if instance or name != "instance"]
    values = [list(FACTOR_VALUES.items())[k] for k in columns]
    codes = np.concatenate(halves)[:, columns]
    return FactorDataset(pixels, dict(values), codes=codes, maximum=255, name="smallnorb")


def _public(half: str, kind: str) -> PublicFile:
    name = f"{half}-{kind}.mat.gz"
    return PublicFile(name, f"{_URL}/{name}", Digest("sha256", _SHA256[half, kind]))


def _own(folder, public: PublicFile) -> Path:
    unpacked = Path(folder).expanduser() / public.name.removesuffix(".gz")
    return unpacked if unpacked.is_file() else unpacked.with_name(public.name)


def _codes(categories: Path, info: Path) -> np.ndarray:
    """(n, 5) codes in the order of FACTOR_VALUES."""
    with _open_matrix(categories, "<i4", (None,)) as (shape, read):
        category = read(shape[0])
    with _open_matrix(info, "<i4", (shape[0], 4)) as (_, read):
        instance, elevation, azimuth, lighting = read(shape[0]).T
    # The file counts azimuths in steps of ten degrees, of which it has every second.
    return np.stack([category, instance, elevation, azimuth // 2, lighting], axis=1)


def _unpack(sources: list[Path], counts: list[int], size: int, target: Path) -> None:
    def chunks() -> Iterator[np.ndarray]:
        """Go through the images in order."""
        for source, count in zip(sources, counts, strict=True):
            with _open_matrix(source, "u1", (count, 2, SIDE, SIDE)) as (_, read):
                for start in range(0, count, _ROWS):
                    left = read(min(_ROWS, count - start))[:, 0]
                    yield _resized(left, size)[..., None]

    write_array(target, (sum(counts), size, size, 1), chunks(), "unpacking smallnorb")


def _resized(images: np.ndarray, size: int) -> np.ndarray:
    if size == SIDE:
        return images
    return np.stack(
        [
            np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS))
            for image in images
        ]
    )


@contextmanager
def _open_matrix(path: Path, dtype: str, shape: tuple[int | None, ...]):
    """Open a file of the database's binary format; yields its shape and read(rows).

    The format: magic number, number of axes, then their sizes (at least three numbers are
    stored), all int32 little-endian; then the elements.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    problem = f"{path}: it is not a smallNORB file, truncated or damaged"
    with _readable(problem), opener(path, "rb") as file:
        magic, axes = np.frombuffer(_exactly(file, 8), "<i4")
        if _DTYPES.get(int(magic)) != np.dtype(dtype) or axes != len(shape):
            raise ValueError(
                f"{problem}. Expected elements {dtype} and {len(shape)} axes. "
                f"Received: magic number {int(magic):#x}, {axes} axes"
            )
        sizes = np.frombuffer(_exactly(file, 4 * max(3, len(shape))), "<i4")[: len(shape)]
        sizes = tuple(int(number) for number in sizes)
        if min(sizes) < 0 or any(
            want not in (None, got) for want, got in zip(shape, sizes, strict=True)
        ):
            raise ValueError(f"{problem}. Expected shape {shape}. Received: {sizes}")
        row = int(np.prod(sizes[1:]))

        def read(rows: int) -> np.ndarray:
            """Read the bytes that come next."""
            with _readable(problem):
                data = _exactly(file, rows * row * np.dtype(dtype).itemsize)
            return np.frombuffer(data, dtype).reshape(rows, *sizes[1:])

        yield sizes, read


def _exactly(file, count: int) -> bytes:
    check_read(count, "a part of a smallNORB file")
    data = file.read(count)
    if len(data) != count:
        raise EOFError(f"{count - len(data)} bytes are missing")
    return data


@contextmanager
def _readable(problem: str) -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{problem} ({error}). Get the file again.") from error
