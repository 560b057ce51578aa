"""Checks of what a user hands in: images, numbers and names, refused before any work starts."""

import difflib
import math
import numbers
from collections.abc import Iterable

import numpy as np

# Images are read this many bytes at a time, so that a memory-mapped set of any size passes
# through a small window instead of being copied.
CHUNK_BYTES = 64 * 2**20

# float32 rounding of a computed pixel (a resize, a division by 255) may land just outside [0, 1].
TOLERANCE = 1e-5


def check_images(images, image_shape: tuple[int, ...] | None = None, name: str = "images") -> None:
    """Refuse anything but a float array of images (n, H, W, C) with values in [0, 1].

    Args:
        images: what the user gave; a numpy array, a memory map, or a backend's tensor.
        image_shape: (H, W, C) that the images must have, or None for any.
        name: what the argument is called in the error.

    Raises:
        ValueError: not an array, a wrong dtype, rank or size, an empty set, values outside
            [0, 1], NaN or infinity. The message says what to do.

    Example:
        >>> check_images(np.zeros((2, 64, 64, 1), "float32"), image_shape=(64, 64, 1))
        >>> check_images(np.zeros((2, 64, 64), "float32"))
        Traceback (most recent call last):
            ...
        ValueError: images: expected an array of shape (n, height, width, channels)...
    """
    array = _as_array(images, name)
    _check_dtype(array, name)
    _check_shape(array, image_shape, name)
    _check_values(array, name)


def _as_array(images, name: str) -> np.ndarray:
    if isinstance(images, np.ndarray):
        return images
    if hasattr(images, "shape") and hasattr(images, "dtype") and hasattr(images, "__array__"):
        return np.asarray(images)
    raise ValueError(
        f"{name}: expected a float array of shape (n, height, width, channels). "
        f"Make one with np.stack, or read a folder with kerasvae.data.from_images. "
        f"Received: {type(images).__name__}"
    )


def _check_dtype(array: np.ndarray, name: str) -> None:
    if np.issubdtype(array.dtype, np.floating):
        return
    remedy = f"Convert with {name}.astype('float32')"
    if np.issubdtype(array.dtype, np.integer):
        remedy = f"Pixels of 0..255: divide by 255: {name}.astype('float32') / 255"
    elif not (array.dtype == bool or np.issubdtype(array.dtype, np.number)):
        remedy = "Stack images of one size into a single array with np.stack"
    raise ValueError(
        f"{name}: expected floating-point values in [0, 1]. {remedy}. "
        f"Received: dtype={array.dtype}, shape={array.shape}"
    )


def _check_shape(array: np.ndarray, image_shape: tuple[int, ...] | None, name: str) -> None:
    shape = array.shape
    received = f"Received: shape={shape}"
    if image_shape is not None:
        image_shape = tuple(image_shape)
    if array.ndim != 4:
        remedy = f"{array.ndim} axes came"
        if array.ndim == 3 and shape == image_shape:
            remedy = f"A single image needs a batch axis: {name}[None]"
        elif array.ndim == 3:
            remedy = f"Add the missing channel axis: {name}[..., None]"
        raise ValueError(
            f"{name}: expected an array of shape (n, height, width, channels). {remedy}. {received}"
        )
    if array.size == 0:
        raise ValueError(f"{name}: expected at least one image, the array is empty. {received}")
    if image_shape is not None and shape[1:] != image_shape:
        remedy = "Resize the images, or build the model with their image_shape"
        if (*shape[2:], shape[1]) == image_shape:
            remedy = f"Channels come last here: np.moveaxis({name}, 1, -1)"
        raise ValueError(f"{name}: expected images of shape {image_shape}. {remedy}. {received}")


def _check_values(array: np.ndarray, name: str) -> None:
    low, high = math.inf, -math.inf
    step = max(1, CHUNK_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        chunk = array[start : start + step]
        # min and max carry a NaN or an infinity along: two passes and no temporary array.
        chunk_low, chunk_high = float(chunk.min()), float(chunk.max())
        if not (math.isfinite(chunk_low) and math.isfinite(chunk_high)):
            bad = ~np.isfinite(chunk).all(axis=(1, 2, 3))
            raise ValueError(
                f"{name}: expected finite values in [0, 1]. Remove or repair the images with NaN "
                f"or infinity. Received: NaN or infinity, first in {name}[{start + bad.argmax()}]"
            )
        low, high = min(low, chunk_low), max(high, chunk_high)
    if low >= -TOLERANCE and high <= 1 + TOLERANCE:
        return
    remedy = f"Scale them, for instance ({name} - {name}.min()) / ({name}.max() - {name}.min())"
    if low >= 0 and high <= 255:
        remedy = f"Pixels of 0..255: divide by 255: {name} / 255"
    elif low >= -1 and high <= 1:
        remedy = f"Values in [-1, 1]: ({name} + 1) / 2"
    raise ValueError(
        f"{name}: expected values in [0, 1]. {remedy}. Received: values from {low:g} to {high:g}"
    )


def check_positive_int(name: str, value) -> int:
    """Return `value` as an int if it is a whole number of at least 1.

    Raises:
        ValueError: anything else, booleans and whole floats included.

    Example:
        >>> check_positive_int("latent_dim", 0)
        Traceback (most recent call last):
            ...
        ValueError: latent_dim must be a positive whole number. Received: latent_dim=0
    """
    return _check_int(name, value, 1, "a positive whole number")


def check_count(name: str, value) -> int:
    """Return `value` as an int if it is a whole number of at least 0.

    Raises:
        ValueError: anything else, booleans and whole floats included.

    Example:
        >>> check_count("seed", 1.5)
        Traceback (most recent call last):
            ...
        ValueError: seed must be a whole number of at least 0. Received: seed=1.5
    """
    return _check_int(name, value, 0, "a whole number of at least 0")


def _check_int(name: str, value, least: int, expected: str) -> int:
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)
    if not whole or value < least:
        raise ValueError(f"{name} must be {expected}. Received: {name}={value!r}")
    return int(value)


def check_non_negative(name: str, value) -> float:
    """Return `value` as a float if it is a finite real number of at least 0.

    Raises:
        ValueError: a negative number, NaN, infinity, a boolean or anything that is no number.

    Example:
        >>> check_non_negative("beta", -1)
        Traceback (most recent call last):
            ...
        ValueError: beta must be a finite number of at least 0. Received: beta=-1
    """
    real = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    if not real or not math.isfinite(value) or value < 0:
        raise ValueError(
            f"{name} must be a finite number of at least 0. Received: {name}={value!r}"
        )
    return float(value)


def check_choice(name: str, value, choices: Iterable[str]) -> str:
    """Return `value` if it is one of `choices`; the error suggests the nearest of them.

    Raises:
        ValueError: `value` is none of the choices.

    Example:
        >>> check_choice("architecture", "burges", ["burgess", "locatello", "mlp"])
        Traceback (most recent call last):
            ...
        ValueError: architecture must be one of burgess, locatello, mlp. Did you mean 'burgess'? ...
    """
    choices = list(choices)
    if isinstance(value, str) and value in choices:
        return value
    near = difflib.get_close_matches(str(value).lower(), choices, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise ValueError(
        f"{name} must be one of {', '.join(choices)}. {hint}Received: {name}={value!r}"
    )
