"""The density-ratio trick against closed forms and NumPy."""

import keras
import numpy as np
from keras import ops

from kerasvae.estimators import discriminator_terms, log_density_ratio, permute_dims


def permuted(z, seed=0):
    return ops.convert_to_numpy(permute_dims(z, keras.random.SeedGenerator(seed)))


def test_permute_dims_keeps_every_column_and_breaks_every_row():
    z = np.arange(4000, dtype="float32").reshape(1000, 4)
    shuffled = permuted(z)
    # Column j holds 4 i + j: what sits there must keep its remainder by 4.
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), z)
    rows = shuffled.astype(int) // 4  # the image each entry came from
    for j in range(4):
        # A random permutation leaves about one entry in place; 10 or more have chance 1e-7.
        assert (rows[:, j] == np.arange(1000)).sum() < 10
        for k in range(j):  # shuffling whole rows would keep the columns together
            assert (rows[:, j] == rows[:, k]).sum() < 10


def test_permute_dims_draws_every_permutation_equally_often():
    z = np.arange(3, dtype="float32")[:, None]
    generator = keras.random.SeedGenerator(1)
    draws = 600
    orders = [tuple(ops.convert_to_numpy(permute_dims(z, generator))[:, 0]) for _ in range(draws)]
    counts = np.unique(np.array(orders), axis=0, return_counts=True)[1]
    assert len(counts) == 6
    expected = draws / 6
    assert ((counts - expected) ** 2 / expected).sum() < 20.5  # chi-square, 5 degrees, p = 0.001


def test_permuted_codes_lose_their_correlation_and_keep_their_marginals():
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal([0, 1], [[1, 0.9], [0.9, 1]], size=20_000).astype("float32")
    shuffled = permuted(z)
    assert abs(np.corrcoef(shuffled.T)[0, 1]) < 5 / np.sqrt(len(z))
    np.testing.assert_allclose(shuffled.mean(0), z.mean(0), rtol=1e-4, atol=1e-4)


def test_terms_equal_the_cross_entropy_of_both_classes():
    rng = np.random.default_rng(0)
    logits_0, logits_1 = rng.normal(size=(2, 50, 2)).astype("float32") * 5
    terms = discriminator_terms(log_density_ratio(logits_0), log_density_ratio(logits_1))
    first = keras.losses.sparse_categorical_crossentropy(np.zeros(50), logits_0, from_logits=True)
    second = keras.losses.sparse_categorical_crossentropy(np.ones(50), logits_1, from_logits=True)
    expected = 0.5 * (ops.convert_to_numpy(first) + ops.convert_to_numpy(second))
    found = ops.convert_to_numpy(terms["discriminator_loss"])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    right = 0.5 * ((logits_0.argmax(1) == 0).astype(float) + (logits_1.argmax(1) == 1))
    np.testing.assert_array_equal(ops.convert_to_numpy(terms["discriminator_accuracy"]), right)


def test_the_loss_is_finite_and_has_a_gradient_where_a_softmax_has_none():
    ratio = np.array([-200.0, 200.0], "float32")  # wrong, and right, beyond all doubt
    loss = ops.convert_to_numpy(discriminator_terms(ratio, -ratio)["discriminator_loss"])
    np.testing.assert_allclose(loss, [200.0, 0.0], atol=1e-6)
