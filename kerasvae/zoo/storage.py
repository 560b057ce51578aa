"""Weights of a trained model in half their size: about 16 bits per number, no code in the file.

Float16 is not enough here: it has 11 bits of precision for every number, and the logits of black
pixels grow to minus several hundred, so that they would be off by a tenth. Whole numbers with one
scale for each output channel have the same size and are ten times more precise.
"""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from keras import ops

# The largest whole number of a kernel by its network and axes, sign aside: 13 bits where codes need
# only be exact to a thousandth of their spread, 16 for the logits, and 19 for convolutions, which
# are a fifth of the numbers and make most of the error.
LARGEST = {
    ("encoder", 2): 2**13 - 1,
    ("decoder", 2): 2**16 - 1,
    ("encoder", 4): 2**19 - 1,
    ("decoder", 4): 2**19 - 1,
}
ROLES = ("encoder", "decoder")
# The decoder's last kernel is few numbers, and its errors reach the logits undamped.
EXACT_KERNELS = 1


def write(path: Path, model, coarser: int = 0) -> None:
    """Write the encoder, the decoder and a learned likelihood scale; no discriminator.

    Args:
        path: the .npz file to write.
        model: any model of kerasvae with networks of its own making.
        coarser: how many bits fewer a number gets, for a network that would be too large.

    Raises:
        ValueError: networks that the user gave: no card can describe them.
    """
    own = [role for role, network in model.custom_networks.items() if network is not None]
    if own:
        raise ValueError(
            "The zoo keeps models whose networks an architecture's name describes. "
            f"Received: a model with its own {', '.join(own)}"
        )
    weights = {key: ops.convert_to_numpy(variable) for key, variable in variables(model)}
    kernels = [key for key, array in weights.items() if array.ndim > 1]
    arrays = {}
    for key, array in weights.items():
        if key in kernels[:-EXACT_KERNELS]:
            largest = LARGEST[key.partition(".")[0], array.ndim] >> coarser
            arrays[key], arrays[f"{key}.scale"] = quantise(array, largest)
        else:
            arrays[key] = array
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)


def read(file, model) -> None:
    """Read what `write` wrote into a model of the same settings.

    Args:
        file: a path, or an open binary file.
        model: its weights are replaced, all or none of them.

    Raises:
        ValueError: a truncated or damaged file, or arrays that are not those of the model.
    """
    try:
        with np.load(file, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"The file of weights is truncated or damaged ({error}).") from error
    expected = dict(variables(model))
    found = {key: _restored(key, arrays) for key in arrays if not key.endswith(".scale")}
    shapes = {key: tuple(variable.shape) for key, variable in expected.items()}
    received = {key: array.shape for key, array in found.items()}
    if received != shapes:
        differ = sorted(key for key in shapes | received if shapes.get(key) != received.get(key))
        raise ValueError(
            f"The weights do not fit this {type(model).__name__}: {differ[0]} expected shape "
            f"{shapes.get(differ[0])}. Received: {received.get(differ[0])}"
        )
    for key, variable in expected.items():
        variable.assign(found[key])


def variables(model) -> Iterator[tuple[str, object]]:
    """(key, variable) of everything that is kept of a model."""
    for role in ROLES:
        for number, variable in enumerate(getattr(model, role).weights):
            yield f"{role}.{number:02}", variable
    if hasattr(model.log_scale, "assign"):
        yield "log_scale", model.log_scale


def quantise(array: np.ndarray, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers for an array of floats, and the scale of each last index.

    Args:
        array: floats, at least two axes.
        largest: whole number that stands for the largest number of each last index, below 2**23.

    Returns:
        (2 or 3, *shape) uint8, the low bytes first: apart from each other, for only the high ones
        can be compressed; and (last axis,) float32: array is about whole number * scale.

    Example:
        >>> planes, scale = quantise(np.array([[0.5, 3.0], [-1.0, 1.0]]), largest=10_000)
        >>> dequantise(planes, scale).round(3)
        array([[ 0.5,  3. ],
               [-1. ,  1. ]], dtype=float32)
    """
    furthest = np.abs(array).max(axis=tuple(range(array.ndim - 1)))
    # Smaller numbers have no scale that float32 can hold, and are as good as 0.
    normal = furthest >= largest * np.finfo("float32").tiny
    scale = (np.where(normal, furthest, 1.0) / largest).astype("float32")
    whole = np.rint(array / scale).astype("int32")
    count = 2 if largest < 2**15 else 3
    planes = [(whole >> 8 * number & 255).astype("uint8") for number in range(count)]
    return np.stack(planes), scale


def dequantise(planes: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The floats that `quantise` made whole numbers of, to half a scale's precision."""
    weights = 256 ** np.arange(len(planes))
    whole = np.tensordot(weights, planes.astype("int64"), axes=1)
    negative = planes[-1] >= 128  # the highest bit is the sign
    return ((whole - negative * 256 ** len(planes)) * scale).astype("float32")


def _restored(key: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    array, scale = arrays[key], arrays.get(f"{key}.scale")
    if scale is None:
        return array
    fits = array.dtype == np.uint8 and array.ndim > 2 and array.shape[0] in (2, 3)
    if not fits or scale.shape != array.shape[-1:] or scale.dtype != np.float32:
        raise ValueError(
            f"{key}: expected planes of bytes and a scale for each output channel. "
            f"Received: {array.dtype} {array.shape}, scale {scale.dtype} {scale.shape}"
        )
    return dequantise(array, scale)
