"""The problem sets: no drift, sound releases, and grades as they should be, by nbgrader itself.

tests/course/submissions/psN.py holds synthetic submissions to a set, as SUBMISSIONS:

    name -> ({grade_id of an answer: what is handed in instead}, {grade_id of a test: points})

An answer that is not named is the right one; a test that is not named earns its full points. Tests
can be handed in changed, too, or deleted (None); points of None wait for a teacher.
"""

import ast
import copy
import importlib.util
import json
import re
from pathlib import Path

import jupytext
import nbformat
import pytest

from kerasvae.course import assignments
from kerasvae.course import sources as notebook_sources

pytest.importorskip("nbgrader", reason="the extra `classroom` is not installed")
from nbgrader.api import Gradebook  # noqa: E402

pytestmark = pytest.mark.numpy_only  # text, and kernels that choose their own backend

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = ROOT / "tutorials" / "assignments"
TEXTS = ROOT / "tutorials" / "source" / "assignments"
SETS = sorted(path.stem for path in TEXTS.glob("ps*.py"))
MARK = re.compile(r"### (?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS)")
BLOCK = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)\n\s*### END \1", re.DOTALL)


def read(name: str, folder: Path = ASSIGNMENTS / "source") -> nbformat.NotebookNode:
    """Read the notebook of a problem set, with solutions unless the folder is another."""
    return nbformat.read(folder / name / f"{name}.ipynb", as_version=4)


def marked(notebook: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    """Map the grade ids of a notebook to their cells."""
    cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    return {cell.metadata.nbgrader["grade_id"]: cell for cell in cells}


def is_answer(cell: nbformat.NotebookNode) -> bool:
    """Whether students write in the cell."""
    return cell.metadata.nbgrader["solution"]


def is_autograded(cell: nbformat.NotebookNode) -> bool:
    """Whether the cell is a test that earns points."""
    return cell.metadata.nbgrader["grade"] and not is_answer(cell)


def full_points(name: str) -> dict[str, float]:
    """Map the tests of a problem set to their points."""
    cells = marked(read(name)).items()
    return {key: cell.metadata.nbgrader["points"] for key, cell in cells if is_autograded(cell)}


def submissions(name: str) -> dict[str, tuple[dict[str, str], dict[str, float]]]:
    """Read the synthetic submissions to a problem set, and add the right and the empty one."""
    given = importlib.import_module(f"tests.course.submissions.{name}").SUBMISSIONS
    nothing = dict.fromkeys(full_points(name), 0)
    return {"right": ({}, {}), "empty": (None, nothing)} | given


# The notebooks with solutions


def test_every_text_has_a_notebook_a_guide_and_submissions():
    assert SETS, "tutorials/source/assignments holds no problem set"
    assert [f"ps{number}" for number in range(1, len(SETS) + 1)] == SETS
    assert sorted(path.parent.name for path in ASSIGNMENTS.glob("source/*/*.ipynb")) == SETS
    assert sorted(path.stem for path in ASSIGNMENTS.glob("guides/*.md")) == SETS
    assert sorted(path.stem for path in (ROOT / "tests/course/submissions").glob("ps*.py")) == SETS


@pytest.mark.parametrize("name", SETS)
def test_the_notebook_has_the_cells_of_its_text(name):
    text = jupytext.read(TEXTS / f"{name}.py")
    notebook = read(name)
    made, expected = (
        [(cell.cell_type, cell.source, cell.metadata.get("nbgrader")) for cell in cells]
        for cells in (notebook.cells, text.cells)
    )
    assert made == expected, (
        f"{name} differs from its text. Run: python -m kerasvae.course.sources {name}"
    )
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in codes] == list(range(1, len(codes) + 1))
    normalized = copy.deepcopy(notebook)
    notebook_sources.normalize(normalized)
    assert notebook == normalized


@pytest.mark.parametrize("name", SETS)
def test_the_set_is_sound(name):
    cells = marked(read(name))
    points = [cell.metadata.nbgrader.get("points", 0) for cell in cells.values()]
    assert sum(points) == 20
    assert 5 <= sum(map(is_autograded, cells.values())) <= 14
    for grade_id, cell in cells.items():
        if is_answer(cell) and cell.cell_type == "code":
            assert "### BEGIN SOLUTION" in cell.source, f"{grade_id} gives its solution away"
        if is_autograded(cell):
            shown = BLOCK.sub("", cell.source)
            assert "assert" in shown, f"{grade_id} has no test that students see"
            asserts = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Assert)]
            assert all(node.msg for node in asserts), f"{grade_id} has an assert without a message"
    assert any("### BEGIN HIDDEN TESTS" in cell.source for cell in cells.values())
    for line in (TEXTS / f"{name}.py").read_text().splitlines():
        assert len(line) <= 100 or line.startswith("# %% ")


def test_a_problem_set_is_made_like_a_chapter_and_keeps_what_nbgrader_needs(tmp_path):
    mark = {"grade": False, "grade_id": "a", "locked": True, "schema_version": 3}
    mark |= {"solution": False, "task": False}
    text = f"# %% nbgrader={json.dumps(mark)} slideshow=1\n6 * 7\n"
    (tmp_path / "source" / "assignments").mkdir(parents=True)
    (tmp_path / "source" / "assignments" / "ps7.py").write_text(text)
    assert notebook_sources.sync(["ps7"], folder=tmp_path) == 0
    (cell,) = read("ps7", tmp_path / "assignments" / "source").cells
    assert cell.outputs[0].data == {"text/plain": "42"}
    assert cell.metadata == {"nbgrader": mark}
    assert not list(tmp_path.glob("*.ipynb"))
    with pytest.raises(ValueError, match="among: ps7. Received: 'ps8'"):
        notebook_sources.sync(["ps8"], folder=tmp_path)


# The course, as a teacher builds and grades it


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of all problem sets."""
    folder = tmp_path_factory.mktemp("course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        assignments.build_course(folder)
        yield folder


@pytest.fixture(scope="module")
def graded(course):
    """The autograded points: {problem set: {submission: {test: points}}}."""
    for name in SETS:
        hand_in(course, name)
    for pattern in assignments.together(SETS):
        assignments.nbgrader(course, "autograde", pattern)
    return {name: read_points(course, name) for name in SETS}


def hand_in(course: Path, name: str) -> None:
    """Write the synthetic submissions to a problem set into the course."""
    release, source = read(name, course / "release"), marked(read(name))
    for submission, (answers, _) in submissions(name).items():
        notebook = copy.deepcopy(release)
        for grade_id, cell in marked(notebook).items():
            if answers is not None and (is_answer(cell) or grade_id in answers):
                cell.source = answers.get(grade_id, source[grade_id].source)
        # Cells that only show something earn no points; that they run, the right one tells.
        notebook.cells = [
            cell
            for cell in notebook.cells
            if cell.source is not None
            and (submission == "right" or cell.cell_type != "code" or "nbgrader" in cell.metadata)
        ]
        path = course / "submitted" / submission / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)


def read_points(course: Path, name: str) -> dict[str, dict[str, float | None]]:
    """Read what nbgrader's gradebook says of each submission; None awaits a teacher."""
    points = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "kerasvae") as gradebook:
        for submission in submissions(name):
            (notebook,) = gradebook.find_submission(name, submission).notebooks
            points[submission] = {grade.name: grade.auto_score for grade in notebook.grades}
    return points


@pytest.mark.parametrize("name", SETS)
def test_the_release_holds_no_solution_and_no_hidden_test(name, course):
    release, source = read(name, course / "release"), read(name)
    text = "\n".join(cell.source for cell in release.cells)
    assert not MARK.search(text)
    blocks = [match[2] for cell in source.cells for match in BLOCK.finditer(cell.source)]
    assert len(blocks) > 5
    assert not [block for block in blocks if block.strip() in text]
    answers = [cell for cell in marked(release).values() if is_answer(cell)]
    assert all("YOUR CODE HERE" in c.source or "YOUR ANSWER HERE" in c.source for c in answers)
    assert not [cell for cell in release.cells if cell.get("outputs")]


def test_a_source_validates_and_its_release_does_not(course):
    """As the teachers' guide says; that every set does is what the grades below show."""
    printed = assignments.nbgrader(course, "validate", "source/ps2/ps2.ipynb")
    assert "Success! Your notebook passes all the tests." in printed, printed
    printed = assignments.nbgrader(course, "validate", "--invert", "release/ps2/ps2.ipynb")
    assert "Success! The notebook does not pass any tests." in printed, printed


@pytest.mark.parametrize("name", SETS)
def test_every_submission_earns_what_it_should(graded, name):
    points = graded[name]
    full = full_points(name)
    by_hand = points["right"].keys() - full.keys()
    assert all(points["right"][grade_id] is None for grade_id in by_hand)
    assert all(points["empty"][grade_id] == 0 for grade_id in by_hand)
    for submission, (_, expected) in submissions(name).items():
        earned = {test: points[submission][test] for test in full}
        assert earned == full | expected, (name, submission)


def test_feedback_names_mistakes_and_a_course_built_again_keeps_its_grades(graded, course):
    name = SETS[0]  # what nbgrader does with one set here, it does with all
    assignments.nbgrader(course, "generate_feedback", name, "--student", "mistakes")
    html = (course / "feedback" / "mistakes" / name / f"{name}.html").read_text()
    assert "AssertionError" in html
    assignments.build_course(course, [name])
    assert read_points(course, name) == graded[name]


def test_the_table_in_the_readme_is_right():
    text = (ASSIGNMENTS / "README.md").read_text()
    for name in SETS:
        cells = marked(read(name)).values()
        points = sum(cell.metadata.nbgrader.get("points", 0) for cell in cells)
        by_hand = points - sum(full_points(name).values())
        row = rf"\| {name} \| .+ \| \d+ to \d+ \| {points:g} \| {by_hand:g} \| .+ \| .*{name}.md"
        assert re.search(row, text), f"{name}: {points:g} points, {by_hand:g} by hand"


def test_errors_say_what_to_do(course, capsys, monkeypatch):
    with pytest.raises(ValueError, match=r"among: ps1.*Received: \['ps99'\]"):
        assignments.build_course(course, ["ps99"])
    with pytest.raises(RuntimeError, match="No notebooks were matched"):
        assignments.nbgrader(course, "generate_assignment", "ps99")
    assert assignments.main(["one", "two"]) == 2
    assert "Received: one two" in capsys.readouterr().err
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"kerasvae\[classroom\]"):
        assignments.nbgrader(course, "validate")
