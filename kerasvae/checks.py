"""Checks of what a user hands in: images, numbers and names, refused before any work starts."""

import difflib
import math
import numbers
from collections.abc import Callable, Iterable

import numpy as np

# Images are read this many bytes at a time, so that a memory-mapped set of any size passes
# through a small window instead of being copied.
CHUNK_BYTES = 64 * 2**20

# float32 rounding of a computed pixel (a resize, a division by 255) may land just outside [0, 1].
TOLERANCE = 1e-5


# What white may be stored as: 8, 10, 12, 14 and 16 bits per pixel.
_WHITES = {255: "", 1023: "10 bits", 4095: "12 bits", 16383: "14 bits", 65535: "16 bits"}


def check_images(
    images,
    image_shape: tuple[int, ...] | None = None,
    name: str = "images",
    *,
    label: str | None = None,
    write: Callable[[str], str] = str,
) -> None:
    """Refuse anything but a float array of images (n, H, W, C) with values in [0, 1].

    Args:
        images: what the user gave; a numpy array, a memory map, or a backend's tensor.
        image_shape: (H, W, C) that the images must have, or None for any.
        name: what the argument is called in the error, and in the remedy's expression.
        label: how the error begins, where that is not the name ("x, first batch").
        write: turns the remedy's expression into the line to write, for images inside something
            else (`lambda line: f"x.map(lambda images: {line})"`).

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
    label = label or name
    array = _as_array(images, label)
    _check_dtype(array, name, label, write)
    _check_shape(array, image_shape, name, label, write)
    _check_values(array, name, label, write)


def _as_array(images, label: str) -> np.ndarray:
    if isinstance(images, np.ma.MaskedArray):
        raise ValueError(
            f"{label}: expected an array without a mask. Put a value in the masked places: "
            f"images.filled(0). Received: {type(images).__name__}"
        )
    if isinstance(images, np.ndarray):
        return images
    if is_array(images):
        return np.asarray(images)
    raise ValueError(
        f"{label}: expected a float array of shape (n, height, width, channels). "
        f"Make one with np.stack, or read a folder with kerasvae.data.from_images. "
        f"Received: {type(images).__name__}"
    )


def is_array(value) -> bool:
    """Whether numpy can read a value: an array, a memory map, or a backend's tensor."""
    return all(hasattr(value, name) for name in ("shape", "dtype", "__array__"))


def _check_dtype(array: np.ndarray, name: str, label: str, write) -> None:
    if np.issubdtype(array.dtype, np.floating):
        return
    as_float = f"{name}.astype('float32')"
    received = f"Received: dtype={array.dtype}, shape={array.shape}"
    if np.issubdtype(array.dtype, np.integer):
        low, high = _sampled_range(array)
        sentence, expression = _scaling(low, high, as_float, whole=True)
        remedy = f"{sentence}: {write(expression)}"
        received += f", values from {low:g} to {high:g}"
    elif array.dtype == bool or np.issubdtype(array.dtype, np.number):
        remedy = f"Convert with {write(as_float)}"
    else:
        remedy = "Stack images of one size into a single array with np.stack"
    raise ValueError(f"{label}: expected floating-point values in [0, 1]. {remedy}. {received}")


def _sampled_range(array: np.ndarray) -> tuple[float, float]:
    """Lowest and highest value in at most CHUNK_BYTES of rows, spread over the array."""
    if array.size == 0 or array.ndim == 0:
        return (0.0, 0.0) if array.size == 0 else (float(array), float(array))
    rows = max(1, CHUNK_BYTES // max(1, array[:1].nbytes))
    sample = array[:: -(-len(array) // rows)]
    return float(sample.min()), float(sample.max())


def _scaling(low: float, high: float, name: str, whole: bool) -> tuple[str, str]:
    """How to bring values to [0, 1]: a sentence, and the expression to write."""
    white = next((white for white in _WHITES if high <= white), None)
    if whole and low >= 0 and high <= 1:
        return "Values of 0 and 1: convert them, they need no division", name
    if low >= 0 and white == 255 and (high >= 128 or not whole):
        return "Pixels of 0..255: divide by 255", f"{name} / 255"
    if low >= 0 and white == 255:
        return (
            f"Divide by the value that means white, 255 in 8-bit pictures (the largest here is "
            f"{high:g})",
            f"{name} / 255",
        )
    if low >= 0 and white is not None:
        return f"Pixels of 0..{white} ({_WHITES[white]}): divide by {white}", f"{name} / {white}"
    if not whole and low >= -1 and high <= 1:
        return "Values in [-1, 1]", f"({name} + 1) / 2"
    return "Scale them, for instance", f"({name} - {low:g}) / {high - low:g}"


def _check_shape(array: np.ndarray, image_shape, name: str, label: str, write) -> None:
    shape = array.shape
    received = f"Received: shape={shape}"
    if image_shape is not None:
        image_shape = tuple(image_shape)
    if array.ndim != 4:
        remedy = f"The array has {array.ndim} axes"
        if array.ndim == 3 and shape == image_shape:
            remedy = f"A single image needs a batch axis: {write(f'{name}[None]')}"
        elif array.ndim == 3:
            remedy = f"Add the missing channel axis: {write(f'{name}[..., None]')}"
        raise ValueError(
            f"{label}: expected an array of shape (n, height, width, channels). {remedy}. "
            f"{received}"
        )
    if array.size == 0:
        raise ValueError(f"{label}: expected at least one image; the array has none. {received}")
    if image_shape is not None and shape[1:] != image_shape:
        remedy = "Resize the images, or build the model with their image_shape"
        if (*shape[2:], shape[1]) == image_shape:
            remedy = f"Channels come last here: {write(f'np.moveaxis({name}, 1, -1)')}"
        raise ValueError(f"{label}: expected images of shape {image_shape}. {remedy}. {received}")


def _check_values(array: np.ndarray, name: str, label: str, write) -> None:
    low, high = math.inf, -math.inf
    step = max(1, CHUNK_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        chunk = array[start : start + step]
        # min and max carry a NaN or an infinity along: two passes and no temporary array.
        chunk_low, chunk_high = float(chunk.min()), float(chunk.max())
        if not (math.isfinite(chunk_low) and math.isfinite(chunk_high)):
            bad = ~np.isfinite(chunk).all(axis=(1, 2, 3))
            raise ValueError(
                f"{label}: expected finite values in [0, 1]. Remove or repair the images with NaN "
                f"or infinity. Received: NaN or infinity, first in {name}[{start + bad.argmax()}]"
            )
        low, high = min(low, chunk_low), max(high, chunk_high)
    if low >= -TOLERANCE and high <= 1 + TOLERANCE:
        return
    sentence, expression = _scaling(low, high, name, whole=False)
    raise ValueError(
        f"{label}: expected values in [0, 1]. {sentence}: {write(expression)}. "
        f"Received: values from {low:g} to {high:g}"
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
        ValueError: a negative number, NaN, infinity, a boolean or anything that is not a number.

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
        ValueError: `value` is not one of the choices.

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
