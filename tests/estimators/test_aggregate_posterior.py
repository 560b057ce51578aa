"""q(z) from a batch, held to enumeration of every batch, to float64 SciPy and to known figures."""

import itertools
import math

import keras
import numpy as np
import pytest
from keras import ops
from scipy.special import logsumexp

from kerasvae import estimators
from kerasvae.backend import jit


def numpy_log_density(z, loc, scale):
    """(B_z, B_x, D) in float64, written apart from the library."""
    z, loc, scale = (np.asarray(a, "float64") for a in (z, loc, scale))
    t = (z[:, None] - loc) / scale
    return -(t**2) / 2 - np.log(scale) - np.log(2 * np.pi) / 2


def numpy_total_correlation(z, loc, scale, log_w):
    log_q = numpy_log_density(z, loc, scale)
    log_qz = logsumexp(log_w + log_q.sum(2), axis=1)
    return (log_qz - logsumexp(log_w[:, :, None] + log_q, axis=1).sum(1)).mean()


def buggy_log_weights(batch_size, dataset_size):
    """The matrix of several public implementations: a flat stride of B fills columns 0 and 1."""
    others = batch_size - 1
    following = (dataset_size - others) / (dataset_size * others)
    flat = np.full(batch_size * batch_size, 1 / others)
    flat[::batch_size] = 1 / dataset_size
    flat[1::batch_size] = following
    weights = flat.reshape(batch_size, batch_size)
    weights[others - 1, 0] = following
    return np.log(weights)


def gradient(fn, x):
    """d fn / d x on either backend, numpy in and out."""
    x = ops.convert_to_tensor(x)
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(fn)(x))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        value = fn(x)
    return tape.gradient(value, x).numpy()


def posterior(n, dimensions, seed=0):
    rng = np.random.default_rng(seed)
    loc = rng.normal(size=(n, dimensions)).astype("float32")
    return loc, np.exp(rng.normal(size=loc.shape) * 0.3 - 1).astype("float32")


def draw(loc, scale, seed=1):
    noise = np.random.default_rng(seed).normal(size=loc.shape)
    return (loc + scale * noise).astype("float32")


# The weights


@pytest.mark.parametrize(
    ("batch_size", "dataset_size"),
    [(1, 1), (1, 10), (2, 2), (2, 10), (7, 10), (10, 10), (64, 737_280)],
)
def test_rows_of_stratified_weights_sum_to_one(batch_size, dataset_size):
    log_w = ops.convert_to_numpy(estimators.log_weights_stratified(batch_size, dataset_size))
    assert log_w.shape == (batch_size, batch_size)
    np.testing.assert_allclose(np.exp(log_w.astype("float64")).sum(axis=1), 1, atol=1e-6)


def test_stratified_weights_by_hand():
    weights = np.exp(ops.convert_to_numpy(estimators.log_weights_stratified(4, 9)))
    own, following, other = 1 / 9, 6 / 27, 1 / 3
    expected = [
        [own, following, other, other],
        [other, own, following, other],
        [other, other, own, following],
        [following, other, other, own],
    ]
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


def test_weights_of_a_batch_of_one_and_of_two():
    assert ops.convert_to_numpy(estimators.log_weights_stratified(1, 50)).tolist() == [[0.0]]
    pair = np.exp(ops.convert_to_numpy(estimators.log_weights_stratified(2, 50)))
    np.testing.assert_allclose(pair, [[0.02, 0.98], [0.98, 0.02]], rtol=1e-6)


@pytest.mark.parametrize(("batch_size", "dataset_size"), [(11, 10), (0, 10), (4, 0), (4, 3.5)])
def test_batches_that_the_data_set_cannot_give_are_refused(batch_size, dataset_size):
    with pytest.raises(ValueError, match="Received: .*(batch|dataset)_size="):
        estimators.log_weights_stratified(batch_size, dataset_size)


# Bias


def relative_bias(estimate, dataset_size=5, batch_size=3):
    """Largest |E[q_hat(z)] / q(z) - 1| of `estimate(z, loc, scale) -> (log joint, log marginals)`.

    The expectation is over every ordered batch that holds z's image in a given row.
    """
    loc, scale = posterior(dataset_size, 2)
    z = draw(loc, scale)
    log_q = numpy_log_density(z, loc, scale)
    joint = np.exp(log_q.sum(2)).mean(1)  # (N,)
    marginals = np.exp(log_q).mean(1)  # (N, D)
    sums = np.zeros((dataset_size, batch_size, 3))
    counts = np.zeros((dataset_size, batch_size, 1))
    for batch in itertools.permutations(range(dataset_size), batch_size):
        batch = list(batch)
        log_joint, log_marginals = estimate(z[batch], loc[batch], scale[batch])
        estimated = np.exp(np.column_stack([log_joint, log_marginals]).astype("float64"))
        exact = np.column_stack([joint[batch], marginals[batch]])
        for row, image in enumerate(batch):
            sums[image, row] += (estimated / exact)[row]
            counts[image, row] += 1
    return np.abs(sums / counts - 1).max()


def weighted(log_w, inside=False):
    def estimate(z, loc, scale):
        log_q = numpy_log_density(z, loc, scale)
        joint = (log_w[:, :, None] + log_q).sum(2) if inside else log_w + log_q.sum(2)
        return logsumexp(joint, axis=1), logsumexp(log_w[:, :, None] + log_q, axis=1)

    return estimate


def test_mss_is_unbiased_over_all_batches():
    step = jit(lambda z, loc, scale: estimators.aggregate_posterior_mss(z, loc, scale, 5))
    estimate = lambda *batch: [ops.convert_to_numpy(a) for a in step(*batch)]  # noqa: E731
    assert relative_bias(estimate) < 1e-5


def test_published_mistakes_fail_the_same_check():
    correct = ops.convert_to_numpy(estimators.log_weights_stratified(3, 5)).astype("float64")
    assert relative_bias(weighted(correct)) < 1e-5
    assert relative_bias(weighted(buggy_log_weights(3, 5))) > 0.1
    assert relative_bias(weighted(correct, inside=True)) > 0.1


def test_mws_is_far_below_q_by_its_known_factor():
    size, batch_size, dimensions = 200, 16, 2
    rng = np.random.default_rng(0)
    loc = rng.normal(size=(size, dimensions)).astype("float32")
    scale = np.full_like(loc, 0.25)
    ratios, expected = [], []
    for _ in range(200):
        batch = rng.choice(size, batch_size, replace=False)
        z = (loc[batch] + scale[batch] * rng.normal(size=(batch_size, dimensions))).astype("f4")
        log_q = numpy_log_density(z, loc, scale).sum(2)
        log_qz = logsumexp(log_q, axis=1) - math.log(size)
        own = np.exp(log_q[np.arange(batch_size), batch] - log_qz)
        others = (batch_size - 1) / (size - 1) * (size - own)
        expected.append((own + others) / (size * batch_size))
        estimate = estimators.aggregate_posterior_mws(z, loc[batch], scale[batch], size)
        ratios.append(np.exp(ops.convert_to_numpy(estimate.log_qz) - log_qz))
    ratios, expected = np.concatenate(ratios), np.concatenate(expected)
    difference = ratios - expected
    assert abs(difference.mean()) < 4 * difference.std() / math.sqrt(difference.size)
    assert 0.010 < ratios.mean() < 0.016  # "0.012 q at N=200, B=16, D=2"


def terms_over_batches(estimate, repeats=40):
    """Mean (MI, TC) at N=4000, D=10, scale 0.2, B=64, and the standard error of TC."""
    rng = np.random.default_rng(0)
    loc = rng.normal(size=(4000, 10)).astype("float32")
    results = []
    for _ in range(repeats):
        batch = rng.choice(len(loc), 64, replace=False)
        mean, scale = loc[batch], np.full((64, 10), 0.2, "float32")
        z = (mean + scale * rng.normal(size=mean.shape)).astype("float32")
        own = np.einsum("iik->i", numpy_log_density(z, mean, scale))
        log_joint, log_marginals = estimate(z, mean, scale)
        log_product = np.asarray(log_marginals).sum(1)
        results.append(((own - log_joint).mean(), (log_joint - log_product).mean()))
    return np.mean(results, axis=0), np.std(results, axis=0)[1] / math.sqrt(repeats)


def test_figures_of_the_estimators_where_the_exact_ones_are_known():
    # Exact: MI 8.29 (log 4000), TC 8.0 to 8.1 over draws of the data set.
    step = jit(lambda z, loc, scale: estimators.aggregate_posterior_mss(z, loc, scale, 4000))
    estimate = lambda *batch: [ops.convert_to_numpy(a) for a in step(*batch)]  # noqa: E731
    (information, correlation), error = terms_over_batches(estimate)
    assert abs(information - math.log(4000)) < 0.01
    assert abs(correlation - 8.78) < 4 * error
    (information, correlation), error = terms_over_batches(weighted(buggy_log_weights(64, 4000)))
    assert abs(information - 4.21) < 0.05
    assert abs(correlation - 11.45) < 4 * error
    both = weighted(buggy_log_weights(64, 4000), inside=True)
    (information, correlation), _ = terms_over_batches(both)
    assert abs(information - 42.1) < 0.3
    assert abs(correlation + 26.4) < 0.5


# Values, gradients, shapes


def test_exact_equals_float64():
    loc, scale = posterior(30, 4)
    z = draw(loc, scale)[:7]
    result = estimators.aggregate_posterior_exact(z, loc, scale)
    log_q = numpy_log_density(z, loc, scale)
    expected = logsumexp(log_q.sum(2), axis=1) - np.log(30)
    np.testing.assert_allclose(ops.convert_to_numpy(result.log_qz), expected, atol=1e-5)
    expected = logsumexp(log_q, axis=1) - np.log(30)
    per_dimension = ops.convert_to_numpy(result.log_qz_per_dimension)
    np.testing.assert_allclose(per_dimension, expected, atol=1e-5)


@pytest.mark.parametrize("estimator", ["mws", "mss"])
def test_gradients_equal_finite_differences(estimator):
    loc, scale = posterior(6, 3)
    z = draw(loc, scale)
    log_w = {
        "mws": np.full((6, 6), -math.log(6 * 40)),
        "mss": ops.convert_to_numpy(estimators.log_weights_stratified(6, 40)).astype("float64"),
    }[estimator]

    def loss(x):
        loc, z = x[:6], x[6:]
        aggregate = estimators.aggregate_posterior(z, loc, scale, estimator, dataset_size=40)
        zeros = ops.zeros(6)
        return ops.mean(
            estimators.decomposition_terms(zeros, aggregate, zeros)["total_correlation"]
        )

    x = np.concatenate([loc, z])
    computed = gradient(loss, x)
    for index in np.ndindex(*x.shape):
        step = np.zeros(x.shape)
        step[index] = 1e-5
        above, below = (x + sign * step for sign in (1, -1))
        difference = numpy_total_correlation(above[6:], above[:6], scale, log_w)
        difference -= numpy_total_correlation(below[6:], below[:6], scale, log_w)
        assert abs(computed[index] - difference / 2e-5) < 1e-3


@pytest.mark.parametrize("estimator", estimators.ESTIMATORS)
def test_stable_for_tiny_scales_and_far_codes(estimator):
    loc, _ = posterior(8, 10)
    scale = np.full_like(loc, 1e-4)
    z = np.concatenate([draw(loc, scale)[:7], np.full((1, 10), 50, "float32")])

    def total(z):
        aggregate = estimators.aggregate_posterior(z, loc, scale, estimator, dataset_size=100)
        return ops.sum(aggregate.log_qz) + ops.sum(aggregate.log_qz_per_dimension)

    assert np.isfinite(float(total(ops.convert_to_tensor(z))))
    assert np.isfinite(gradient(total, z)).all()


@pytest.mark.parametrize("estimator", estimators.ESTIMATORS)
def test_compiled_steps_take_partial_last_batches(estimator):
    def fn(z, loc, scale):
        return estimators.aggregate_posterior(z, loc, scale, estimator, dataset_size=100)

    step = jit(fn)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        step = tf.function(fn, input_signature=[tf.TensorSpec((None, 4), tf.float32)] * 3)
    loc, scale = posterior(9, 4)
    z = draw(loc, scale)
    for size in (9, 2, 1):
        result = step(*(ops.convert_to_tensor(a[:size]) for a in (z, loc, scale)))
        expected = fn(z[:size], loc[:size], scale[:size])
        for one, other in zip(result, expected, strict=True):
            one = ops.convert_to_numpy(one)
            assert np.isfinite(one).all()
            np.testing.assert_allclose(one, ops.convert_to_numpy(other), atol=1e-5)


@pytest.mark.parametrize("estimator", estimators.ESTIMATORS)
def test_terms_sum_to_the_kl_of_the_draw(estimator):
    loc, scale = posterior(9, 4)
    z = draw(loc, scale)
    log_posterior = np.einsum("iik->i", numpy_log_density(z, loc, scale)).astype("float32")
    log_prior = (-(z**2) / 2 - np.log(2 * np.pi) / 2).sum(1).astype("float32")
    aggregate = estimators.aggregate_posterior(z, loc, scale, estimator, dataset_size=20)
    terms = estimators.decomposition_terms(log_posterior, aggregate, log_prior)
    assert list(terms) == ["mutual_information", "total_correlation", "dimension_wise_kl"]
    total = ops.convert_to_numpy(sum(terms.values()))
    assert total.shape == (9,)
    np.testing.assert_allclose(total, log_posterior - log_prior, atol=1e-4)


def test_names_and_missing_sizes_are_refused():
    loc, scale = posterior(4, 2)
    with pytest.raises(ValueError, match="estimator.*mss"):
        estimators.aggregate_posterior(loc, loc, scale, "msss", dataset_size=9)
    with pytest.raises(ValueError, match="dataset_size.*Received: dataset_size=None"):
        estimators.aggregate_posterior(loc, loc, scale, "mss")
