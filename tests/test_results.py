"""The tables of results/ and of the README are one: no number is typed by hand."""

import importlib.util
from pathlib import Path

import pytest

from kerasvae.study import read_plan

pytestmark = pytest.mark.numpy_only

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"


@pytest.fixture(scope="module")
def objectives():
    """The script results/objectives.py."""
    spec = importlib.util.spec_from_file_location("objectives", RESULTS / "objectives.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_that_of_the_runs(objectives):
    rows = objectives.read(RESULTS / "objectives.csv")
    assert (RESULTS / "objectives.md").read_text() == objectives.table(rows)


def test_every_run_of_the_study_is_in_the_table(objectives):
    plan = read_plan(RESULTS / "objectives.yml")
    rows = objectives.read(RESULTS / "objectives.csv")
    assert len(rows) == len(plan.jobs)
    assert [int(row["seed"]) for row in rows] == [job.given["seed"] for job in plan.jobs]
    assert {row["step"] for row in rows} == {str(plan.jobs[0].given["steps"])}


def test_the_readme_shows_the_table_as_it_is(objectives):
    assert (RESULTS / "objectives.md").read_text() in (ROOT / "README.md").read_text()


def test_every_file_is_listed_with_its_command():
    text = (RESULTS / "README.md").read_text()
    for path in RESULTS.iterdir():
        if path.is_file() and path.name != "README.md":
            assert path.name in text, path.name
