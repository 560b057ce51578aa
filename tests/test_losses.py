"""The loss for models of one's own: against Keras's cross-entropy, and against a collapse."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasvae.data import load
from kerasvae.layers import GaussianLatent
from kerasvae.losses import NegativeLogLikelihood

RNG = np.random.default_rng(0)
X = RNG.random((5, 4, 4, 1)).astype("float32")
LOGITS = RNG.normal(size=X.shape).astype("float32")


def test_it_sums_over_pixels_what_keras_averages():
    mean = keras.losses.BinaryCrossentropy(from_logits=True)(X, LOGITS)
    assert float(NegativeLogLikelihood()(X, LOGITS)) == pytest.approx(16 * float(mean), rel=1e-5)
    gaussian = 0.5 * np.square(X - 1 / (1 + np.exp(-LOGITS))) + 0.5 * np.log(2 * np.pi)
    found = NegativeLogLikelihood("gaussian")(X, LOGITS)
    assert float(found) == pytest.approx(gaussian.sum((1, 2, 3)).mean(), rel=1e-5)


def test_it_is_saved_with_a_model(tmp_path):
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Dense(1)])
    model.compile("sgd", NegativeLogLikelihood("gaussian"))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.loss.get_config() == model.loss.get_config()


def test_an_unknown_likelihood_is_refused():
    with pytest.raises(ValueError, match="Received: likelihood='poisson'"):
        NegativeLogLikelihood("poisson")


@pytest.mark.numpy_only  # of the losses and not of a backend
def test_the_example_of_the_layer_learns_where_keras_cross_entropy_collapses():
    images = load("digits").images(slice(None))

    def mean_kl(loss):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((8, 8, 1))
        features = layers.Dense(32, activation="relu")(layers.Flatten()(inputs))
        latent = GaussianLatent(4, seed=0)
        logits = layers.Reshape((8, 8, 1))(layers.Dense(64)(latent(features)))
        model = keras.Model(inputs, logits)
        model.compile(keras.optimizers.Adam(5e-3), loss=loss)
        model.fit(images, images, batch_size=128, epochs=8, verbose=0)
        hidden = keras.Model(inputs, features)(images)
        parameters = latent.parameters(hidden)
        variance = np.square(ops.convert_to_numpy(parameters["scale"]))
        loc = ops.convert_to_numpy(parameters["loc"])
        return 0.5 * (variance + loc**2 - 1 - np.log(variance)).sum(axis=1).mean()

    assert mean_kl(NegativeLogLikelihood()) > 1.0
    assert mean_kl(keras.losses.BinaryCrossentropy(from_logits=True)) < 0.1
