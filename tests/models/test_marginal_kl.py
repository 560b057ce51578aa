"""The marginal-KL VAE: its identities with other models, and its players."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy import stats

from kerasvae import VAE, BetaTCVAE, MarginalKLVAE
from tests.models.test_players import arrays, gradients

SHAPE, D, N = (4, 4, 1), 2, 16
SMALL = {"image_shape": SHAPE, "latent_dim": D, "architecture": "mlp", "seed": 1}
IMAGES = np.random.default_rng(0).random((N, *SHAPE)).astype("float32")


def numpy(tree):
    return keras.tree.map_structure(lambda t: ops.convert_to_numpy(t).astype("float64"), tree)


def same_weights(model, other):
    for network in ("encoder", "decoder"):
        getattr(other, network).set_weights(getattr(model, network).get_weights())


@pytest.mark.parametrize("estimator", ["mss", "density-ratio"])
def test_lambda_zero_is_the_vae(estimator):
    """The same draws: both models start from the same seed."""
    model = MarginalKLVAE(lambda_marginal=0.0, estimator=estimator, dataset_size=N, **SMALL)
    vae = VAE(**SMALL)
    same_weights(model, vae)
    assert float(model.compute_loss(IMAGES)) == pytest.approx(float(vae.compute_loss(IMAGES)))
    for one in (model, vae):  # both start from the same seed again
        one.seed_generator.state.assign(arrays([vae.seed_generator.state])[0])
    own = model.encoder.trainable_variables + model.decoder.trainable_variables
    found = gradients(lambda: model.compute_loss(IMAGES), own)
    expected = gradients(lambda: vae.compute_loss(IMAGES), vae.trainable_variables)
    assert len(found) == len(expected) and any(np.abs(g).max() > 0.01 for g in expected)
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("estimator", ["mss", "mws", "exact", "bank"])
def test_with_densities_it_is_a_beta_tcvae(estimator):
    """But for the KL, which is exact here and drawn there: log q(z|x) - log p(z), by scipy."""
    weight = 3.0
    model = MarginalKLVAE(lambda_marginal=weight, estimator=estimator, **SMALL)
    other = BetaTCVAE(alpha=1.0, beta=weight + 1, gamma=weight + 1, estimator=estimator, **SMALL)
    same_weights(model, other)
    for one in (model, other):
        one.prepare_fit(IMAGES)
    outputs = model(IMAGES)
    found = numpy(model.objective(model.terms(IMAGES, outputs)))
    expected = numpy(other.objective(other.terms(IMAGES, outputs)))
    outputs = numpy(outputs)
    loc, scale, z = (outputs[name] for name in ("loc", "scale", "z"))
    exact = 0.5 * (scale**2 + loc**2 - 1 - 2 * np.log(scale)).sum(1)
    drawn = (stats.norm.logpdf(z, loc, scale) - stats.norm.logpdf(z)).sum(1)
    assert np.abs(exact - drawn).max() > 0.01
    np.testing.assert_allclose(found - exact, expected - drawn, rtol=1e-4, atol=1e-3)


def test_no_gradient_of_the_discriminator_reaches_the_vae():
    model = MarginalKLVAE(estimator="density-ratio", **SMALL)
    vae, judge = model.players().values()
    owned = [id(v) for v in (*vae.variables, *judge.variables)]
    assert sorted(owned) == sorted(id(v) for v in model.trainable_variables)
    assert all((g == 0).all() for g in gradients(lambda: judge.loss(IMAGES), vae.variables))
    assert any((g != 0).any() for g in gradients(lambda: vae.loss(IMAGES), vae.variables))


def test_with_densities_there_is_one_player():
    model = MarginalKLVAE(estimator="exact", **SMALL)
    model.compile()
    history = model.fit(IMAGES, batch_size=5, epochs=2, verbose=0).history
    assert list(model.players()) == ["vae"] and np.isfinite(history["marginal_kl"]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lambda_marginal": -1.0}, "Received: lambda_marginal=-1.0"),
        ({"estimator": "ratio"}, "estimator must be one of exact, mws, mss, bank, density-ratio"),
        ({"discriminator": keras.Sequential([keras.Input((2,)), layers.Dense(2)])},
         "discriminator is for estimator='density-ratio'"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MarginalKLVAE(**SMALL, **arguments)


def test_the_size_is_asked_for_by_the_models_own_name():
    model = MarginalKLVAE(**SMALL)
    model.compile()
    with pytest.raises(ValueError, match=r"MarginalKLVAE\(\.\.\., dataset_size=\.\.\.\)"):
        model.evaluate(IMAGES, verbose=0)
