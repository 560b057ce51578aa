"""Makes the committed notebooks from their sources, tutorials/source/NN_topic.py.

A source is a notebook as plain Python (jupytext's percent format): that is what people edit and
review. `python -m kerasvae.course.sources [NN ...]` writes the notebooks: it executes those whose
code has changed, and gives the others their new text. `psN` makes a problem set from
tutorials/source/assignments/psN.py, with the solutions in place; `kerasvae.course.assignments`
makes the students' copies from it.
"""

import argparse
import base64
import dataclasses
import hashlib
import io
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import jupytext
import nbformat
from PIL import Image

from kerasvae.course.chapters import chapters, find_tutorials
from kerasvae.course.display import ChapterRun, Display
from kerasvae.course.notebooks import run_all, run_chapter
from kerasvae.files import atomic_write

# What another machine, or another run, would print differently: absolute paths, addresses.
UNSTABLE_TEXT = re.compile(r"(?<![\w/.:])/(?:[\w.-]+/)+[\w.-]+|<[^<>]* at 0x[0-9a-f]+>")

PROBLEM_SET = re.compile(r"ps\d+")
RUNS = ("changed", "never", "all")


def sync(
    numbers: Sequence[str] = (), folder: str | Path | None = None, execute: str = "changed"
) -> int:
    """Make the committed notebooks from their sources, executed at the quick tier.

    A notebook is executed from top to bottom or not at all, since an output kept from an older
    version of its cell would pass for the new one's.

    Args:
        numbers: which chapters, or problem sets, as "ps1"; empty means all chapters.
        folder: the chapters' folder; see `find_tutorials`.
        execute: which of them are executed. "changed": those whose code differs from the stored
            notebook's; "never": none, and one whose code differs is an error; "all": every one,
            as after a change of the library.

    Returns:
        The exit status: 0 when every notebook was written, else 1.

    Raises:
        ValueError: when `execute` is unknown, or a number names none.
    """
    if execute not in RUNS:
        raise ValueError(f"Expected execute among {RUNS}. Received: execute={execute!r}")
    folder = find_tutorials(folder)

    def target(path: Path) -> Path:
        """Where the notebook of a source lies."""
        if PROBLEM_SET.fullmatch(path.stem):
            return folder / "assignments" / "source" / path.stem / f"{path.stem}.ipynb"
        return folder / f"{path.stem}.ipynb"

    async def run(path: Path, display: Display, env: dict[str, str]) -> ChapterRun:
        """Make one notebook."""
        place, notebook, started = target(path), jupytext.read(path), time.perf_counter()
        if execute != "all" and keep_outputs(notebook, place):
            display.start(path.stem, 0)
            outcome = ChapterRun(path.stem, 0, time.perf_counter() - started)
            display.finish(outcome)
        elif execute == "never":
            display.start(path.stem, 0)
            outcome = ChapterRun(path.stem, 0, 0.0, "its code has changed: it must be executed")
            display.finish(outcome)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            outcome = await run_chapter(path.stem, notebook, place.parent, env, display)
        if outcome.error:
            return outcome
        try:
            normalize(notebook)
        except ValueError as unstable:
            return dataclasses.replace(outcome, error=str(unstable))
        with atomic_write(place) as partial:
            partial.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
        return outcome

    sets = [name for name in numbers if PROBLEM_SET.fullmatch(name)]
    numbers = [number for number in numbers if number not in sets]
    sources = problem_sets(folder, sets) if sets else []
    if numbers or not sets:
        sources = [*chapters(folder / "source", numbers, ".py"), *sources]
    outcomes = run_all(sources, run, f"Notebooks, made in {folder}", folder)
    return int(any(outcome.error for outcome in outcomes))


def keep_outputs(notebook: nbformat.NotebookNode, stored: Path) -> bool:
    """Give a notebook the outputs of the stored one, if their code is the same.

    Args:
        notebook: as read from its source; changed in place.
        stored: the executed notebook; it need not exist.

    Returns:
        Whether it has them; False when the code differs, or nothing is stored.
    """
    if not stored.exists():
        return False
    new, old = (
        [cell for cell in cells if cell.cell_type == "code"]
        for cells in (notebook.cells, nbformat.read(stored, as_version=4).cells)
    )
    if [cell.source for cell in new] != [cell.source for cell in old]:
        return False
    if any(cell.execution_count is None for cell in old):
        return False
    for cell, executed in zip(new, old, strict=True):
        cell.outputs, cell.execution_count = executed.outputs, executed.execution_count
    return True


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
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = lighter(output.data["image/png"])
            text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            if unstable := UNSTABLE_TEXT.search(text):
                raise ValueError(
                    f"Cell {index + 1} prints {unstable.group()!r}, which differs between "
                    "machines. Print something else, or end the line with a semicolon."
                )


def lighter(png: str) -> str:
    """A figure in 128 colours, a third of its size; one that has a palette already stays as it is.

    Args:
        png: the file in base64, as notebooks hold it.
    """
    image = Image.open(io.BytesIO(base64.b64decode(png)))
    if image.mode == "P":
        return png
    on_white = Image.new("RGBA", image.size, "white")
    on_white.alpha_composite(image.convert("RGBA"))
    buffer = io.BytesIO()
    few = on_white.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    few.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def main(arguments: Sequence[str] | None = None) -> int:
    """Make notebooks as the command line asks.

    Args:
        arguments: the words after the command; by default those it was called with.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(
        prog="python -m kerasvae.course.sources",
        description="Make notebooks from their sources; execute those whose code has changed.",
    )
    parser.add_argument("numbers", nargs="*", help="chapters, as 02, or problem sets, as ps1")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--text", action="store_const", const="never", dest="execute", help="execute nothing"
    )
    choice.add_argument(
        "--all", action="store_const", const="all", dest="execute", help="execute every one"
    )
    given = parser.parse_args(arguments)
    return sync(given.numbers, execute=given.execute or "changed")


if __name__ == "__main__":
    sys.exit(main())
