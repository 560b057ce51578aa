"""The marginal-KL VAE trained: the ratio against a closed form, and the term against surgery."""

import keras
import numpy as np
import pytest
from keras import layers

from kerasvae import MarginalKLVAE, training
from kerasvae.surgery import decompose

SHAPE = (4, 4, 1)


def hand_on(**kwargs):
    """An encoder that hands two pixels on as codes in (-5, 5), and posteriors of no width."""
    pixels = keras.Input((2, 1, 1))
    flat = layers.Flatten()(pixels)
    parameters = layers.Concatenate()(
        [layers.Rescaling(10, -5)(flat), layers.Rescaling(0, -40)(flat)]
    )
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(2), layers.Reshape((2, 1, 1))])
    judge = [layers.Dense(64, "leaky_relu"), layers.Dense(64, "leaky_relu"), layers.Dense(2)]
    return MarginalKLVAE(
        (2, 1, 1),
        2,
        encoder=keras.Model(pixels, parameters),
        decoder=decoder,
        discriminator=keras.Sequential([keras.Input((2,)), *judge]),
        estimator="density-ratio",
        seed=0,
        **kwargs,
    )


@pytest.mark.parametrize(
    ("mean", "covariance"),
    [([0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]]), ([0.5, -0.5], [[0.64, 0.3], [0.3, 0.64]])],
    ids=["prior", "other"],
)
def test_the_trained_ratio_recovers_the_kl_of_gaussian_codes(mean, covariance):
    """KL(N(m, C) || N(0, I)) = 1/2 (tr C + m'm - 2 - log det C): 0, and 0.460 nats."""

    def images(n, seed):
        z = np.random.default_rng(seed).multivariate_normal(mean, covariance, size=n)
        return np.clip((z + 5) / 10, 0, 1).astype("float32").reshape(n, 2, 1, 1)

    model = hand_on()
    model.compile({"vae": keras.optimizers.SGD(0.0), "discriminator": keras.optimizers.Adam(5e-3)})
    model.fit(images(40_000, 0), batch_size=800, epochs=20, verbose=0)
    found = model.evaluate(images(40_000, 1), batch_size=4000, verbose=0, return_dict=True)
    covariance, mean = np.array(covariance), np.array(mean)
    wanted = np.trace(covariance) + mean @ mean - 2 - np.log(np.linalg.det(covariance))
    # The log ratio's standard error is below 0.006; the rest is the fit's.
    assert found["marginal_kl"] == pytest.approx(0.5 * wanted, abs=0.08)


@pytest.mark.numpy_only  # over seeds, of the objective and not of a backend
def test_the_exact_marginal_kl_falls():
    """By surgery, over three seeds, by more than their spread; the data are three clusters."""
    centres = np.random.default_rng(5).random((3, *SHAPE)) > 0.5
    images = np.repeat(0.1 + 0.8 * centres, 32, axis=0)
    images = (images + 0.1 * np.random.default_rng(6).uniform(-1, 1, images.shape)).astype(
        "float32"
    )
    models = []
    for weight in (0.0, 20.0):
        for seed in range(3):
            keras.utils.set_random_seed(seed)
            flat = [keras.Input(SHAPE), layers.Flatten(), layers.Dense(64, "relu")]
            back = [keras.Input((2,)), layers.Dense(64, "relu"), layers.Dense(16)]
            model = MarginalKLVAE(
                SHAPE,
                2,
                encoder=keras.Sequential([*flat, layers.Dense(4)]),
                decoder=keras.Sequential([*back, layers.Reshape(SHAPE)]),
                seed=seed,
                lambda_marginal=weight,
                dataset_size=len(images),
            )
            model.compile(keras.optimizers.Adam(5e-3))
            models.append(model)
    # Together, the step is traced once.
    training.fit_population(models, np.tile(images, (40, 1, 1, 1)), batch_size=32, epochs=2)
    found = np.array([decompose(model, images, samples=2000).marginal_kl for model in models])
    plain, weighted = found[:3], found[3:]
    assert weighted.max() < plain.min(), found
    spread = max(plain.std(ddof=1), weighted.std(ddof=1))
    assert plain.mean() - weighted.mean() > spread, found
