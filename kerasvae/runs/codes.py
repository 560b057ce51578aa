"""codes.npz: the codes of some images, by which runs that differ in their seed are compared."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerasvae.files import atomic_write
from kerasvae.runs.errors import DamagedFileError

CODES = "codes.npz"
CODED = 1000  # images whose codes are kept for the comparison with other seeds


def write_codes(folder: Path, loc: np.ndarray, kl: Sequence[float]) -> None:
    """Keep the codes of some images, the same for every run of as many images.

    Args:
        folder: of the run.
        loc: (N, D) posterior means of all images that were measured.
        kl: (D,) mean KL of each dimension, nats.
    """
    count = min(CODED, len(loc))
    drawn = np.sort(np.random.default_rng(0).choice(len(loc), count, replace=False))
    with atomic_write(folder / CODES) as temporary, open(temporary, "wb") as file:
        np.savez(file, indices=drawn, loc=loc[drawn], kl=np.asarray(kl, "float64"))


def read_codes(folder: Path) -> dict[str, np.ndarray] | None:
    """What `write_codes` wrote: indices (n,), loc (n, D), kl (D,); None if there is no such file.

    Raises:
        DamagedFileError: the file holds something else.
    """
    path = folder / CODES
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as content:
            codes = {name: content[name] for name in ("indices", "loc", "kl")}
        if codes["loc"].shape != (*codes["indices"].shape, *codes["kl"].shape):
            raise ValueError("arrays whose sizes do not fit")
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        remedy = f"Measure the run again: kerasvae evaluate {folder}"
        raise DamagedFileError(path, f"{error}. {remedy}") from error
    return codes
