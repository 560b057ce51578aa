"""Chapters that `make tutorials` has run: their outputs are those that nbval would ask for."""

from pathlib import Path

import nbformat
import pytest

from kerasvae.course import fingerprint
from kerasvae.course.chapters import chapters

pytestmark = pytest.mark.numpy_only  # text

ROOT = Path(__file__).resolve().parents[2]
MARKER = "# NBVAL_CHECK_OUTPUT"


def shown(cell) -> list[tuple[str, str]]:
    """What a cell shows as text, without its warnings."""
    return [
        (output.output_type, output.get("text") or output.get("data", {}).get("text/plain", ""))
        for output in cell.outputs
        if output.get("name") != "stderr"
    ]


def differences(stored, made) -> list[str]:
    """The checked cells, by their code, that show something else than they did."""
    pairs = zip(stored.cells, made.cells, strict=True)
    return [old.source for old, new in pairs if MARKER in old.source and shown(old) != shown(new)]


@pytest.mark.parametrize("path", chapters(ROOT / "tutorials"), ids=lambda path: path.stem)
def test_what_make_tutorials_ran_shows_what_is_stored(path):
    made = fingerprint.executed(path, ROOT / "build" / "tutorials")
    if made is None:
        pytest.skip("not run by make tutorials with the code as it is now: nbval runs it")
    assert differences(nbformat.read(path, as_version=4), made) == []


@pytest.fixture
def chapter(tmp_path):
    """A chapter, its executed copy in a folder `out`, and both paths."""
    cell = nbformat.v4.new_code_cell(f"{MARKER}\n6 * 7", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "42"})]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# One"), cell])
    path = tmp_path / "01_one.ipynb"
    nbformat.write(notebook, path)
    mark = {"fingerprint": fingerprint.fingerprint(notebook), "tier": "quick"}
    notebook.metadata["kerasvae"] = mark
    (tmp_path / "out").mkdir()
    nbformat.write(notebook, tmp_path / "out" / path.name)
    return path


def edit(path, change):
    """Read a notebook, change it in place, write it."""
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def test_a_run_of_the_same_code_counts_and_new_text_does_not_matter(chapter):
    edit(chapter, lambda notebook: notebook.cells[0].update(source="# Another title"))
    assert fingerprint.executed(chapter, chapter.parent / "out").cells[1].outputs


@pytest.mark.parametrize("what", ["code", "package", "version", "backend", "tier", "absent"])
def test_a_run_of_anything_else_does_not_count(chapter, tmp_path, monkeypatch, what):
    out = tmp_path / "out"
    if what == "code":
        edit(chapter, lambda notebook: notebook.cells[1].update(source=f"{MARKER}\n6 * 8"))
    elif what == "package":
        (tmp_path / "package").mkdir()
        (tmp_path / "package" / "new.py").write_text("")
        monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path / "package")
    elif what == "version":
        monkeypatch.setattr(fingerprint.metadata, "version", lambda name: "0")
    elif what == "backend":
        monkeypatch.setenv("KERAS_BACKEND", "another")
    elif what == "tier":
        edit(out / chapter.name, lambda made: made.metadata["kerasvae"].update(tier="full"))
    else:
        (out / chapter.name).unlink()
    assert fingerprint.executed(chapter, out) is None


def test_another_output_of_a_checked_cell_is_found(chapter):
    stored = nbformat.read(chapter, as_version=4)
    made = nbformat.read(chapter, as_version=4)
    assert differences(stored, made) == []
    made.cells[1].outputs[0].data["text/plain"] = "43"
    assert differences(stored, made) == [f"{MARKER}\n6 * 7"]


def test_the_command_lists_the_chapters_that_are_left(chapter, monkeypatch, capsys):
    folder = chapter.parent / "tutorials"
    folder.mkdir()
    chapter.rename(folder / chapter.name)
    (folder / "02_two.ipynb").write_text((folder / chapter.name).read_text())
    (chapter.parent / "out").rename(chapter.parent / "tutorials.out")
    (chapter.parent / "build").mkdir()
    (chapter.parent / "tutorials.out").rename(chapter.parent / "build" / "tutorials")
    monkeypatch.chdir(chapter.parent)
    assert fingerprint.main() == 0
    assert capsys.readouterr().out.split() == ["tutorials/02_two.ipynb"]
