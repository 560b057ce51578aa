"""q(z) from a batch and a bank, held to float64 SciPy, to enumeration and to the exact gradient."""

import itertools

import numpy as np
import pytest
from keras import ops
from scipy.special import logsumexp

from kerasvae import estimators
from kerasvae.backend import jit
from tests.estimators.test_aggregate_posterior import draw, gradient, numpy_log_density, posterior

N = 50


def whole(seed=0):
    """Codes of 3 images, their posteriors, a bank of 6, and which of its entries count."""
    loc, scale = posterior(9, 4, seed)
    counts = np.array([True, False, True, True, False, True])
    return draw(loc[:3], scale[:3]), loc[:3], scale[:3], loc[3:], scale[3:], counts


def by_hand(z, loc, scale, bank_loc, bank_scale, counts, size):
    """The formula, image by image."""
    joint, product = [], []
    for i in range(len(z)):
        others = [j for j in range(len(z)) if j != i]
        locs = np.concatenate([loc[[i]], loc[others], bank_loc[counts]])
        scales = np.concatenate([scale[[i]], scale[others], bank_scale[counts]])
        weights = np.full(len(locs), (1 - 1 / size) / max(len(locs) - 1, 1))
        weights[0] = 1 / size if len(locs) > 1 else 1
        log_q = numpy_log_density(z[[i]], locs, scales)[0]
        joint.append(logsumexp(log_q.sum(1), b=weights))
        product.append(logsumexp(log_q, axis=0, b=weights[:, None]))
    return np.array(joint), np.array(product)


def assert_formula(arguments, size=N):
    found = estimators.aggregate_posterior_bank(*arguments, size)
    for one, expected in zip(found, by_hand(*arguments, size), strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(one), expected, rtol=1e-5, atol=1e-5)


def test_equals_the_formula():
    assert_formula(whole())
    z, loc, scale, *bank, counts = whole(1)
    assert_formula((z, loc, scale, *bank, np.zeros(6, bool)))  # an empty bank
    assert_formula((z[:1], loc[:1], scale[:1], *bank, counts))
    assert_formula((z[:1], loc[:1], scale[:1], *bank, np.zeros(6, bool)))  # alone: its own density
    assert_formula((z[:1], loc[:1], scale[:1], *bank, np.zeros(6, bool)), size=1)


def test_entries_that_do_not_count_may_hold_anything():
    z, loc, scale, bank_loc, bank_scale, counts = whole()
    bank_loc = np.where(counts[:, None], bank_loc, np.nan)
    for one in estimators.aggregate_posterior_bank(
        z, loc, scale, bank_loc, bank_scale, np.zeros(6, bool), N
    ):
        assert np.isfinite(ops.convert_to_numpy(one)).all()


def test_the_density_is_unbiased():
    """The mean over every batch and every bank of a data set of 6 is q(z) itself."""
    loc, scale = posterior(6, 2)
    z = draw(loc, scale)[:1]
    exact = np.exp(logsumexp(numpy_log_density(z, loc, scale).sum(2), axis=1)) / 6
    found = []
    for other, *bank in itertools.permutations(range(1, 6), 3):
        batch = [0, other]
        result = estimators.aggregate_posterior_bank(
            np.repeat(z, 2, 0), loc[batch], scale[batch], loc[bank], scale[bank],
            np.ones(2, bool), 6,
        )  # fmt: skip
        found.append(np.exp(float(result.log_qz[0])))
    assert np.std(found) > 0.01 * exact
    assert np.mean(found) == pytest.approx(float(exact[0]), rel=1e-4)


def total_correlation(aggregate):
    return ops.mean(aggregate.log_qz - ops.sum(aggregate.log_qz_per_dimension, axis=1))


def test_its_gradient_is_in_the_mean_that_of_the_exact_total_correlation():
    """In the means of five images, which a batch holds 300 times: q(z) is then that of the five."""
    loc, scale = posterior(5, 2, seed=3)
    nothing = np.zeros((1, 2), "float32"), np.ones((1, 2), "float32"), np.zeros(1, bool)
    scales = np.tile(scale, (300, 1))
    exact, banked = [], []
    for seed in range(12):
        noise = np.random.default_rng(seed).normal(size=scales.shape).astype("float32")

        def codes(means, noise=noise):
            return ops.tile(means, (300, 1)) + scales * noise

        def by_all(means):  # the gradient through every posterior in q(z) too
            q = estimators.aggregate_posterior(codes(means), means, scale, "exact")
            return total_correlation(q)

        def by_bank(means):
            own = ops.tile(means, (300, 1)), scales
            return total_correlation(
                estimators.aggregate_posterior_bank(codes(means), *own, *nothing, len(scales))
            )

        assert float(by_all(loc)) == pytest.approx(float(by_bank(loc)), abs=1e-4)
        exact.append(gradient(by_all, loc))
        banked.append(gradient(by_bank, loc))
    difference = np.array(banked) - exact
    error = difference.std(axis=0, ddof=1) / np.sqrt(len(exact))
    assert np.median(error) > 1e-4, "two gradients that are the same draw by draw"
    assert (
        np.abs(difference.mean(axis=0)) < 4.5 * error + 1e-5
    ).all()  # t with 11 degrees: 1 in 1,000
    assert np.abs(np.mean(exact, axis=0)).max() > 20 * error.max()


def test_no_gradient_reaches_posteriors_in_the_mixture():
    z, *rest = whole()

    def of(position):
        def fn(x):
            arguments = [z, *rest]
            arguments[position] = x
            return total_correlation(estimators.aggregate_posterior_bank(*arguments, N))

        return fn

    assert np.abs(gradient(of(0), z)).max() > 1e-3
    for position in (1, 2, 3, 4):
        found = gradient(lambda x, p=position: of(p)(x) + 0.0 * ops.sum(x), rest[position - 1])
        assert (found == 0).all()


def test_stable_for_tiny_scales_and_far_codes():
    z, loc, scale, bank_loc, bank_scale, counts = whole()
    z, scale = np.where(np.arange(3)[:, None] == 2, 50, z).astype("float32"), 0 * scale + 1e-4

    def fn(z):
        q = estimators.aggregate_posterior_bank(z, loc, scale, bank_loc, scale[:1] + 0 * bank_scale,
                                                counts, N)  # fmt: skip
        return ops.sum(q.log_qz) + ops.sum(q.log_qz_per_dimension)

    assert np.isfinite(float(fn(z))) and np.isfinite(gradient(fn, z)).all()


def test_compiled_steps_take_partial_last_batches():
    z, loc, scale, *bank = whole()
    step = jit(lambda *batch: estimators.aggregate_posterior_bank(*batch, *bank, N))
    for size in (3, 2, 1):
        batch = [a[:size] for a in (z, loc, scale)]
        found = step(*map(ops.convert_to_tensor, batch))
        for one, expected in zip(found, by_hand(*batch, *bank, N), strict=True):
            np.testing.assert_allclose(ops.convert_to_numpy(one), expected, rtol=1e-5, atol=1e-5)
