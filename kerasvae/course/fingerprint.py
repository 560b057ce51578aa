"""Tells whether a chapter that was run would run the same again: its code and all that it uses.

`make tutorials` and `make test` run the same cells. Where the first has done so with the very code
that is there now, the second checks the outputs that it left, and runs the other chapters only:
`python -m kerasvae.course.fingerprint` lists those.
"""

import hashlib
import os
import sys
from importlib import metadata
from pathlib import Path

import nbformat

from kerasvae.course.chapters import chapters, find_tutorials, longest_first

PACKAGE = Path(__file__).resolve().parents[1]
# What computes; everything else comes in the versions that these ask for.
COMPUTING = ("tensorflow", "keras", "jax", "numpy", "scipy", "scikit-learn", "lightgbm")


def fingerprint(notebook: nbformat.NotebookNode) -> str:
    """Digest what the outputs of a chapter depend on.

    Args:
        notebook: the chapter.

    Returns:
        A digest of its code, the package's files, the versions of the libraries that compute, and
        the backend, in hexadecimal.
    """
    digest = hashlib.sha256()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            digest.update(cell.source.encode() + b"\0")
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    for name in COMPUTING:
        try:
            digest.update(f"{name} {metadata.version(name)}\0".encode())
        except metadata.PackageNotFoundError:
            continue
    digest.update(os.environ.get("KERAS_BACKEND", "tensorflow").encode())
    return digest.hexdigest()


def executed(chapter: Path, out: Path) -> nbformat.NotebookNode | None:
    """Find what an earlier run made of a chapter, if it would make the same of it now.

    Args:
        chapter: the notebook as it is stored in the chapters' folder.
        out: the folder of the executed notebooks.

    Returns:
        The executed notebook, every cell of which passed at the quick tier; else None.
    """
    path = out / chapter.name
    if not path.exists():
        return None
    notebook = nbformat.read(path, as_version=4)
    made = notebook.metadata.get("kerasvae", {})
    now = fingerprint(nbformat.read(chapter, as_version=4))
    return notebook if made == {"fingerprint": now, "tier": "quick"} else None


def main() -> int:
    """Print the chapters that no earlier run has answered for, the longest first.

    Returns:
        The exit status.
    """
    folder = find_tutorials()
    out = folder.parent / "build" / "tutorials"
    for path in longest_first(chapters(folder), folder):
        if executed(path, out) is None:
            print(os.path.relpath(path))
    return 0


if __name__ == "__main__":
    sys.exit(main())
