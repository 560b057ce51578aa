"""Several metrics over several draws: the same numbers as the metrics called by hand."""

import numpy as np
import pytest

from kerasvae import metrics
from kerasvae.data import FactorDataset, ImageDataset, load
from kerasvae.runs import scores

pytestmark = pytest.mark.numpy_only


@pytest.fixture(scope="module")
def grid():
    return load("dsprites-mini")


@pytest.fixture(scope="module")
def parameters(grid):
    rng = np.random.default_rng(0)
    factors = grid.factors(slice(None)).astype("float32")
    noise = rng.normal(size=(len(grid), 1)).astype("float32")
    loc = np.concatenate([factors @ rng.normal(size=(5, 4)).astype("float32"), noise], axis=1)
    return {"loc": loc, "scale": np.full_like(loc, 0.2)}


def test_a_draw_is_the_metric_called_by_hand(grid, parameters):
    result = scores.score(parameters, grid, ["mig", "dci"], points=1200, draws=2)
    for name in ("mig", "dci"):
        expected = []
        for seed in range(2):
            drawn = np.sort(np.random.default_rng(seed).choice(len(grid), 1200, replace=False))
            metric = getattr(metrics, name)
            expected.append(metric(parameters["loc"][drawn], grid.factors(drawn), seed=seed))
        values = [one.score for one in expected]
        assert result[name]["draws"] == values
        assert result[name]["mean"] == pytest.approx(np.mean(values))
        assert result[name]["standard_deviation"] == pytest.approx(
            abs(values[0] - values[1]) / 2**0.5
        )
        np.testing.assert_array_equal(result[name]["matrix"], expected[0].matrix)
    completeness = [one.parts["completeness"] for one in expected]
    assert result["dci"]["parts"]["completeness"]["draws"] == completeness


def test_every_metric_of_one_model_has_a_value_here(grid, parameters):
    result = scores.score(parameters, grid, points=1000, draws=1)
    of_several_models = {"udr"}
    assert set(result) == set(metrics.BY_NAME) - of_several_models
    for name, score in result.items():
        assert np.isfinite(score["mean"]), name
        assert score["standard_deviation"] is None, "one draw has no spread"
        assert score["settings"]["versions"]


def test_chens_mig_sees_the_posterior_and_all_images(grid, parameters):
    result = scores.score(parameters, grid, ["mig_chen"], points=1000, draws=1)
    expected = metrics.mig_chen(
        parameters["loc"], grid.factors(slice(None)), scale=parameters["scale"]
    )
    assert result["mig_chen"]["mean"] == expected.score


def test_a_metric_without_a_value_says_why(parameters):
    one_factor = FactorDataset(
        np.zeros((2000, 1, 1, 1), "uint8"), {"class": range(10)}, np.arange(2000)[:, None] % 10
    )
    codes = {name: values[:2000] for name, values in parameters.items()}
    result = scores.score(codes, one_factor, ["mig", "modularity", "beta_vae_score"], draws=1)
    assert "mean" in result["mig"]
    assert "two factors" in result["modularity"]["refused"]
    assert "two factors" in result["beta_vae_score"]["refused"]


def test_a_mistake_is_an_error_and_not_a_refusal(grid, parameters):
    broken = {**parameters, "loc": np.where(parameters["loc"] > 3, np.nan, parameters["loc"])}
    for name in ("mig", "gaussian_total_correlation", "irs"):
        with pytest.raises(ValueError, match="codes must be finite"):
            scores.score(broken, grid, [name], draws=1)


def test_without_factors_only_the_codes_are_scored(parameters):
    photographs = ImageDataset(np.zeros((3072, 1, 1, 1), "uint8"), name="photographs")
    result = scores.score(parameters, photographs, draws=1)
    scored = [name for name, score in result.items() if "mean" in score]
    assert scored == ["gaussian_total_correlation"]
    assert result["mig"] == {"refused": "photographs has no known factors"}


def test_few_points_are_warned_of_in_the_result(grid, parameters):
    result = scores.score(parameters, grid, ["mig"], points=50, draws=2)
    (warning,) = result["mig"]["warnings"]
    assert "50 points" in warning


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"names": ["mgi"]}, "Did you mean 'mig'"),
        ({"points": 0}, "points"),
        ({"draws": 0}, "draws"),
    ],
)
def test_bad_settings_are_refused(grid, parameters, arguments, message):
    with pytest.raises(ValueError, match=message):
        scores.score(parameters, grid, **arguments)


def test_codes_of_other_images_are_refused(grid, parameters):
    with pytest.raises(ValueError, match="3072 images.*Received: 10 rows"):
        scores.score({name: values[:10] for name, values in parameters.items()}, grid)
