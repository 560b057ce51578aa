"""Makes the committed notebooks from their sources, tutorials/source/NN_topic.py.

A source is a notebook as plain Python (jupytext's percent format): that is what people edit and
review. `python -m kerasvae.notebook_sources [NN ...]` executes it and writes the notebook with
its outputs.
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

from kerasvae.notebooks import ChapterRun, chapters, find_tutorials, run_all, run_chapter, write

# What another machine, or another run, would print differently: absolute paths, addresses.
UNSTABLE_TEXT = re.compile(r"(?<![\w/.:])/(?:[\w.-]+/)+[\w.-]+|<[^<>]* at 0x[0-9a-f]+>")


def sync(numbers: Sequence[str] = (), folder: str | Path | None = None) -> int:
    """Make the committed notebooks from their sources, executed at the quick tier.

    Every cell is run again, since an output kept from an older version of its cell would
    pass for the new one's.

    Args:
        numbers: which chapters; empty means all.
        folder: the chapters' folder; see `find_tutorials`.

    Returns:
        The exit status: 0 when every chapter was written, else 1.
    """
    folder = find_tutorials(folder)

    def run(path: Path, progress: Progress) -> ChapterRun:
        notebook = jupytext.read(path)
        outcome = run_chapter(path.stem, notebook, folder, "quick", progress)
        if outcome.error:
            return outcome
        try:
            normalize(notebook)
        except ValueError as unstable:
            return dataclasses.replace(outcome, error=str(unstable))
        write(folder / f"{path.stem}.ipynb", nbformat.writes(notebook) + "\n")
        return outcome

    sources = chapters(folder / "source", numbers, ".py")
    return run_all(sources, run, f"Notebooks, made in {folder}")


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
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
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
