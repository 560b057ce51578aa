"""Finds the chapters, tutorials/NN_topic.ipynb: their number gives the order, their name the rest.

A chapter can be put between two others by giving it and its followers new numbers; links go by
the name alone, so no other chapter's text changes.
"""

import re
from collections.abc import Sequence
from pathlib import Path

CHAPTER_NAME = re.compile(r"\d\d_\w+")
LISTED_SECONDS = re.compile(r"\]\(tutorials/(\w+)\.ipynb\).*\|\s*(\d+)\s*\|\s*$", re.MULTILINE)


def find_tutorials(folder: str | Path | None = None) -> Path:
    """Find the folder of the chapters: the one given, or that of the checkout.

    Args:
        folder: the folder itself; by default `tutorials` in the current folder, then in the
            repository that kerasvae was installed from.

    Returns:
        The folder, as an absolute path.

    Raises:
        FileNotFoundError: when no candidate holds `tutorials/source` or a chapter.
    """
    here, checkout = Path.cwd(), Path(__file__).resolve().parents[2]
    places = [Path(folder)] if folder else [here / "tutorials", here, checkout / "tutorials"]
    for place in places:
        if any(CHAPTER_NAME.fullmatch(path.stem) for path in place.glob("*.ipynb")):
            return place.resolve()
        if (place / "source").is_dir():
            return place.resolve()
    raise FileNotFoundError(
        "Expected a folder with chapters, such as tutorials/01_elbo.ipynb. Looked in: "
        f"{', '.join(map(str, places))}. Run this in a clone of the repository: "
        "the installed package does not contain the tutorials."
    )


def chapters(folder: str | Path, numbers: Sequence[str] = (), suffix: str = ".ipynb") -> list[Path]:
    """List the chapters in their order.

    Args:
        folder: where the files are.
        numbers: which ones, as "1", "01" or "01_elbo"; empty means all.
        suffix: ".ipynb" for the notebooks, ".py" for the sources.

    Returns:
        Their paths, sorted by number.

    Raises:
        FileNotFoundError: when the folder holds none.
        ValueError: when a number names none.
    """
    paths = [path for path in Path(folder).glob(f"*{suffix}") if CHAPTER_NAME.fullmatch(path.stem)]
    paths.sort()
    if not paths:
        raise FileNotFoundError(
            f"Expected chapters named NN_topic{suffix} in {folder}; found none."
        )
    if not numbers:
        return paths
    chosen = set()
    for number in map(str, numbers):
        found = [path for path in paths if number.zfill(2) in (path.stem[:2], path.stem)]
        if not found:
            names = ", ".join(path.stem for path in paths)
            raise ValueError(f"Expected chapters among: {names}. Received: {number!r}")
        chosen.update(found)
    return sorted(chosen)


def longest_first(paths: Sequence[Path], folder: Path) -> list[Path]:
    """Sort chapters by the seconds that the README beside their folder lists for them.

    Side by side, the run is over soonest when the longest chapter does not start last. A chapter
    that the README does not list goes first.

    Args:
        paths: the chapters.
        folder: the chapters' folder.

    Returns:
        The same paths, the longest first.
    """
    readme = folder.parent / "README.md"
    listed = LISTED_SECONDS.findall(readme.read_text(encoding="utf-8")) if readme.exists() else []
    seconds = {name: int(number) for name, number in listed}
    return sorted(paths, key=lambda path: -seconds.get(path.stem, float("inf")))
