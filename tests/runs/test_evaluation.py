"""What `evaluate` writes: its numbers against their sources, and the page in a real browser."""

import json

import numpy as np
import pytest

from kerasvae.runs import Run, load_images, new_config, scores, session
from kerasvae.runs.evaluation import evaluate, sampled
from kerasvae.runs.report import score_rows, tables, write_report
from kerasvae.surgery import decompose
from kerasvae.surgery.decomposition import LAYOUT
from tests import browser

# What is measured is numpy; and trainings of a few steps.
pytestmark = [pytest.mark.numpy_only, pytest.mark.usefixtures("all_eagerly", "narrow")]

SETTINGS = {"images": 1200, "draws": 2, "samples": 300}


def small_run(folder, model, source, **given):
    given = {"data": source, "data_option": {}, "steps": 30, "log_every": 10, **given}
    dataset = load_images(source, {})
    run = Run.create(folder, new_config(model, given, dataset))
    return run, session.train(run, dataset)[0], dataset


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """(run, model, the images that were measured, result, path of the page)"""
    folder = tmp_path_factory.mktemp("runs") / "beta"
    run, model, dataset = small_run(folder, "beta-vae", "dsprites-mini", beta=2.0, latent_dim=4)
    result = evaluate(run, model, dataset, **SETTINGS)
    page = write_report(run, model, dataset, result)
    return run, model, sampled(dataset, SETTINGS["images"]), result, page


def test_it_is_what_its_parts_give_by_themselves(evaluated):
    run, model, images, result, _ = evaluated
    assert json.loads(run.path("evaluation.json").read_text()) == result
    surgery = decompose(model, images, samples=300).to_dict()
    for name, _ in LAYOUT:  # the same draws, encoded in batches of another size
        assert result["surgery"][name] == pytest.approx(surgery[name], abs=1e-4)
    assert result["terms"]["kl"] == pytest.approx(result["surgery"]["kl"], rel=1e-4)
    assert sum(result["per_dimension_kl"]) == pytest.approx(result["surgery"]["kl"], rel=1e-4)
    again = scores.score(model.posteriors(images), images, ["mig", "irs"], draws=2)
    for name in ("mig", "irs"):
        assert result["scores"][name]["draws"] == pytest.approx(again[name]["draws"], abs=1e-6)
    assert set(result["scores"]) == set(scores.NAMES)


def test_a_sample_keeps_the_factors_of_its_images(evaluated):
    images = evaluated[2]
    whole = load_images("dsprites-mini", {})
    assert len(images) == 1200 and images.factor_sizes == whole.factor_sizes
    position = whole.indices_of(images.factors(range(1200)))
    assert len(set(position)) == 1200
    # Drawn from all over the grid: the position's mean is that of a uniform one, within 4 errors.
    error = len(whole) / 12**0.5 / 1200**0.5
    assert abs(position.mean() - (len(whole) - 1) / 2) < 4 * error
    assert len(set(np.diff(position))) > 5, "not every n-th one"
    np.testing.assert_array_equal(whole.images(position), images.images(range(1200)))


def test_the_rows_of_the_page_are_the_scores_and_their_parts(evaluated):
    result = evaluated[3]
    rows = {row["name"]: row for row in score_rows(result["scores"])}
    dci = result["scores"]["dci"]
    assert rows["dci"]["mean"] == dci["mean"] and rows["dci"]["draws"] == 2
    assert rows["completeness"]["mean"] == dci["parts"]["completeness"]["mean"]
    assert rows["completeness"]["depth"] == 1 and rows["dci"]["depth"] == 0
    assert "1,200 points" in rows["mig"]["sampled"]
    assert [table.row_count for table in tables(result, "here")] == [3 + 6 + 4, len(rows)]


@pytest.mark.numpy_only
def test_the_report_in_a_browser(evaluated):
    run, _, _, result, path = evaluated
    with browser.page() as page:
        page.goto(path.resolve().as_uri())
        assert page.title() == "beta-vae, beta 2, seed 0"
        images = page.locator("img")
        # training, surgery, traversals, reconstructions, two heat maps
        assert images.count() == 6
        for number in range(6):
            assert images.nth(number).evaluate("image => image.complete && image.naturalWidth > 99")
            assert images.nth(number).get_attribute("alt")
        text = page.inner_text("body")
        for name, score in result["scores"].items():
            assert name in text and f"{score['mean']:.3f}" in text
        for name, value in result["terms"].items():
            assert name in text and f"{value:.3f}" in text
        assert page.locator("script").count() == 0
        browser.screenshot(page, "report")
        assert page.errors == []


def test_a_model_that_surgery_refuses_has_a_report_all_the_same(tmp_path):
    run, model, dataset = small_run(
        tmp_path / "run", "adversarial-autoencoder", "digits", prior="swiss_roll", latent_dim=2
    )
    result = evaluate(run, model, dataset, draws=1)
    assert "not N(0, I)" in result["surgery"]["refused"]
    # The KL to N(0, 1) would be of another prior: nothing shows it.
    assert result["per_dimension_kl"] is None
    rows = list(tables(result, "run")[0].columns[0].cells)
    assert "reconstruction" in rows and not [row for row in rows if row.startswith("kl of")]
    assert "two factors" in result["scores"]["dci"]["refused"]
    text = write_report(run, model, dataset, result).read_text()
    assert "not N(0, I)" in text and "two factors" in text


def test_texts_are_escaped(tmp_path):
    run, model, dataset = small_run(tmp_path / "run", "vae", "digits", latent_dim=2)
    run.config["data"]["source"] = "<b>folder & images</b>"
    result = evaluate(run, model, dataset, draws=1, names=["mig"])
    text = write_report(run, model, dataset, result).read_text()
    assert "&lt;b&gt;folder &amp; images&lt;/b&gt;" in text and "<b>folder" not in text


@pytest.mark.parametrize(
    "settings, message",
    [({"names": ["mgi"]}, "Did you mean"), ({"draws": 0}, "draws"), ({"samples": -1}, "samples")],
)
def test_bad_settings_are_refused_before_any_work(settings, message):
    with pytest.raises(ValueError, match=message):
        evaluate(None, None, None, **settings)
