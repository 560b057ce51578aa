"""The data sets by name."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from kerasvae.checks import check_choice
from kerasvae.data.cars3d import load_cars3d
from kerasvae.data.colour_sprites import load_colour_sprites
from kerasvae.data.digits import load_digits
from kerasvae.data.discs import load_discs
from kerasvae.data.dsprites import load_dsprites, load_dsprites_mini
from kerasvae.data.dsprites_variants import load_color_dsprites, load_noisy_dsprites
from kerasvae.data.factors import FactorDataset
from kerasvae.data.mnist import load_fashion_mnist, load_mnist
from kerasvae.data.mpi3d import load_mpi3d
from kerasvae.data.shapes3d import load_shapes3d
from kerasvae.data.smallnorb import load_smallnorb


@dataclass(frozen=True)
class DatasetInfo:
    """What a table of the data sets shows."""

    name: str
    images: int
    image_shape: tuple[int, int, int]
    factors: dict[str, int]
    needs_download: bool
    download: str
    licence: str
    loader: Callable[..., FactorDataset]


_OF_DSPRITES = {"shape": 3, "scale": 6, "orientation": 40, "x": 32, "y": 32}

_INFOS = (
    DatasetInfo(
        name="dsprites",
        images=737_280,
        image_shape=(64, 64, 1),
        factors=_OF_DSPRITES,
        needs_download=False,
        download="none (public file: 26 MB)",
        licence="Apache-2.0",
        loader=load_dsprites,
    ),
    DatasetInfo(
        name="dsprites-mini",
        images=3_072,
        image_shape=(32, 32, 1),
        factors={"shape": 3, "scale": 4, "orientation": 4, "x": 8, "y": 8},
        needs_download=False,
        download="none",
        licence="Apache-2.0",
        loader=load_dsprites_mini,
    ),
    DatasetInfo(
        name="discs",
        images=2_048,
        image_shape=(32, 32, 1),
        factors={"x": 16, "y": 16, "radius": 8},
        needs_download=False,
        download="none",
        licence="Apache-2.0 (drawn by kerasvae)",
        loader=load_discs,
    ),
    DatasetInfo(
        name="colour-sprites",
        images=3_888,
        image_shape=(32, 32, 3),
        factors={"shape": 3, "object_hue": 6, "background_hue": 6, "x": 6, "y": 6},
        needs_download=False,
        download="none",
        licence="Apache-2.0 (drawn by kerasvae)",
        loader=load_colour_sprites,
    ),
    DatasetInfo(
        name="color-dsprites",
        images=737_280,
        image_shape=(64, 64, 3),
        factors=_OF_DSPRITES,
        needs_download=False,
        download="none",
        licence="Apache-2.0",
        loader=load_color_dsprites,
    ),
    DatasetInfo(
        name="noisy-dsprites",
        images=737_280,
        image_shape=(64, 64, 3),
        factors=_OF_DSPRITES,
        needs_download=False,
        download="none",
        licence="Apache-2.0",
        loader=load_noisy_dsprites,
    ),
    DatasetInfo(
        name="digits",
        images=1_797,
        image_shape=(8, 8, 1),
        factors={"digit": 10},
        needs_download=False,
        download="none (in scikit-learn)",
        licence="CC BY 4.0",
        loader=load_digits,
    ),
    DatasetInfo(
        name="shapes3d",
        images=480_000,
        image_shape=(64, 64, 3),
        factors={
            "floor_hue": 10,
            "wall_hue": 10,
            "object_hue": 10,
            "scale": 8,
            "shape": 4,
            "orientation": 15,
        },
        needs_download=True,
        download="268 MB",
        licence="Apache-2.0",
        loader=load_shapes3d,
    ),
    DatasetInfo(
        name="mpi3d",
        images=1_036_800,
        image_shape=(64, 64, 3),
        factors={
            "object_color": 6,
            "object_shape": 6,
            "object_size": 2,
            "camera_height": 3,
            "background_color": 3,
            "horizontal_axis": 40,
            "vertical_axis": 40,
        },
        needs_download=True,
        download="gigabytes (12.7 GB unpacked)",
        licence="CC BY 4.0",
        loader=load_mpi3d,
    ),
    DatasetInfo(
        name="cars3d",
        images=17_568,
        image_shape=(64, 64, 3),
        factors={"elevation": 4, "azimuth": 24, "object": 183},
        needs_download=True,
        download="not stated (216 MB unpacked)",
        licence="not stated",
        loader=load_cars3d,
    ),
    DatasetInfo(
        name="smallnorb",
        images=48_600,
        image_shape=(64, 64, 1),
        factors={"category": 5, "elevation": 9, "azimuth": 18, "lighting": 6},
        needs_download=True,
        download="263 MB",
        licence="research only",
        loader=load_smallnorb,
    ),
    DatasetInfo(
        name="mnist",
        images=70_000,
        image_shape=(28, 28, 1),
        factors={"digit": 10},
        needs_download=True,
        download="11 MB (by Keras)",
        licence="CC BY-SA 3.0",
        loader=load_mnist,
    ),
    DatasetInfo(
        name="fashion-mnist",
        images=70_000,
        image_shape=(28, 28, 1),
        factors={"article": 10},
        needs_download=True,
        download="30 MB (by Keras)",
        licence="MIT",
        loader=load_fashion_mnist,
    ),
)


def load(name: str, **options) -> FactorDataset:
    """Load a data set with known factors by name.

    Args:
        name: dsprites, dsprites-mini, discs, colour-sprites, color-dsprites, noisy-dsprites,
            digits, shapes3d, mpi3d, cars3d, smallnorb, mnist or fashion-mnist.
        options: options of the data set's loader, for instance `path=` (your copy of the public
            file) or `download=True`; see load_<name> in the file of that name.

    Returns:
        A `FactorDataset`.

    Raises:
        ValueError: an unknown name or option, with the nearest one; a damaged file.
        FileNotFoundError: a file that is needed but not there.

    Example:
        >>> load("dsprites-mini").factor_sizes
        (3, 4, 4, 8, 8)
        >>> load("dsprites_mini")
        Traceback (most recent call last):
            ...
        ValueError: name must be one of dsprites, ... Did you mean 'dsprites-mini'? ...
    """
    infos = {info.name: info for info in _INFOS}
    loader = infos[check_choice("name", name, infos)].loader
    known = list(inspect.signature(loader).parameters)
    for option in options:
        if not known:
            raise ValueError(f"{name} takes no options. Received: {option}={options[option]!r}")
        check_choice(f"an option of {name}", option, known)
    return loader(**options)


def names() -> tuple[str, ...]:
    """Names that `load` knows.

    Example:
        >>> names()[:4]
        ('dsprites', 'dsprites-mini', 'discs', 'colour-sprites')
    """
    return tuple(info.name for info in _INFOS)


def describe() -> tuple[DatasetInfo, ...]:
    """What there is to say about each data set, for a table."""
    return _INFOS
