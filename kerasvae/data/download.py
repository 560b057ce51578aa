"""Public files: found on disk or downloaded, and checked before anything reads them."""

from dataclasses import dataclass
from pathlib import Path

import pooch

from kerasvae.data.cache import cache_folder
from kerasvae.data.digests import Digest, check_digest, digest_of
from kerasvae.files import atomic_write


@dataclass(frozen=True)
class PublicFile:
    """A file that somebody published: its name, its address and the digest of its content."""

    name: str
    url: str
    digest: Digest

    @property
    def cached(self) -> Path:
        """Where a download of it is kept."""
        return cache_folder() / "downloads" / self.name


def fetch(public: PublicFile) -> Path:
    """Download a public file into the cache, unless it is there already.

    It is written under a temporary name, checked, and only then renamed: a download that fails,
    stops half-way or delivers other content leaves nothing behind.

    Returns:
        The path of the checked file.

    Raises:
        FileNotFoundError: the server did not deliver.
        ValueError: what came is not the published content.
    """
    if public.cached.exists():
        return public.cached
    # identity: the file as it is, not unpacked on the way by a server that labels .gz as encoding
    downloader = pooch.HTTPDownloader(
        progressbar=True, chunk_size=2**16, headers={"Accept-Encoding": "identity"}
    )
    with atomic_write(public.cached) as temporary:
        try:
            downloader(public.url, temporary, None)
        except OSError as error:  # what requests raises is an OSError too
            raise FileNotFoundError(
                f"{public.name} could not be downloaded from {public.url} ({error}). "
                "Try again, or get the file by other means and pass path=."
            ) from error
        check_digest(temporary, public.digest, f"Try again, or compare with {public.url}.")
    return public.cached


def locate(public: PublicFile, path=None, download: bool = False, verify: bool = True) -> Path:
    """Find a public file: the user's `path`, else the cache, else a download if that is allowed.

    Args:
        public: the file.
        path: the user's own copy, or None.
        download: whether it may be downloaded.
        verify: whether the user's copy must have the published content.

    Raises:
        FileNotFoundError: no file there, and no permission to download it.
        ValueError: the content is not the published one.
    """
    if path is None:
        if download or public.cached.exists():
            return fetch(public)
        raise FileNotFoundError(
            f"This data set needs the public file {public.name}. Pass download=True to get it "
            f"from {public.url}, or path= with your own copy. Received: path=None, download=False"
        )
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"path: expected a file like {public.name}. Received: path={path}")
    if verify:
        check_digest(
            path,
            public.digest,
            f"Get it again from {public.url}, or pass verify=False for a file of your own in the "
            "same format.",
        )
    return path


def content_key(public: PublicFile, source: Path, verified: bool) -> str:
    """The start of the digest of `source`: part of the name of what is made of it in the cache."""
    return (public.digest.value if verified else digest_of(source, public.digest.kind))[:16]
