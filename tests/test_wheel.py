"""The wheel: it builds, it carries the course, and no solution leaves with it."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from kerasvae.course import students

pytestmark = pytest.mark.numpy_only  # files

ROOT = Path(__file__).resolve().parents[1]
SETS = sorted((ROOT / "tutorials/assignments/source").glob("ps*/ps*.ipynb"))
SECRETS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout, built with what is installed."""
    pytest.importorskip("build", reason="the extra `test` is not installed")
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    (path,) = out.glob("*.whl")
    return path


def test_the_wheel_carries_the_course_and_no_solution(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert max(info.file_size for info in archive.infolist()) <= 2_000_000
        course = {name: archive.read(name) for name in names if "/course/files/" in name}
        held = b"".join(archive.read(name) for name in names if name.endswith((".ipynb", ".json")))
    place = "kerasvae/course/files/tutorials"
    for chapter in (ROOT / "tutorials").glob("*.ipynb"):
        assert course[f"{place}/{chapter.name}"] == chapter.read_bytes()
    for path in SETS:
        text = course[f"{place}/assignments/{path.name}"].decode()
        assert "YOUR CODE HERE" in text
    for secret in SECRETS:
        assert secret.encode() not in held
    assert not [name for name in names if name.startswith(("tests", "tutorials", "hatch_build"))]
    for needed in (
        "kerasvae/course/files/docs/glossary.md",
        "kerasvae/course/templates/book/conf.json",
    ):
        assert needed in names


def test_an_index_would_take_the_wheel(wheel):
    pytest.importorskip("twine", reason="the extra `test` is not installed")
    command = [sys.executable, "-m", "twine", "check", "--strict", str(wheel)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0 and "PASSED" in run.stdout, run.stdout + run.stderr


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_a_students_copy_is_that_of_nbgrader(path):
    preprocessors = pytest.importorskip("nbgrader.preprocessors")
    theirs = nbformat.read(path, as_version=4)
    for name in ("LockCells", "ClearSolutions", "ClearHiddenTests"):
        theirs, _ = getattr(preprocessors, name)().preprocess(theirs, {})
    ours = students.students_copy(json.loads(path.read_text()))
    assert [cell["source"] for cell in ours["cells"]] == [cell.source for cell in theirs.cells]
    for mine, cell in zip(ours["cells"], theirs.cells, strict=True):
        assert mine["metadata"].get("editable") == cell.metadata.get("editable")
        assert not mine.get("outputs")


def test_the_command_copies_the_course_once(tmp_path, monkeypatch):
    from kerasvae.cli.app import app
    from kerasvae.course.chapters import chapters, find_tutorials, listed

    folder = tmp_path / "course"
    run = CliRunner().invoke(app, ["tutorials", "--copy-to", str(folder)])
    assert run.exit_code == 0, run.output
    monkeypatch.chdir(folder)
    assert find_tutorials() == folder / "tutorials"
    assert len(chapters(find_tutorials())) == len(list((ROOT / "tutorials").glob("*.ipynb")))
    assert listed(folder / "tutorials") == listed(ROOT / "tutorials")
    links = re.findall(r"\]\(([^)]+)\)", (folder / "README.md").read_text())
    assert links and not [link for link in links if not (folder / link).is_file()]
    sheet = folder / "tutorials" / "assignments" / "ps1.ipynb"
    sheet.write_text("a student's work")
    with pytest.raises(FileExistsError, match="overwritten"):
        students.copy_course(folder)
    assert sheet.read_text() == "a student's work"
    refused = CliRunner().invoke(app, ["tutorials", "01", "--copy-to", "elsewhere"])
    assert refused.exit_code == 2 and not Path("elsewhere").exists()


def test_without_wheel_or_clone_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(students, "CHECKOUT", tmp_path)
    with pytest.raises(FileNotFoundError, match="from a wheel"):
        students.copy_course(tmp_path / "course")
