"""MPI3D: a robot arm that holds an object, 1,036,800 images 64x64x3, drawn or photographed."""

from pathlib import Path

import numpy as np

from kerasvae.checks import check_choice
from kerasvae.data.archives import open_npz_array
from kerasvae.data.cache import converted, write_array
from kerasvae.data.digests import Digest
from kerasvae.data.download import PublicFile, content_key, locate
from kerasvae.data.factors import FactorDataset

FACTOR_VALUES = {
    "object_color": ("white", "green", "red", "blue", "brown", "olive"),
    "object_shape": ("cone", "cube", "cylinder", "hexagonal", "pyramid", "sphere"),
    "object_size": ("small", "large"),
    "camera_height": ("top", "center", "bottom"),
    "background_color": ("purple", "sea green", "salmon"),
    "horizontal_axis": range(40),
    "vertical_axis": range(40),
}
IMAGE_SHAPE = (64, 64, 3)
MD5 = {
    "toy": "55889cb7c7dfc655d6e0277beee88868",
    "realistic": "59a6225b88b635365f70c91b3e52f70f",
    "real": "0f33f609918fb5c97996692f91129802",
}
FOLDER = "https://storage.googleapis.com/disentanglement_dataset/Final_Dataset"


def load_mpi3d(
    variant: str = "toy", path=None, download: bool = False, verify: bool = True
) -> FactorDataset:
    """One of the three public MPI3D files: 6 x 6 x 2 x 3 x 3 x 40 x 40 combinations.

    The images are unpacked once into the cache (12.7 GB, memory-mapped).

    Args:
        variant: "toy" (simple renderings), "realistic" (realistic ones) or "real" (photographs).
        path: your copy of mpi3d_<variant>.npz, or None for the one in the cache.
        download: whether it may be downloaded (gigabytes).
        verify: whether your copy must be the published one; checking this reads the whole file,
            which takes a while. Without it the number and size of the images are still checked.

    Returns:
        A `FactorDataset` of images 64x64x3.

    Raises:
        FileNotFoundError: no file, and no permission to download it.
        ValueError: an unknown variant; a truncated, damaged or different file.

    References:
        Gondal et al. 2019, On the Transfer of Inductive Bias from Simulation to the Real World.
    """
    check_choice("variant", variant, MD5)
    file_name = f"mpi3d_{variant}.npz"
    public = PublicFile(file_name, f"{FOLDER}/{file_name}", Digest("md5", MD5[variant]))
    source = locate(public, path, download, verify)
    key = content_key(public, source, verified=path is None or verify)
    pixels = converted(f"mpi3d-{variant}-{key}", lambda target: _unpack(source, target))
    return FactorDataset(pixels, FACTOR_VALUES, maximum=255, name=f"mpi3d {variant}")


def _unpack(source: Path, target: Path) -> None:
    shape = (int(np.prod([len(values) for values in FACTOR_VALUES.values()])), *IMAGE_SHAPE)
    with open_npz_array(source, "images") as images:
        if images.dtype != np.uint8 or images.shape != shape:
            raise ValueError(
                f"{source}: expected 'images' of uint8, shape {shape}. "
                f"Received: dtype={images.dtype}, shape={images.shape}"
            )
        write_array(target, shape, images.chunks(), "unpacking mpi3d")
