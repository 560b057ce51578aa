"""Means and standard errors of an ordered draw, against repetition."""

import numpy as np
import pytest

from kerasvae.surgery.control_variates import controlled_means

pytestmark = pytest.mark.numpy_only


def repeat(make, repeats=400):
    """(spread of the means over draws, mean standard error, mean of the means)."""
    results = [controlled_means(*make(np.random.default_rng(seed))) for seed in range(repeats)]
    means = np.array([mean[0] for mean, _ in results])
    return means.std(), np.mean([error[0] for _, error in results]), means.mean()


def test_error_of_independent_draws():
    spread, error, _ = repeat(lambda rng: (rng.normal(size=(200, 1)), np.zeros((200, 1))))
    assert error == pytest.approx(1 / np.sqrt(200), rel=0.02)
    assert spread == pytest.approx(error, rel=0.12)  # 400 repeats: 3.5% standard error


def test_controls_take_out_what_they_explain_and_no_more():
    def make(rng):
        control = rng.normal(size=(200, 2))
        return 1 + control @ [[3.0], [-2.0]] + 0.1 * rng.normal(size=(200, 1)), control

    spread, error, mean = repeat(make)
    assert mean == pytest.approx(1, abs=4 * spread / 20)
    assert error == pytest.approx(0.1 / np.sqrt(200), rel=0.02)
    assert spread == pytest.approx(error, rel=0.12)


def test_order_of_the_population_counts():
    """Draws from consecutive stretches of a slope: the mean is far better than its spread says."""

    def make(rng):
        position = (np.arange(200) + rng.random(200)) / 200
        return 10 * position[:, None], np.zeros((200, 1))

    spread, error, _ = repeat(make)
    assert spread < error < 3 * spread  # conservative; independent draws would give 70 times more


def test_sums_stay_sums():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(101, 2))
    values = np.column_stack([values, values.sum(axis=1)])
    means, _ = controlled_means(values, rng.normal(size=(101, 2)))
    assert means[2] == pytest.approx(means[0] + means[1], abs=1e-12)


def test_controls_that_say_the_same_twice():
    control = np.random.default_rng(0).normal(size=(50, 1))
    means, errors = controlled_means(2 + control, np.column_stack([control, -control]))
    assert means[0] == pytest.approx(2)
    assert errors[0] < 1e-9
