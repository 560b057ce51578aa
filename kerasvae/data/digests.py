"""Is a file the published one? Digests of contents, compared before anything is read."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Digest:
    """A published digest: kind "md5", "sha256" or "git-blob", and its hexadecimal value."""

    kind: str
    value: str


def digest_of(path: Path, kind: str) -> str:
    """Hexadecimal digest of a file's content, read in pieces.

    Formula:
        git-blob: sha1 over b"blob <size in bytes>\\0" and the content, as `git hash-object`.

    Args:
        path: the file.
        kind: "md5", "sha256" or "git-blob".

    Example:
        >>> import tempfile
        >>> empty = Path(tempfile.mkdtemp(), "empty")
        >>> empty.touch()
        >>> digest_of(empty, "git-blob")  # git's well-known blob of nothing
        'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    with open(path, "rb") as file:
        if kind == "git-blob":
            start = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
            return hashlib.file_digest(file, start.copy).hexdigest()
        return hashlib.file_digest(file, kind).hexdigest()


def check_digest(path: Path, expected: Digest, remedy: str) -> None:
    """Refuse a file whose content is not the published one.

    Raises:
        ValueError: the digests differ; the message ends with what to do.
    """
    received = digest_of(path, expected.kind)
    if received != expected.value:
        raise ValueError(
            f"{path} is not the published file: it is truncated, tampered with or another "
            f"version. Expected {expected.kind} {expected.value}, received {received} "
            f"({path.stat().st_size:,} bytes). {remedy}"
        )
