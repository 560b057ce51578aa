"""The layers inside other people's Keras models."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasvae.layers import GaussianLatent, GaussianSampling

FEATURES = np.random.default_rng(0).standard_normal((16, 5)).astype("float32")
ON_JAX = keras.backend.backend() == "jax"


def kl_by_hand(layer, features):
    """KL(q(z|x) || N(0, I)) in float64 from the layer's weights, (batch,)."""
    kernel, bias = (ops.convert_to_numpy(w).astype("float64") for w in layer.trainable_variables)
    loc, log_variance = np.split(features @ kernel + bias, 2, axis=1)
    return 0.5 * (np.exp(log_variance) + loc**2 - 1 - log_variance).sum(1)


@pytest.mark.parametrize("beta", [0.0, 1.0, 3.0])
def test_latent_adds_beta_times_the_mean_kl_to_the_loss(beta):
    inputs = keras.Input((5,))
    latent = GaussianLatent(3, beta=beta)
    # A decoder that returns zero whatever z is leaves the KL alone in the loss.
    outputs = layers.Dense(1, kernel_initializer="zeros")(latent(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", loss="mse")
    expected = kl_by_hand(latent, FEATURES).mean()
    logs = model.evaluate(FEATURES, np.zeros((16, 1)), batch_size=16, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(beta * expected, rel=1e-4, abs=1e-6)
    # Keras's JAX trainer carries no metrics of layers (keras-team/keras issue 21639).
    assert ("kl" in logs) is not ON_JAX
    if not ON_JAX:
        assert logs["kl"] == pytest.approx(expected, rel=1e-4)


def test_the_penalty_alone_drives_the_posterior_to_the_prior():
    inputs = keras.Input((5,))
    latent = GaussianLatent(3)
    model = keras.Model(inputs, layers.Dense(1, kernel_initializer="zeros")(latent(inputs)))
    model.compile(keras.optimizers.Adam(0.05), loss="mse")
    before = kl_by_hand(latent, FEATURES).mean()
    model.fit(np.tile(FEATURES, (200, 1)), np.zeros((3200, 1)), batch_size=16, verbose=0)
    after = kl_by_hand(latent, FEATURES).mean()
    assert after < 0.05 * before


def test_sampling_reparametrises():
    n = 20_000
    loc, scale = np.full((n, 1), 2.0, "float32"), np.full((n, 1), 0.3, "float32")
    z = ops.convert_to_numpy(GaussianSampling(seed=0)((loc, scale)))
    assert z.mean() == pytest.approx(2.0, abs=5 * 0.3 / n**0.5)
    assert z.std() == pytest.approx(0.3, abs=5 * 0.3 / (2 * n) ** 0.5)


def test_sampling_draws_in_float32_under_half_precision():
    layer = GaussianSampling(seed=0, dtype="mixed_float16")
    z = layer((np.zeros((2, 3), "float16"), np.ones((2, 3), "float16")))
    assert keras.backend.standardize_dtype(z.dtype) == "float32"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianLatent(0), "units must be a positive whole number. Received: units=0"),
        (lambda: GaussianLatent(2, beta=-1), "Received: beta=-1"),
        (lambda: GaussianLatent(2)(np.ones((2, 4, 4, 1), "float32")), "Flatten"),
        (lambda: GaussianSampling()(np.ones((2, 3), "float32")), "pair"),
        (lambda: GaussianSampling()((np.ones((2, 3)), np.ones((2, 4)))), "one shape"),
    ],
)
def test_bad_use_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_latent_penalties_are_those_of_the_estimators():
    weights = {"mutual_information": 0.5, "total_correlation": 5.0, "dimension_wise_kl": 0.25}
    layer = GaussianLatent(3, beta=2.0, moments=3.0, dataset_size=100, seed=0, **weights)
    z = layer(FEATURES)
    terms = layer.terms(layer.parameters(FEATURES), z)
    # The three parts sum to log q(z|x) - log p(z), whatever estimates q(z).
    loc, scale = (ops.convert_to_numpy(v) for v in layer.parameters(FEATURES).values())
    draw = ops.convert_to_numpy(z)
    log_ratio = (0.5 * draw**2 - 0.5 * ((draw - loc) / scale) ** 2 - np.log(scale)).sum(1)
    parts = sum(ops.convert_to_numpy(terms[name]) for name in weights)
    np.testing.assert_allclose(parts, log_ratio, rtol=1e-3, atol=1e-3)
    covariance = np.cov(loc.T, bias=True) + np.diag((scale**2).mean(0))
    penalty = ((covariance - np.eye(3)) ** 2).sum()
    assert float(terms["moments"]) == pytest.approx(penalty, rel=1e-4)
    expected = 2.0 * ops.mean(terms["kl"]) + 3.0 * terms["moments"]
    expected += sum(weight * ops.mean(terms[name]) for name, weight in weights.items())
    assert float(sum(layer.losses)) == pytest.approx(float(expected), rel=1e-4)


def test_parts_of_the_kl_need_the_size_of_the_data():
    with pytest.raises(ValueError, match="total_correlation: give dataset_size too"):
        GaussianLatent(2, total_correlation=5.0)
