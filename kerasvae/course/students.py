"""Writes the course that students get: chapters, problem sets without solutions, the glossary.

The wheel carries it, made by hatch_build.py, which reads this file alone: it imports nothing but
the standard library.
"""

import copy
import json
import re
import shutil
from pathlib import Path

CARRIED = Path(__file__).with_name("files")  # in an installed wheel
CHECKOUT = Path(__file__).resolve().parents[2]
# As nbgrader writes them.
CODE_STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
TEXT_STUB = ("YOUR ANSWER HERE",)
GLOSSARY = "docs/glossary.md"
CHAPTERS = "[0-9][0-9]*_*.ipynb"
ROW = re.compile(r"^\| \[[^]]+\]\(tutorials/\w+\.ipynb\) \|.*$", re.MULTILINE)  # a chapter's
README = """\
# Disentanglement with variational autoencoders

`kerasvae tutorials 01` runs a chapter here, `kerasvae tutorials` all of them; then open
`build/tutorials/index.html` in a browser. Or open the notebooks in Jupyter.

[Problem sets](tutorials/assignments/README.md) go with them, and a [glossary](docs/glossary.md).

| chapter | question | seconds |
|---|---|--:|
"""


def copy_course(folder: str | Path) -> Path:
    """Copy the course to a new folder, from the installed wheel or from a clone.

    Args:
        folder: where to; it is made. Nothing that is there is overwritten.

    Returns:
        The folder, in which `tutorials/` holds the chapters.

    Raises:
        FileExistsError: when the folder holds anything.
        FileNotFoundError: when neither a wheel's course nor a clone is there.
    """
    folder = Path(folder).resolve()
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise FileExistsError(
            "Expected a new or empty folder, so that nobody's work is overwritten. "
            f"Received: {folder}"
        )
    if CARRIED.is_dir():
        return Path(shutil.copytree(CARRIED, folder, dirs_exist_ok=True))
    if not any((CHECKOUT / "tutorials").glob(CHAPTERS)):
        raise FileNotFoundError(
            f"Expected the course in {CARRIED}, where a wheel brings it, or a clone in {CHECKOUT}. "
            "Install kerasvae again from a wheel."
        )
    return write_course(CHECKOUT, folder)


def write_course(checkout: Path, folder: Path) -> Path:
    """Write the course from the files of a clone.

    Args:
        checkout: the clone.
        folder: where to.

    Returns:
        The folder.
    """
    sets = folder / "tutorials" / "assignments"
    sets.mkdir(parents=True, exist_ok=True)
    (folder / GLOSSARY).parent.mkdir(exist_ok=True)
    shutil.copyfile(checkout / GLOSSARY, folder / GLOSSARY)
    # The repository's README is about a clone, and links to what a copy has not.
    rows = ROW.findall((checkout / "README.md").read_text(encoding="utf-8"))
    (folder / "README.md").write_text(README + "\n".join(rows) + "\n", encoding="utf-8")
    for path in sorted((checkout / "tutorials").glob(CHAPTERS)):
        shutil.copyfile(path, folder / "tutorials" / path.name)
    lines = [
        "# Problem sets",
        "",
        "Work in these notebooks, and hand them in under their names.",
        "",
    ]
    for path in sorted((checkout / "tutorials/assignments/source").glob("ps*/ps*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        text = json.dumps(students_copy(notebook), indent=1, ensure_ascii=False)
        (sets / path.name).write_text(text + "\n", encoding="utf-8")
        title = "".join(notebook["cells"][0]["source"]).splitlines()[0].lstrip("# ")
        lines.append(f"- [{title}]({path.name})")
    (sets / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def students_copy(notebook: dict) -> dict:
    """A problem set without solutions, hidden tests and outputs, its given cells locked.

    Args:
        notebook: a notebook as JSON holds it, with nbgrader's marks.

    Returns:
        A new one, with the same sources as nbgrader's own release.

    Example:
        >>> mark = {"nbgrader": {"solution": True, "grade": False, "locked": False}}
        >>> code = "def f():\\n    ### BEGIN SOLUTION\\n    return 1\\n    ### END SOLUTION"
        >>> cell = {"cell_type": "code", "metadata": mark, "source": code, "outputs": []}
        >>> print(students_copy({"cells": [cell]})["cells"][0]["source"])
        def f():
            # YOUR CODE HERE
            raise NotImplementedError()
    """
    released = copy.deepcopy(notebook)
    for cell in released["cells"]:
        source = "".join(cell["source"])
        mark = cell["metadata"].get("nbgrader", {})
        stub = CODE_STUB if cell["cell_type"] == "code" else TEXT_STUB
        lines, found = _without(source, "SOLUTION", stub)
        if mark.get("solution") and not found:
            lines = list(stub)
        cell["source"] = "\n".join(_without("\n".join(lines), "HIDDEN TESTS", ())[0])
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
        if mark.get("locked"):
            cell["metadata"].update(editable=False, deletable=False)
    return released


def _without(source: str, kind: str, stub: tuple) -> tuple[list[str], bool]:
    """The lines of a cell with each marked region replaced, and whether there was one."""
    lines, inside, found = [], False, False
    for line in source.split("\n"):
        if f"BEGIN {kind}" in line:
            indent = re.match(r"\s*", line).group()
            lines += [indent + text for text in stub]
            inside = found = True
        elif f"END {kind}" in line:
            inside = False
        elif not inside:
            lines.append(line)
    return lines, found
