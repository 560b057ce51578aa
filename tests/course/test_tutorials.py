"""The committed chapters: no drift from their sources, executed, short, checked by nbval.

`make test` passes the notebooks themselves to pytest, which runs every cell (nbval), but for those
that `make tutorials` has run with the same code; the last test here shows that such a run can fail.
"""

import ast
import copy
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import jupytext
import nbformat
import pytest

from kerasvae.course.sources import normalize
from kerasvae.models import BY_NAME

pytestmark = pytest.mark.numpy_only  # text, and kernels that choose their own backend

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = ROOT / "tutorials"
CHAPTERS = sorted(path.stem for path in TUTORIALS.glob("[0-9][0-9]*_*.ipynb"))
MARKER = "# NBVAL_CHECK_OUTPUT"
FLOAT = re.compile(r"\d\.\d|\de-\d")


def read(chapter: str) -> nbformat.NotebookNode:
    """Read a committed chapter."""
    return nbformat.read(TUTORIALS / f"{chapter}.ipynb", as_version=4)


def code_cells(chapter: str) -> list[nbformat.NotebookNode]:
    """List the code cells of a committed chapter."""
    return [cell for cell in read(chapter).cells if cell.cell_type == "code"]


def shown_text(cell: nbformat.NotebookNode) -> str:
    """Join the plain text that a cell's outputs show."""
    return "".join(
        output.get("text", "") + output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )


def test_every_source_has_a_notebook_and_every_notebook_a_source():
    sources = sorted(path.stem for path in (TUTORIALS / "source").glob("*.py"))
    assert sources == CHAPTERS
    assert sources, "tutorials/ holds no chapter"
    numbers = [name.split("_")[0] for name in sources]
    assert len(set(numbers)) == len(numbers), "two chapters have one number"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_notebook_has_the_cells_of_its_source(chapter):
    source = jupytext.read(TUTORIALS / "source" / f"{chapter}.py")
    expected = [(cell.cell_type, cell.source) for cell in source.cells]
    assert [(cell.cell_type, cell.source) for cell in read(chapter).cells] == expected, (
        f"{chapter} differs from its source. Run: make notebooks CHAPTERS={chapter[:2]}"
    )


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_notebook_was_executed_from_top_to_bottom(chapter):
    cells = code_cells(chapter)
    # nbval compares nothing in a cell without an execution count.
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if "ename" in output]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_notebook_holds_nothing_that_varies(chapter):
    notebook = read(chapter)
    normalized = copy.deepcopy(notebook)
    normalize(normalized)
    assert notebook == normalized


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_chapter_is_short(chapter):
    cells = code_cells(chapter)
    lines = [len(cell.source.splitlines()) for cell in cells]
    words = sum(
        len(cell.source.split()) for cell in read(chapter).cells if cell.cell_type == "markdown"
    )
    assert len(cells) <= 25
    assert max(lines) <= 15, f"code cell {lines.index(max(lines)) + 1}"
    assert sum(lines) <= 250
    assert words <= 2500
    assert (TUTORIALS / f"{chapter}.ipynb").stat().st_size < 300_000


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_chapter_checks_its_claims(chapter):
    cells = code_cells(chapter)
    marked = [
        line.strip() for cell in cells for line in cell.source.splitlines() if "NBVAL" in line
    ]
    assert set(marked) == {MARKER}, "the marker is the whole comment, and no other is used"
    assert any(re.search(r"^\s*assert\b", cell.source, re.MULTILINE) for cell in cells)
    for cell in cells:
        if MARKER in cell.source:
            assert shown_text(cell), f"a checked cell shows nothing:\n{cell.source}"
            # A float differs between machines: assert it, with the margin that seeds allow.
            assert not FLOAT.search(shown_text(cell)), f"a checked float:\n{cell.source}"


def text(chapter: str) -> str:
    """Join the text cells of a committed chapter."""
    return "\n".join(cell.source for cell in read(chapter).cells if cell.cell_type == "markdown")


def named_chapter(path: Path) -> str:
    """Find the chapter that a source file's docstring names; empty if it names none."""
    documented = ast.get_docstring(ast.parse(path.read_text())) or ""
    found = re.search(
        r"^Chapter (\d+[a-z]?): tutorials/((\d\d[a-z]?)_\w+)\.ipynb\.$", documented, re.MULTILINE
    )
    assert not found or found.group(1).zfill(len(found.group(3))) == found.group(3)
    return found.group(2) if found else ""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_chapter_is_linked_with_its_neighbours(chapter):
    here, links = CHAPTERS.index(chapter), re.findall(r"\]\((\w+)\.ipynb\)", text(chapter))
    assert set(links) <= set(CHAPTERS)
    assert set(CHAPTERS[max(here - 1, 0) : here + 2]) - {chapter} <= set(links)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_source_files_it_links_to_name_a_chapter(chapter):
    files = set(re.findall(r"\]\(\.\./(kerasvae/[\w/]+\.py)\)", text(chapter)))
    assert files
    assert [name for name in sorted(files) if not named_chapter(ROOT / name)] == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_chapter_says_what_for_asks_for_a_guess_and_ends_with_exercises(chapter):
    for part in ("you can", "**Predict.**", "## Exercises", "## References"):
        assert part in text(chapter), part


def test_a_source_file_is_explained_in_the_chapter_it_names():
    sources = sorted((ROOT / "kerasvae").rglob("*.py"))
    named = {path.relative_to(ROOT).as_posix(): named_chapter(path) for path in sources}
    for name, chapter in named.items():
        assert not chapter or f"](../{name})" in text(chapter), f"{chapter} has no link to {name}"
    objectives = {f"{model.__module__.replace('.', '/')}.py" for model in BY_NAME.values()}
    assert [name for name in sorted(objectives) if not named[name]] == []


def test_a_wrong_output_or_an_error_fails_under_nbval(tmp_path):
    code = f"{MARKER}\nimport sys\nprint('noise', 1, file=sys.stderr)\n2 + 2"

    def write(name, source, shown):
        cell = nbformat.v4.new_code_cell(source, execution_count=1)
        cell.outputs = [
            nbformat.v4.new_output("stream", name="stderr", text="other noise\n"),
            nbformat.v4.new_output("execute_result", {"text/plain": shown}, execution_count=1),
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / f"{name}.ipynb")

    write("right", code, "4")
    write("wrong", code, "5")
    write("unmarked", code.replace(MARKER, "#"), "5")
    write("failing", "assert 2 + 2 == 5", "4")
    shutil.copy(ROOT / "conftest.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    command += ["-p", "no:cacheprovider", f"--rootdir={tmp_path}", "--junitxml=report.xml"]
    command += ["right.ipynb", "wrong.ipynb", "unmarked.ipynb", "failing.ipynb"]
    # Kernels that import nothing: these notebooks only count.
    env = {**os.environ, "JUPYTER_DEFAULT_PROVISIONER_NAME": "local-provisioner"}
    run = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
    )

    assert run.returncode == 1, run.stdout + run.stderr
    cases = ElementTree.parse(tmp_path / "report.xml").iter("testcase")
    passed = {Path(case.get("classname")).stem: case.find("failure") is None for case in cases}
    assert passed == {"right": True, "wrong": False, "unmarked": True, "failing": False}, run.stdout
