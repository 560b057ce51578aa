"""Downstream accuracy, generalisation and unfairness: answers known by hand, and scikit-learn."""

import itertools
import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from kerasvae.metrics import NotApplicable, downstream, generalisation, unfairness
from kerasvae.metrics.unfairness import dependence

pytestmark = pytest.mark.numpy_only

ALL = (downstream, generalisation, unfairness)
SIZES = {"train_sizes": (10, 600), "test_points": 600}


def grid(sizes=(3, 4, 2), copies=100):
    return np.repeat(list(itertools.product(*map(range, sizes))), copies, axis=0)


def measured(metric, codes, factors, **settings):
    sizes = SIZES if metric is downstream else {}
    return metric(codes, factors, **{**sizes, **settings})


# What all three owe


@pytest.mark.parametrize("classifier", ["logistic", "boosted-trees"])
@pytest.mark.parametrize("metric", ALL)
def test_perfect_codes_are_better_than_mixed_ones_and_noise(metric, classifier):
    factors = grid()
    perfect, noise = factors * [1.0, -3.0, 0.1], np.random.default_rng(0).normal(size=(2400, 3))
    mixed = factors @ [[1.0], [0.7], [0.6]] + 0.2 * noise[:, :1]  # three factors in one code
    score = {}
    for name, codes in {"perfect": perfect, "mixed": mixed, "noise": noise}.items():
        result = measured(metric, codes, factors, classifier=classifier)
        again = measured(metric, codes, factors, classifier=classifier)
        assert json.dumps(result.to_dict(), allow_nan=False) == json.dumps(again.to_dict())
        assert 0 <= result.score <= 1 and result.metric == metric.__name__
        score[name] = result.score
    if metric is unfairness:
        # Chance alone, for 1/3 of the points: 4 classes, 200 or more points a value.
        assert score["perfect"] < 0.06 < score["mixed"]
    else:
        assert score["perfect"] > 0.999 and score["mixed"] < 0.97
        # Chance is (1/3 + 1/4 + 1/2) / 3 = 0.36.
        assert score["noise"] == pytest.approx(0.36, abs=0.06)


@pytest.mark.parametrize("metric", ALL)
def test_constant_codes_and_units(metric):
    factors = grid()
    result = measured(metric, np.full((2400, 2), 0.1), factors)
    if metric is unfairness:
        assert result.score == 0, "the same answer for everybody"
    else:
        assert result.score == pytest.approx(0.36, abs=0.05)
    mixed = factors[:, :2] + 0.4 * np.random.default_rng(0).normal(size=(2400, 2))
    first, other = (measured(metric, mixed * unit, factors).score for unit in (1.0, 1e200))
    assert other == pytest.approx(first, abs=1e-3)


@pytest.mark.parametrize("metric", ALL)
def test_what_cannot_be_answered_is_refused(metric):
    factors = grid()
    with pytest.raises(NotApplicable, match=f"{metric.__name__} predicts the class"):
        measured(metric, factors, factors * 0.5)
    with pytest.raises(NotApplicable, match="has the same value"):
        measured(metric, factors, factors * [1, 0, 1])
    with pytest.raises(ValueError, match="classifier must be one of logistic, boosted-trees"):
        measured(metric, factors, factors, classifier="forest")
    with pytest.raises(ValueError, match="NaN"):
        measured(metric, np.full((2400, 1), np.nan), factors)


# Downstream


def test_downstream_equals_scikit_learn():
    factors, rng = grid(), np.random.default_rng(1)
    codes = factors + rng.normal(size=factors.shape)
    result = downstream(codes, factors, seed=3, train_sizes=(50, 500), test_points=700)
    order = np.random.default_rng(3).permutation(2400)
    scaled = StandardScaler().fit_transform(codes)
    for row, size in enumerate((50, 500)):
        for k in range(3):
            model = LogisticRegression(max_iter=1000).fit(
                scaled[order[:size]], factors[order[:size], k]
            )
            expected = model.score(scaled[order[-700:]], factors[order[-700:], k])
            assert result.parts["per_factor"][row, k] == pytest.approx(expected, abs=2 / 700)
    per_size = result.parts["per_factor"].mean(axis=1)
    np.testing.assert_allclose(result.parts["efficiency"], per_size / per_size[1])
    np.testing.assert_allclose(result.parts["chance"], [1 / 3, 1 / 4, 1 / 2], atol=0.06)
    assert result.score == per_size[1] > per_size[0]


def test_a_factor_that_no_code_tells_stays_at_chance_with_any_number_of_labels():
    factors = grid()
    result = measured(downstream, factors[:, :2], factors)
    np.testing.assert_allclose(result.parts["per_factor"][1], [1, 1, 0.5], atol=0.07)


def test_one_label_names_its_class():
    factors = grid()
    result = downstream(factors, factors, train_sizes=(1,), test_points=600)
    named = factors[np.random.default_rng(0).permutation(2400)[0]]
    test = factors[np.random.default_rng(0).permutation(2400)[-600:]]
    np.testing.assert_allclose(result.parts["per_factor"][0], (test == named).mean(axis=0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give more points, or smaller train_sizes"),
        ({"train_sizes": (100, 10), "test_points": 10}, "must be rising numbers of points"),
        ({"train_sizes": (), "test_points": 10}, "must be rising numbers of points"),
        ({"train_sizes": (0, 1)}, "train_sizes must be a positive whole number"),
        ({"test_points": 0}, "Received: test_points=0"),
    ],
)
def test_sizes_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        downstream(grid(), grid(), **settings)


# Generalisation


@pytest.mark.parametrize("classifier", ["logistic", "boosted-trees"])
def test_a_code_that_turns_round_beyond_the_half_is_always_wrong_there(classifier):
    """XOR: where s = 0 the code is k, where s = 1 it is 1 - k. So accuracy is 1, then 0."""
    factors = grid((2, 2), 300)
    result = generalisation(factors[:, :1] ^ factors[:, 1:], factors, classifier=classifier)
    assert result.score == 0 and result.parts["same"] == 1 and result.parts["gap"] == 1
    perfect = generalisation(factors, factors, classifier=classifier)
    assert perfect.score == 1 and perfect.parts["gap"] == 0


def test_which_half_is_trained_on():
    """A code k + 10 [s = 2] of three values: s = 2 alone is unseen, and looks like the largest k.

    All its points are named 1, which is right for half of them. The code says of s < 2 nothing.
    """
    factors = grid((2, 3), 200)
    codes = factors[:, :1] + 10 * (factors[:, 1:] == 2)
    result = generalisation(codes, factors)
    assert result.parts["per_pair"][0, 1] == 0.5 and result.parts["same_per_pair"][0, 1] == 1
    assert (np.diag(result.parts["per_pair"]) == 0).all()


def test_too_few_points_to_train_on():
    factors = np.array([[0, 0], [1, 1], [0, 1], [1, 1]])
    with pytest.warns(UserWarning), pytest.raises(NotApplicable, match="factor 0 has 2 points"):
        generalisation(factors, factors)


# Unfairness


def test_dependence_by_hand():
    predicted, sensitive = np.array([0, 0, 1, 1, 2, 2]), np.array([5, 5, 5, 7, 7, 7])
    # p = 1/3 each; at 5: 2/3, 1/3, 0; at 7: 0, 1/3, 2/3. Both are 1/3 away.
    assert dependence(predicted, sensitive) == pytest.approx(1 / 3)
    assert dependence(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])) == 0


@pytest.mark.parametrize("count", [2, 4])
def test_of_a_factor_that_is_the_other_the_prediction_is_as_unfair_as_can_be(count):
    """Of V equally frequent classes p(y) = 1/V, and p(y|s) is 1 for one: TV = 1 - 1/V."""
    values = np.random.default_rng(0).integers(0, count, 6000)
    factors = np.stack([values, values], axis=1)
    result = unfairness(factors, factors)
    assert result.score == pytest.approx(1 - 1 / count, abs=0.02)
    assert result.parts["worst"] >= result.score and result.parts["accuracy"].tolist() == [1, 1]


def test_a_code_that_hides_a_factor_for_one_group_only():
    """Where s = 1 the code is 0 whatever k is: named 0, or 1, always. TV = 1/4 both ways, or so.

    Points with s = 0 are named as they are, half of them 1. With all of s = 1 named 0, p(1) = 1/4,
    p(1|s=0) = 1/2, p(1|s=1) = 0. With all named 1, it is 3/4, 1/2 and 1: the same distances.
    """
    factors = grid((2, 2), 1500)
    codes = np.where(factors[:, 1:] == 1, 0.5, factors[:, :1])
    found = unfairness(codes, factors).parts["per_pair"][0, 1]
    assert found == pytest.approx(0.25, abs=0.03)
