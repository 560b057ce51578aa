"""Finds the chapters, tutorials/NN_topic.ipynb: the number gives the order and nothing else.

A chapter between 02 and 03 is called 02b_topic: no other file gets a new name, and no link breaks.
"""

import re
from collections.abc import Sequence
from pathlib import Path

CHAPTER_NAME = re.compile(r"(\d\d[a-z]?)_\w+")
# A row of the README's table: | [title](tutorials/NN_topic.ipynb) | question | seconds |
ROW = re.compile(r"\]\(tutorials/(\w+)\.ipynb\) \| (.+) \| (\d+) \|$", re.MULTILINE)


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
        f"{', '.join(map(str, places))}. Run this in a clone of the repository, or in a "
        "copy of the course: kerasvae.course.students.copy_course('course') writes one."
    )


def chapters(folder: str | Path, numbers: Sequence[str] = (), suffix: str = ".ipynb") -> list[Path]:
    """List the chapters in their order.

    Args:
        folder: where the files are.
        numbers: which ones, as "1", "01", "02b" or "01_elbo"; empty means all.
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
        short = f"0{number}" if re.fullmatch(r"\d[a-z]?", number) else number
        found = [path for path in paths if short in (path.stem.split("_")[0], path.stem)]
        if not found:
            names = ", ".join(path.stem for path in paths)
            raise ValueError(f"Expected chapters among: {names}. Received: {number!r}")
        chosen.update(found)
    return sorted(chosen)


def listed(folder: Path) -> dict[str, tuple[str, int]]:
    """Read the table of chapters in the README beside their folder.

    Args:
        folder: the chapters' folder.

    Returns:
        For each chapter that the table names: its question, and the seconds that it takes.
    """
    readme = folder.parent / "README.md"
    rows = ROW.findall(readme.read_text(encoding="utf-8")) if readme.exists() else []
    return {name: (question, int(seconds)) for name, question, seconds in rows}


def longest_first(paths: Sequence[Path], folder: Path) -> list[Path]:
    """Sort chapters by the seconds that the README lists for them.

    Side by side, the run is over soonest when the longest chapter does not start last. A chapter
    that the README does not list goes first.

    Args:
        paths: the chapters.
        folder: the chapters' folder.

    Returns:
        The same paths, the longest first.
    """
    rows = listed(folder)
    return sorted(paths, key=lambda path: -rows.get(path.stem, ("", float("inf")))[1])
