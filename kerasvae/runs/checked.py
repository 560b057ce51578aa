"""Checks of what stands in a file: names that must be there, and kinds of values."""

import numbers
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from kerasvae.checks import check_choice
from kerasvae.runs.errors import DamagedFileError

# Kinds of values in JSON, by the kind of a default; true is no number here.
KINDS = (
    (bool, "true or false"),
    (numbers.Real, "a number"),
    (str, "a name"),
    ((list, tuple), "a list"),
)


def check_names(
    where: str, given, known: Collection[str] | None = None, needed: Collection[str] = ()
) -> None:
    """Refuse anything but a dict with certain names.

    Args:
        where: what the dict is called in the error.
        given: what came.
        known: names that may be there; None for any.
        needed: names that must be there.

    Raises:
        ValueError: no dict, an unknown name, or a missing one.

    Example:
        >>> check_names("data", {"source": "digits"}, needed=["source", "images"])
        Traceback (most recent call last):
            ...
        ValueError: data: images missing
    """
    if not isinstance(given, Mapping):
        raise ValueError(f"{where}: expected names with values. Received: {shown(given)}")
    for name in given:
        if known is not None:
            check_choice(f"a key of {where}", name, known)
    missing = [name for name in needed if name not in given]
    if missing:
        raise ValueError(f"{where}: {' and '.join(missing)} missing")


def check_kind(name: str, value, default) -> None:
    """Refuse a value that is not of the kind of a default; None stands for any kind.

    Raises:
        ValueError: for instance a text in place of a number.

    Example:
        >>> check_kind("beta", 4, 1.0)
        >>> check_kind("beta", "4", 1.0)
        Traceback (most recent call last):
            ...
        ValueError: beta must be a number. Received: beta='4'
    """
    for kind, words in KINDS:
        if isinstance(default, kind):
            if not isinstance(value, kind) or isinstance(value, bool) != isinstance(default, bool):
                raise ValueError(f"{name} must be {words}. Received: {name}={shown(value)}")
            return


def shown(value, length: int = 100) -> str:
    """A value as text, shortened where it is long."""
    text = repr(value)
    return text if len(text) <= length else f"{text[:length]}..."


def read_checked(path: Path, read: Callable[[str], object], remedy: str, *arguments: str):
    """Read a text file of a run folder.

    Args:
        path: of the file.
        read: from its text to its checked content; raises ValueError.
        remedy: what to do about a damaged file.
        *arguments: that the remedy speaks of, see `kerasvae.runs.errors.ArgumentError`.

    Returns:
        What `read` returned.

    Raises:
        DamagedFileError: names the file and what is wrong.
        OSError: the system does not let it be read.
    """
    try:
        return read(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(path, f"{error}. {remedy}", *arguments) from error
