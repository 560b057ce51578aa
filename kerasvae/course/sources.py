"""Makes the committed notebooks from their sources, tutorials/source/NN_topic.py.

A source is a notebook as plain Python (jupytext's percent format): that is what people edit and
review. `python -m kerasvae.course.sources [NN ...]` executes it and writes the notebook with
its outputs. `psN` makes a problem set from tutorials/source/assignments/psN.py, with the
solutions in place; `kerasvae.course.assignments` makes the students' copies from it.
"""

import dataclasses
import hashlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import jupytext
import nbformat
from rich.progress import Progress

from kerasvae.course.notebooks import (
    ChapterRun,
    chapters,
    find_tutorials,
    run_all,
    run_chapter,
)
from kerasvae.files import write_text

# What another machine, or another run, would print differently: absolute paths, addresses.
UNSTABLE_TEXT = re.compile(r"(?<![\w/.:])/(?:[\w.-]+/)+[\w.-]+|<[^<>]* at 0x[0-9a-f]+>")

PROBLEM_SET = re.compile(r"ps\d+")


def sync(numbers: Sequence[str] = (), folder: str | Path | None = None) -> int:
    """Make the committed notebooks from their sources, executed at the quick tier.

    Every cell is run again, since an output kept from an older version of its cell would
    pass for the new one's.

    Args:
        numbers: which chapters, or problem sets, as "ps1"; empty means all chapters.
        folder: the chapters' folder; see `find_tutorials`.

    Returns:
        The exit status: 0 when every notebook was written, else 1.
    """
    folder = find_tutorials(folder)

    def run(path: Path, progress: Progress) -> ChapterRun:
        """Execute one source and write its notebook."""
        place = folder
        if PROBLEM_SET.fullmatch(path.stem):
            place = folder / "assignments" / "source" / path.stem
            place.mkdir(parents=True, exist_ok=True)
        notebook = jupytext.read(path)
        outcome = run_chapter(path.stem, notebook, place, "quick", progress)
        if outcome.error:
            return outcome
        try:
            normalize(notebook)
        except ValueError as unstable:
            return dataclasses.replace(outcome, error=str(unstable))
        write_text(place / f"{path.stem}.ipynb", nbformat.writes(notebook) + "\n")
        return outcome

    sets = [name for name in numbers if PROBLEM_SET.fullmatch(name)]
    numbers = [number for number in numbers if number not in sets]
    sources = problem_sets(folder, sets) if sets else []
    if numbers or not sets:
        sources = [*chapters(folder / "source", numbers, ".py"), *sources]
    return run_all(sources, run, f"Notebooks, made in {folder}")


def problem_sets(folder: Path, names: Sequence[str]) -> list[Path]:
    """Find the sources of problem sets.

    Args:
        folder: the chapters' folder.
        names: which ones, as "ps1".

    Returns:
        Their paths, in the order of `names`.

    Raises:
        ValueError: when a name names none.
    """
    sources = {path.stem: path for path in (folder / "source" / "assignments").glob("ps*.py")}
    for name in names:
        if name not in sources:
            known = ", ".join(sorted(sources)) or "none"
            raise ValueError(f"Expected problem sets among: {known}. Received: {name!r}")
    return [sources[name] for name in names]


def normalize(notebook: nbformat.NotebookNode) -> None:
    """Remove from an executed notebook what changes between machines and runs.

    Args:
        notebook: changed in place.

    Raises:
        ValueError: when an output shows a path or a memory address, which only the chapter's
            author can avoid.
    """
    notebook.nbformat_minor = 5
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    seen = {}
    for index, cell in enumerate(notebook.cells):
        # An id from the source: editing one cell leaves the ids of the others alone.
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        kept = {key: cell.metadata[key] for key in ("nbgrader", "tags") if cell.metadata.get(key)}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type != "code":
            continue
        cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
        for output in cell.outputs:
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
            text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            if unstable := UNSTABLE_TEXT.search(text):
                raise ValueError(
                    f"Cell {index + 1} prints {unstable.group()!r}, which differs between "
                    "machines. Print something else, or end the line with a semicolon."
                )


if __name__ == "__main__":
    sys.exit(sync(sys.argv[1:]))
