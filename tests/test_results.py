"""The tables of results/ and of the README are one: no number is typed by hand."""

import importlib.util
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from kerasvae.study import read_plan
from kerasvae.zoo import names

pytestmark = pytest.mark.numpy_only

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"


def script(name):
    """A script of results/, as a module."""
    spec = importlib.util.spec_from_file_location(name, RESULTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def objectives():
    """The script results/objectives.py."""
    return script("objectives")


@pytest.fixture(scope="module")
def full_scale():
    """The script results/full_scale.py."""
    return script("full_scale")


def test_the_table_is_that_of_the_runs(objectives):
    rows = objectives.read(RESULTS / "objectives.csv")
    assert (RESULTS / "objectives.md").read_text() == objectives.table(rows)


def test_every_run_of_the_study_is_in_the_table(objectives):
    plan = read_plan(RESULTS / "objectives.yml")
    rows = objectives.read(RESULTS / "objectives.csv")
    assert len(rows) == len(plan.jobs)
    assert [int(row["seed"]) for row in rows] == [job.given["seed"] for job in plan.jobs]
    assert {row["step"] for row in rows} == {str(plan.jobs[0].given["steps"])}


def test_a_study_of_some_settings_keeps_the_other_rows(objectives):
    old = [{"setting": name, "seed": seed, "mig": "0"} for name in "abc" for seed in (0, 1)]
    new = [{"setting": name, "seed": 0, "mig": "1"} for name in "bd"]
    found = [(row["setting"], row["seed"], row["mig"]) for row in objectives.merged(old, new)]
    kept = [(name, seed, "0") for name in "ac" for seed in (0, 1)]
    assert found == [*kept, ("b", 0, "1"), ("d", 0, "1")]


def test_the_readme_of_the_results_shows_the_table_as_it_is(objectives):
    assert (RESULTS / "objectives.md").read_text() in (RESULTS / "README.md").read_text()


def test_the_table_at_full_scale_is_that_of_the_cards(full_scale):
    cards = full_scale.shipped()
    assert tuple(sorted(cards)) == names()
    assert (RESULTS / "full_scale.md").read_text() == full_scale.page(cards)
    assert full_scale.main_table(cards) in (ROOT / "README.md").read_text()


def test_the_tables_hold_the_numbers_of_a_card(full_scale):
    name = names()[0]
    card = full_scale.shipped()[name]
    text = full_scale.page({name: card})
    surgery, score = card["evaluation"]["surgery"], card["evaluation"]["scores"]["mig"]
    assert f"| {surgery['total_correlation']:.2f} |" in text
    assert f"| {score['mean']:.2f} ± {score['standard_deviation']:.2f} |" in text
    for row in card["published"]:
        assert f"{row['value']:.2f} |\n" in text and row["source"] in text
    for miss in card["misses"]:
        assert miss in text
    assert card["differs"] in text


def test_every_file_is_listed_with_its_command():
    text = (RESULTS / "README.md").read_text()
    for path in RESULTS.iterdir():
        if path.is_file() and path.name != "README.md":
            assert path.name in text, path.name


def test_a_bank_of_all_other_images_is_exact():
    """Two images: the bank of one's code is the other image, and q(z) has halves of both."""
    estimators = script("estimators")
    loc, scale = np.array([[0.0, 1.0], [2.0, -1.0]]), np.array([[0.5, 1.0], [1.5, 0.3]])
    z = np.array([[0.2, 0.4], [1.0, -0.7]], "float32")
    log_q = norm.logpdf(z[:, None], loc, scale)  # (codes, images, D)
    joint = logsumexp(log_q.sum(axis=2), axis=1) - np.log(2)
    each = logsumexp(log_q, axis=1) - np.log(2)
    own = log_q[[0, 1], [0, 1]].sum(axis=1)
    prior = norm.logpdf(z).sum(axis=1)
    exact = [own - joint, joint - each.sum(axis=1), each.sum(axis=1) - prior]
    expected = np.mean(exact, axis=1)
    found = []
    for i in range(2):
        held = loc[[1 - i]], scale[[1 - i]], np.ones(1, bool)
        code = z[[i]], loc[[i]], scale[[i]]
        found.append(estimators.by_batches(*code, 1, partial(estimators.by_bank, held, 2)))
    np.testing.assert_allclose(np.mean(found, axis=0), expected, atol=1e-5)
    whole = estimators.by_batches(z, loc, scale, 2, partial(estimators.by_name, "exact", 2))
    np.testing.assert_allclose(whole, expected, atol=1e-5)
