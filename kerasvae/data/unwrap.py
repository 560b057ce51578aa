"""Images out of the forms in which Keras passes inputs with targets: (x,), (x, None), (x, x)."""

import numpy as np

from kerasvae.checks import is_array


def unwrap(batch, name: str, hint=None):
    """The images of a batch or of a whole data set; targets other than the images are refused.

    Args:
        batch: images, or a tuple or list that begins with them.
        name: how the error begins.
        hint: hint(batch) -> the line to write where there are targets or keys; None for arrays.

    Returns:
        The images, as they came.

    Raises:
        ValueError: targets that differ from the images, sample weights, or a dictionary.

    Example:
        >>> unwrap((np.zeros(3), None), "x")
        array([0., 0., 0.])
        >>> unwrap((np.zeros(3), np.ones(3)), "x")
        Traceback (most recent call last):
            ...
        ValueError: x: expected images alone; the models here learn from images only. ...
    """
    if isinstance(batch, dict):
        line = f"{name}[{image_key(batch)!r}]" if hint is None else hint(batch)
        raise ValueError(
            f"{name}: expected images alone. Take them out of the dictionary: {line}. "
            f"Received: keys {', '.join(map(repr, batch))}"
        )
    if not isinstance(batch, tuple | list):
        return batch
    if len(batch) == 0:
        raise ValueError(f"{name}: expected images. Received: an empty {type(batch).__name__}")
    images, rest = batch[0], batch[1:]
    given = [part for part in rest if part is not None]
    if isinstance(batch, list) and getattr(images, "ndim", 4) < 4 and len(batch) > 1:
        raise ValueError(
            f"{name}: expected one array (n, height, width, channels). Stack the images with "
            f"np.stack. Received: a list of {len(batch)}"
        )
    if not given or (len(given) == 1 and rest[0] is not None and _same(images, given[0])):
        return images
    line = f"{name}[0]" if hint is None else hint(batch)
    raise ValueError(
        f"{name}: expected images alone; the models here learn from images only. Leave out "
        f"targets, labels and sample weights: {line}. Received: "
        f"({', '.join(map(_described, batch))})"
    )


def image_key(batch: dict):
    """The key under which a dictionary most likely has the images."""
    return next(
        (key for key in ("image", "images", "x") if key in batch), next(iter(batch), "image")
    )


def _same(images, target) -> bool:
    if images is target:
        return True
    if not (is_array(images) and is_array(target)):
        return False
    if tuple(images.shape) != tuple(target.shape):
        return False
    return bool(np.array_equal(np.asarray(images), np.asarray(target)))


def _described(part) -> str:
    if is_array(part):
        return f"{type(part).__name__} of shape {tuple(part.shape)}"
    return "None" if part is None else type(part).__name__
