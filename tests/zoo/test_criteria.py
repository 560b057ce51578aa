"""What a card's numbers miss, on cards made by hand."""

import copy

import pytest

from kerasvae.zoo import criteria

pytestmark = pytest.mark.numpy_only

FACTORS = ["shape", "scale", "orientation", "x", "y"]


def made(model="beta-tcvae", matrix=None, **numbers):
    """A card that misses nothing, but for what is given."""
    upright = [
        [0.0, 0.0, 0.0, 0.6, 0.0],
        [0.1, 0.5, 0.0, 0.1, 0.0],
        [0.0, 0.1, 0.1, 0.0, 0.6],
        [0.1, 0.0, 0.06, 0.0, 0.1],
        [0.0, 0.0, 0.0, 0.5, 0.5],  # a dead one: it does not count
    ]
    given = {
        "steps": 40_000, "reconstruction": 40.0, "total_correlation": 0.2,
        "factor_vae_score": 0.7, **numbers,
    }  # fmt: skip
    return {
        "model": model,
        "training": {"steps": given["steps"]},
        "published": [{"figure": "reconstruction", "value": 36.0, "source": "a paper"}],
        "information": {"factors": FACTORS, "matrix": matrix or upright},
        "evaluation": {
            "per_dimension_kl": [3.0, 2.0, 3.0, 0.2, 0.05],
            "surgery": {
                "reconstruction": given["reconstruction"],
                "total_correlation": given["total_correlation"],
            },
            "scores": {"factor_vae_score": {"mean": given["factor_vae_score"]}},
        },
    }


def about(card, others=()):
    """The subjects of what is missed."""
    return [text.partition(":")[0] for text in criteria.misses(card, dict(others))]


def test_nothing_is_missed_where_all_is_there():
    assert about(made(), {"vae": made("vae", total_correlation=0.3)}) == []


def test_the_axes_are_those_of_living_dimensions():
    found = criteria.axes(made())
    assert [found[name]["dimension"] for name in FACTORS] == [1, 1, 2, 0, 2]
    assert found["x"]["share"] == 0.6 and found["x"]["gap"] == pytest.approx(0.5)


@pytest.mark.parametrize("factor, column", [("x", 3), ("y", 4)])
def test_a_position_needs_a_share_and_a_gap(factor, column):
    axis = {"x": 0, "y": 2}[factor]
    card = made()
    card["information"]["matrix"][axis][column] = 0.49
    assert about(card) == [f"axis of {factor}"]
    card["information"]["matrix"][axis][column] = 0.51
    assert about(card) == []
    card["information"]["matrix"][1][column] = 0.22  # a gap of 0.29
    assert about(card) == [f"axis of {factor}"]


def test_size_must_have_a_dimension_of_its_own():
    card = made()
    card["information"]["matrix"][0][1] = 0.55
    assert "three axes" in about(card)


def test_a_turned_model_misses_its_axes():
    turned = copy.deepcopy(made()["information"]["matrix"])
    for j in (0, 2):
        turned[j][3] = turned[j][4] = 0.13
    assert about(made(matrix=turned))[:3] == ["axis of x", "axis of y", "three axes"]
    assert about(made("beta-vae", matrix=turned)) == [], "no axes are asked of a beta-VAE"


def test_form_must_be_seen_in_a_further_dimension():
    card = made()
    card["information"]["matrix"][3] = [0.04, 0, 0.04, 0, 0]
    card["information"]["matrix"][4] = [0, 0, 0, 0, 0]
    assert about(card) == ["shape or orientation"]


def test_the_better_of_both_scores_counts():
    low, high = made(factor_vae_score=0.59), made("factor-vae", factor_vae_score=0.6)
    assert about(low) == ["FactorVAE score"]
    assert about(low, {"factor-vae": high}) == []
    other = made("vae", factor_vae_score=0.9, total_correlation=0.3)
    assert about(low, {"vae": other}) == ["FactorVAE score"]


def test_the_vae_must_be_the_more_dependent_one():
    for theirs, missed in ((0.1, ["total correlation"]), (0.3, [])):
        assert about(made(), {"vae": made("vae", total_correlation=theirs)}) == missed
    assert about(made("vae"), {"vae": made("vae")}) == []


def test_the_published_reconstruction_counts_after_the_published_steps():
    assert about(made(reconstruction=46.0)) == []
    assert about(made(reconstruction=46.0, steps=300_000)) == ["reconstruction"]
    assert about(made(reconstruction=44.0, steps=300_000)) == []


@pytest.mark.parametrize(
    "model, steps, missed",
    [("vae", 39_999, 1), ("vae", 40_000, 0), ("infogan", 19_999, 1), ("infogan", 20_000, 0)],
)
def test_a_short_training_is_a_miss(model, steps, missed):
    assert about(made(model, steps=steps)) == ["steps"] * missed
