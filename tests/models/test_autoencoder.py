"""What all models share: terms against NumPy, checks before training, and the NaN guard."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasvae import VAE, BetaVAE
from kerasvae.data import ImageDataset

SHAPE, D = (4, 4, 1), 2
SMALL = {"image_shape": SHAPE, "latent_dim": D, "architecture": "mlp", "seed": 1}
RNG = np.random.default_rng(0)
IMAGES = RNG.random((24, *SHAPE)).astype("float32")


def linear_vae(model_class=VAE, **kwargs):
    """A model whose networks are one matrix each, so that NumPy can repeat it."""
    encoder = keras.Sequential([layers.Flatten(), layers.Dense(2 * D)])
    decoder = keras.Sequential([layers.Dense(16), layers.Reshape(SHAPE)])
    return model_class(SHAPE, D, encoder=encoder, decoder=decoder, seed=1, **kwargs)


def numpy_terms(model, x, z):
    """reconstruction and kl written out by hand, in float64."""
    (w, b), (v, c) = (
        [ops.convert_to_numpy(a).astype("float64") for a in network.trainable_variables]
        for network in (model.encoder, model.decoder)
    )
    x = x.reshape(len(x), -1)
    loc, log_variance = np.split(x @ w + b, 2, axis=1)
    logits = z @ v + c
    reconstruction = (np.logaddexp(0, logits) - x * logits).sum(1)
    kl = 0.5 * (np.exp(log_variance) + loc**2 - 1 - log_variance).sum(1)
    return {"reconstruction": reconstruction, "kl": kl}


@pytest.mark.parametrize("beta", [0.0, 1.0, 6.0])
def test_terms_and_objective_equal_numpy(beta):
    model = linear_vae(BetaVAE, beta=beta)
    outputs = model(IMAGES)
    terms = model.terms(IMAGES, outputs)
    expected = numpy_terms(model, IMAGES, ops.convert_to_numpy(outputs["z"]))
    for name in ("reconstruction", "kl"):
        actual = ops.convert_to_numpy(terms[name])
        np.testing.assert_allclose(actual, expected[name], rtol=2e-5, atol=1e-5)
    objective = ops.convert_to_numpy(model.objective(terms))
    np.testing.assert_allclose(
        objective, expected["reconstruction"] + beta * expected["kl"], rtol=2e-5, atol=1e-5
    )


def test_logged_terms_are_means_over_all_images_and_loss_is_their_sum():
    model = linear_vae()
    model.compile()
    logs = model.evaluate(IMAGES, batch_size=7, verbose=0, return_dict=True)
    kl = numpy_terms(model, IMAGES, np.zeros((len(IMAGES), D)))["kl"].mean()
    assert logs["kl"] == pytest.approx(kl, rel=1e-4)
    assert logs["loss"] == pytest.approx(logs["reconstruction"] + logs["kl"], rel=1e-5)


def test_the_code_is_a_draw_from_the_posterior():
    model = linear_vae()
    x = np.repeat(IMAGES[:1], 20_000, axis=0)
    outputs = {name: ops.convert_to_numpy(value) for name, value in model(x).items()}
    standardised = (outputs["z"] - outputs["loc"]) / outputs["scale"]
    np.testing.assert_allclose(standardised.mean(0), 0, atol=5 / np.sqrt(len(x)))
    np.testing.assert_allclose(standardised.std(0), 1, atol=5 / np.sqrt(2 * len(x)))


def test_losses_of_custom_layers_are_added():
    regular = keras.regularizers.L2(0.5)
    encoder = keras.Sequential([layers.Flatten(), layers.Dense(2 * D, kernel_regularizer=regular)])
    model = VAE(SHAPE, D, architecture="mlp", encoder=encoder)
    model.compile()
    logs = model.evaluate(IMAGES, verbose=0, return_dict=True)
    penalty = 0.5 * np.sum(ops.convert_to_numpy(encoder.trainable_variables[0]) ** 2)
    assert logs["loss"] - logs["reconstruction"] - logs["kl"] == pytest.approx(penalty, rel=1e-3)


def test_embed_encode_and_reconstruct_agree():
    model = linear_vae()
    loc = ops.convert_to_numpy(model.encode(IMAGES)["loc"])
    np.testing.assert_allclose(model.embed(IMAGES, batch_size=5), loc, rtol=1e-5, atol=1e-6)
    expected = 1 / (1 + np.exp(-ops.convert_to_numpy(model.decode(loc))))
    np.testing.assert_allclose(model.reconstruct(IMAGES), expected, rtol=1e-4)


def test_traverse_moves_one_dimension_at_a_time():
    model = linear_vae()
    code, values = np.array([0.3, -0.2], "float32"), [-2.0, 0.0, 2.0]
    pictures = model.traverse(code, values, dimensions=[1])
    assert pictures.shape == (1, 3, *SHAPE)
    codes = np.array([[0.3, value] for value in values], "float32")
    expected = 1 / (1 + np.exp(-ops.convert_to_numpy(model.decode(codes))))
    np.testing.assert_allclose(pictures[0], expected, rtol=1e-4)


def test_a_learned_scale_finds_the_noise_of_the_images():
    # The best constant image leaves the noise; the maximum-likelihood scale is its deviation.
    noise = 0.1
    images = np.clip(0.5 + noise * RNG.standard_normal((512, *SHAPE)), 0, 1).astype("float32")
    model = linear_vae(BetaVAE, beta=100.0, likelihood="gaussian", likelihood_scale="learned")
    model.compile(keras.optimizers.Adam(0.02))
    model.fit(np.tile(images, (10, 1, 1, 1)), epochs=6, verbose=0)
    assert float(np.exp(ops.convert_to_numpy(model.log_scale))) == pytest.approx(noise, rel=0.1)


def test_warm_up_follows_its_ramp_and_is_saved(tmp_path):
    model = BetaVAE(beta=4.0, warmup_steps=8, **SMALL)
    model.compile()
    assert float(model.current_beta()) == 0.0
    model.fit(IMAGES, batch_size=8, epochs=2, shuffle=False, verbose=0)  # 6 steps
    assert float(model.current_beta()) == pytest.approx(3.0)
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert float(loaded.current_beta()) == pytest.approx(3.0)
    loaded.fit(IMAGES, batch_size=8, epochs=1, verbose=0)
    assert float(loaded.current_beta()) == pytest.approx(4.0)


class Turns(VAE):
    """Its KL turns into NaN at the third training step."""

    def terms(self, x, outputs):
        terms = super().terms(x, outputs)
        return {**terms, "kl": ops.where(self.step >= 2, np.nan, terms["kl"])}


@pytest.mark.parametrize("steps_per_execution", [1, 4])
def test_a_nan_stops_training_with_good_weights_and_names_the_term(steps_per_execution):
    model, twin = Turns(**SMALL), VAE(**SMALL)
    twin.set_weights(model.get_weights())
    order = {"batch_size": 6, "shuffle": False, "verbose": 0}
    twin.compile()
    twin.fit(IMAGES[:12], epochs=1, **order)  # the two good steps
    model.compile(steps_per_execution=steps_per_execution)
    with pytest.raises(FloatingPointError, match="kl became NaN") as caught:
        model.fit(IMAGES, epochs=50, **order)
    assert "reconstruction" not in str(caught.value)
    assert int(model.step) < 50, "it stopped within an epoch or two"
    for good, kept in zip(twin.get_weights(), model.get_weights(), strict=True):
        if good.shape:  # not the step
            np.testing.assert_allclose(kept, good, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains_with_float32_terms(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = VAE(**SMALL)  # test_networks.py has the convolutions
        model.compile()
        images = RNG.random((16, *SHAPE)).astype("float32")
        before = [np.copy(w) for w in model.get_weights()]
        # float16 starts with a loss scale of 2^15 and lowers it while gradients overflow.
        history = model.fit(images, batch_size=4, epochs=8, verbose=0).history
        assert np.isfinite(history["loss"]).all()
        terms = model.terms(images, model(images))
        for value in terms.values():
            assert keras.backend.standardize_dtype(value.dtype) == "float32"
        changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights())]  # noqa: B905
        assert all(changed)
    finally:
        keras.config.set_dtype_policy("float32")


def test_fit_takes_a_data_set_and_is_reproducible():
    results = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        model = VAE(**SMALL)
        model.compile()
        history = model.fit(
            ImageDataset(IMAGES), batch_size=10, epochs=2, verbose=0, validation_data=IMAGES
        )
        assert int(model.step) == 6 and set(history.history) == {
            *("loss", "reconstruction", "kl"),
            *("val_loss", "val_reconstruction", "val_kl"),
        }
        results.append(model.get_weights())
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)
    model.fit(ImageDataset(IMAGES), batch_size=10, steps_per_epoch=5, verbose=0)
    assert int(model.step) == 11, "an epoch may be longer than a pass through the images"
    logs = model.evaluate(ImageDataset(IMAGES), verbose=0, return_dict=True)
    assert logs["kl"] == pytest.approx(
        model.evaluate(IMAGES, verbose=0, return_dict=True)["kl"], rel=1e-5
    )
    assert model.predict(ImageDataset(IMAGES), verbose=0)["z"].shape == (24, D)
    np.testing.assert_allclose(model.embed(ImageDataset(IMAGES)), model.embed(IMAGES), atol=1e-6)


def test_steps_per_execution_changes_nothing():
    weights = []
    for steps in (1, 3):
        keras.utils.set_random_seed(3)
        model = VAE(**SMALL)
        model.compile(steps_per_execution=steps)
        model.fit(IMAGES, batch_size=4, epochs=1, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for first, second in zip(*weights, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)


BAD_IMAGES = {
    "uint8": ((IMAGES * 255).astype("uint8"), "divide by 255"),
    "0..255": (IMAGES * 255, "divide by 255"),
    "nan": (np.where(IMAGES > 0.99, np.nan, IMAGES), "finite values"),
    "rank": (IMAGES[..., 0], "channel axis"),
    "size": (IMAGES[:, :3], r"images of shape \(4, 4, 1\)"),
    "empty": (IMAGES[:0], "at least one image"),
    "list": ([1, 2, 3], "expected a float array"),
}


@pytest.mark.parametrize("kind", BAD_IMAGES)
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "embed", "reconstruct"])
def test_bad_images_are_refused_before_any_step(kind, method):
    model = VAE(**SMALL)
    model.compile()
    images, message = BAD_IMAGES[kind]
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(images)
    assert int(model.step) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"latent_dim": 0}, "latent_dim must be a positive whole number. Received: latent_dim=0"),
        ({"beta": -1.0}, "beta must be .* Received: beta=-1.0"),
        ({"beta": float("nan")}, "Received: beta=nan"),
        ({"warmup_steps": -1}, "Received: warmup_steps=-1"),
        ({"architecture": "burges"}, "Did you mean 'burgess'"),
        ({"likelihood": "normal"}, "bernoulli, continuous_bernoulli, gaussian"),
        ({"likelihood_scale": 0.5}, "likelihood_scale belongs to likelihood='gaussian'"),
        ({"likelihood": "gaussian", "likelihood_scale": 0.0}, "must be positive"),
        ({"image_shape": (8, 8)}, r"\(height, width, channels\).*Received: image_shape=\(8, 8\)"),
        ({"image_shape": (8, 8, 1), "architecture": "burgess"}, "architecture='mlp'"),
        ({"decoder": 3}, "expected a keras.Model"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        BetaVAE(**{**SMALL, **arguments})


def test_targets_losses_and_metrics_are_refused():
    model = VAE(**SMALL)
    with pytest.raises(ValueError, match="brings its own loss"):
        model.compile(loss="mse")
    model.compile()
    with pytest.raises(ValueError, match="Received: targets y"):
        model.fit(IMAGES, IMAGES)
    with pytest.raises(ValueError, match="Received: sample_weight"):
        model.fit(IMAGES, sample_weight=np.ones(24))
    assert int(model.step) == 0
