"""Models of several players: who trains what, the oracle of one pass, optimizers, the NaN guard."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy import stats

from kerasvae import AdversarialAutoencoder, FactorVAE, InfoGAN
from kerasvae.backend import tfp_seed
from kerasvae.distributions import standard_normal
from kerasvae.estimators import discriminator_terms, log_density_ratio, permute_dims
from kerasvae.surgery import decompose

SHAPE, D = (4, 4, 1), 2
SMALL = {"image_shape": SHAPE, "latent_dim": D, "architecture": "mlp", "seed": 1}
IMAGES = np.random.default_rng(0).random((16, *SHAPE)).astype("float32")
MODELS = {
    "FactorVAE": lambda **kwargs: FactorVAE(**SMALL, **kwargs),
    "AdversarialAutoencoder": lambda **kwargs: AdversarialAutoencoder(**SMALL, **kwargs),
    "InfoGAN": lambda **kwargs: InfoGAN(**SMALL, noise_dim=2, **kwargs),
}


def gradients(loss, variables):
    """Gradients of loss() by the backend's own means; zeros where there is none."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = loss()
        found = tape.gradient(value, [v.value for v in variables], unconnected_gradients="zero")
        return [np.asarray(gradient) for gradient in found]
    import jax

    def run(values):
        with keras.StatelessScope(list(zip(variables, values, strict=True))):
            return loss()

    return [np.asarray(g) for g in jax.grad(run)([v.value for v in variables])]


def arrays(variables):
    return [np.copy(ops.convert_to_numpy(variable)) for variable in variables]


def names(variables):
    return {id(variable) for variable in variables}


@pytest.mark.parametrize("name", MODELS)
def test_every_variable_belongs_to_exactly_one_player(name):
    model = MODELS[name]()
    owned = [id(v) for player in model.players().values() for v in player.variables]
    assert len(owned) == len(set(owned)) and set(owned) == names(model.trainable_variables)


@pytest.mark.parametrize("name", MODELS)
def test_no_gradient_of_the_second_player_reaches_the_first(name):
    """The published bug: codes that are not detached, so that the encoder helps its judge."""
    model = MODELS[name]()
    first, second = model.players().values()
    leaked = gradients(lambda: second.loss(IMAGES), first.variables)
    assert all((gradient == 0).all() for gradient in leaked)
    own = gradients(lambda: second.loss(IMAGES), second.variables)
    assert any((gradient != 0).any() for gradient in own)


@pytest.mark.parametrize("name", MODELS)
def test_each_player_moves_only_its_own_variables(name):
    """Plain SGD: a rate of 0 for one player must leave its variables as they were."""
    for still in (0, 1):
        model = MODELS[name]()
        players = list(model.players())
        rates = {player: 0.0 if i == still else 0.1 for i, player in enumerate(players)}
        model.compile({player: keras.optimizers.SGD(rate) for player, rate in rates.items()})
        frozen, moving = (model.players()[players[i]].variables for i in (still, 1 - still))
        before = arrays(frozen), arrays(moving)
        model.fit(IMAGES, batch_size=16, epochs=1, verbose=0)
        after = arrays(frozen), arrays(moving)
        assert all(np.array_equal(a, b) for a, b in zip(before[0], after[0], strict=True))
        assert not any(np.array_equal(a, b) for a, b in zip(before[1], after[1], strict=True))


def linear(cls, **kwargs):
    """Networks of one matrix each, and posteriors so narrow that a draw is the mean."""

    class Narrow(layers.Layer):
        def call(self, loc):
            return ops.concatenate([loc, ops.full_like(loc, -40.0)], axis=1)

    start = keras.initializers.RandomNormal(0.0, 0.5, seed=3)
    dense = {"kernel_initializer": start}
    encoder = keras.Sequential([layers.Flatten(), layers.Dense(D, **dense), Narrow()])
    decoder = keras.Sequential([layers.Dense(16, **dense), layers.Reshape(SHAPE)])
    discriminator = keras.Sequential([layers.Dense(2, **dense)])
    return cls(SHAPE, D, encoder=encoder, decoder=decoder, discriminator=discriminator, seed=1,
               **kwargs)  # fmt: skip


def test_factor_vae_takes_the_update_of_one_joint_loss_with_stopped_gradients():
    """The oracle: in one pass, the discriminator's weights stand still in the VAE's term."""
    model, rate = linear(FactorVAE, gamma=5.0), 0.01
    vae = model.players()["vae"].variables
    kernel, bias = model.discriminator.trainable_variables
    even, odd = IMAGES[::2], np.roll(IMAGES, -1, axis=0)[::2]

    def joint():
        outputs = model(even)
        frozen = ops.matmul(outputs["z"], ops.stop_gradient(ops.convert_to_tensor(kernel)))
        frozen = frozen + ops.stop_gradient(ops.convert_to_tensor(bias))
        x = ops.convert_to_tensor(even)
        cross = ops.binary_crossentropy(x, outputs["logits"], from_logits=True)
        variance = ops.square(outputs["scale"])
        kl = 0.5 * ops.sum(variance + ops.square(outputs["loc"]) - 1 - ops.log(variance), axis=1)
        objective = ops.sum(cross, axis=(1, 2, 3)) + kl + 5.0 * (frozen[:, 0] - frozen[:, 1])
        z = ops.stop_gradient(model(odd)["z"])
        logits = ops.matmul(z, kernel) + bias
        judged = ops.mean(ops.softplus(logits[:, 1] - logits[:, 0]))  # of the joint class alone
        return ops.mean(objective) + judged

    expected = [v - rate * g for v, g in zip(arrays(vae), gradients(joint, vae), strict=True)]
    model.compile(keras.optimizers.SGD(rate))
    model.fit(IMAGES, batch_size=16, epochs=1, shuffle=False, verbose=0)
    for found, wanted in zip(arrays(vae), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_the_trained_discriminator_recovers_a_known_total_correlation(correlation):
    """Of a Gaussian, TC = -1/2 log(1 - correlation^2): 0 and 0.337 nats.

    Each pixel is the Gaussian's distribution function, which changes no TC; the encoder hands
    the pixels on, and only the discriminator learns.
    """

    def images(n, seed):
        covariance = [[1, correlation], [correlation, 1]]
        z = np.random.default_rng(seed).multivariate_normal([0, 0], covariance, size=n)
        return stats.norm.cdf(z).astype("float32").reshape(n, 2, 1, 1)

    pixels = keras.Input((2, 1, 1))
    flat = layers.Flatten()(pixels)
    parameters = layers.Concatenate()(
        [layers.Rescaling(4, -2)(flat), layers.Rescaling(0, -40)(flat)]
    )
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(2), layers.Reshape((2, 1, 1))])
    judge = [layers.Dense(64, "leaky_relu"), layers.Dense(64, "leaky_relu"), layers.Dense(2)]
    discriminator = keras.Sequential([keras.Input((2,)), *judge])
    model = FactorVAE(
        (2, 1, 1),
        2,
        encoder=keras.Model(pixels, parameters),
        decoder=decoder,
        discriminator=discriminator,
        seed=0,
    )
    model.compile({"vae": keras.optimizers.SGD(0.0), "discriminator": keras.optimizers.Adam(1e-2)})
    model.fit(images(40_000, 0), batch_size=800, epochs=25, verbose=0)
    found = model.evaluate(images(40_000, 1), batch_size=4000, verbose=0, return_dict=True)
    # The log ratio's standard error is below 0.005; the rest is the fit's: at most 0.042 over 4
    # seeds. Columns that are not shuffled, or rows that are, give 0 at both correlations.
    wanted = -0.5 * np.log(1 - correlation**2)
    assert found["total_correlation"] == pytest.approx(wanted, abs=0.1)


def test_the_discriminator_sees_images_that_the_vae_does_not():
    model = FactorVAE(**SMALL)
    batches = model.player_batches(ops.convert_to_tensor(IMAGES))
    vae, judge = (ops.convert_to_numpy(batches[name]) for name in ("vae", "discriminator"))
    np.testing.assert_array_equal(vae, IMAGES[::2])
    np.testing.assert_array_equal(judge, IMAGES[1::2])
    alone = model.player_batches(ops.convert_to_tensor(IMAGES[:1]))
    for part in alone.values():
        np.testing.assert_array_equal(ops.convert_to_numpy(part), IMAGES[:1])


def test_a_last_batch_of_one_image_is_no_exception():
    model = linear(FactorVAE)
    model.compile()
    history = model.fit(IMAGES[:9], batch_size=8, epochs=1, verbose=0).history
    assert all(np.isfinite(value[0]) for value in history.values())


def test_bare_compile_gives_the_papers_optimizers():
    model = FactorVAE(**SMALL)
    model.compile()
    settings = [
        (type(o).__name__, float(o.learning_rate), o.beta_1, o.beta_2)
        for o in model.optimizer.optimizers
    ]
    wanted = [("Adam", 1e-4, 0.9, 0.999), ("Adam", 1e-4, 0.5, 0.9)]
    for (name, rate, *betas), (wanted_name, wanted_rate, *wanted_betas) in zip(
        settings, wanted, strict=True
    ):
        assert (name, betas) == (wanted_name, wanted_betas) and rate == pytest.approx(wanted_rate)


def test_one_optimizer_is_copied_for_each_player():
    model = FactorVAE(**SMALL)
    model.compile(keras.optimizers.RMSprop(0.02))
    first, second = model.optimizer.optimizers
    assert first is not second
    assert all(type(o).__name__ == "RMSprop" for o in (first, second))
    assert [float(o.learning_rate) for o in (first, second)] == pytest.approx([0.02, 0.02])


@pytest.mark.parametrize(
    "optimizer", [{"vae": "adam"}, {"vae": "adam", "judge": "adam"}, {}], ids=str
)
def test_optimizers_that_fit_no_player_are_refused(optimizer):
    with pytest.raises(ValueError, match="one for each of 'vae', 'discriminator'. Received"):
        FactorVAE(**SMALL).compile(optimizer)


def test_float16_is_refused():
    with pytest.raises(ValueError, match="mixed_bfloat16"):
        FactorVAE(**SMALL, dtype="mixed_float16").compile()


def test_training_goes_on_the_same_with_several_steps_an_execution():
    losses = []
    for steps in (1, 4):
        keras.utils.set_random_seed(0)
        model = linear(FactorVAE)
        model.compile(steps_per_execution=steps)
        model.fit(IMAGES, batch_size=4, epochs=2, shuffle=False, verbose=0)
        losses.append(arrays(model.trainable_variables))
    for one, two in zip(*losses, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


def test_a_player_whose_loss_is_not_finite_keeps_its_weights():
    model = linear(FactorVAE)
    kernel = model.discriminator.trainable_variables[0]
    kernel.assign(np.full(kernel.shape, np.nan, "float32"))
    model.compile()
    before = arrays(model.players()["vae"].variables)
    with pytest.raises(FloatingPointError, match="total_correlation"):
        model.fit(IMAGES, batch_size=16, epochs=1, verbose=0)
    for old, new in zip(before, arrays(model.players()["vae"].variables), strict=True):
        np.testing.assert_array_equal(old, new)


def test_adversarial_terms_equal_numpy():
    model = linear(AdversarialAutoencoder)
    outputs = model(IMAGES)
    terms = {k: ops.convert_to_numpy(v) for k, v in model.terms(IMAGES, outputs).items()}
    kernel, bias = arrays(model.discriminator.trainable_variables)
    logits = ops.convert_to_numpy(outputs["z"]) @ kernel + bias
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(terms["adversarial"], -np.log(shares[:, 1]), rtol=1e-4)
    ratio = np.log(shares[:, 0] / shares[:, 1])
    np.testing.assert_allclose(terms["marginal_kl"], ratio, rtol=1e-3, atol=1e-5)


def test_a_prior_of_ones_own_is_saved(tmp_path):
    model = AdversarialAutoencoder(**SMALL, prior=wide_normal)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    seed = tfp_seed(keras.random.SeedGenerator(0))
    z = ops.convert_to_numpy(loaded.prior.sample(20_000, seed=seed))
    assert z.std() == pytest.approx(5.0, rel=0.03)


@keras.saving.register_keras_serializable("tests")
def wide_normal(latent_dim):
    base = standard_normal(latent_dim)
    return type(base)(type(base.distribution)(ops.zeros(latent_dim), 5 * ops.ones(latent_dim)), 1)


def test_priors_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="prior"):
        AdversarialAutoencoder(**SMALL, prior="cauchy")
    with pytest.raises(ValueError, match=r"event shape \(2,\).*Received: event shape \(3,\)"):
        AdversarialAutoencoder(**SMALL, prior=lambda latent_dim: standard_normal(3))
    with pytest.raises(ValueError, match="decompose_posterior"):
        decompose(AdversarialAutoencoder(**SMALL, prior="swiss_roll"), IMAGES, samples=100)


def test_the_bound_equals_scipy():
    """log Q(c|x) + H(c) for two continuous codes and one of three classes, by scipy."""
    model = InfoGAN(SHAPE, 3, "mlp", categories=[3], noise_dim=2, seed=1)
    raw = np.random.default_rng(0).normal(size=(5, 1 + 4 + 3)).astype("float32")
    codes = np.array([[0.1, -1, 0], [2, 0, 1], [1, 1, 2], [0, 0, 0], [-1, 2, 2]], "float32")
    loc, log_variance, logits = raw[:, 1:3], raw[:, 3:5], raw[:, 5:].astype("float64")
    expected = stats.norm.logpdf(codes[:, :2], loc, np.exp(log_variance / 2)).sum(1)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected += np.log(shares[np.arange(5), codes[:, 2].astype(int)])
    found = ops.convert_to_numpy(model.log_q(codes, ops.convert_to_tensor(raw)))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    entropy = 2 * stats.norm.entropy() + np.log(3)
    assert model.code_entropy == pytest.approx(entropy)


def test_the_bound_is_zero_for_a_q_that_knows_nothing():
    """Q equal to the prior: E log Q(c) + H(c) = 0, within 5 standard errors of 20,000 draws."""
    model = InfoGAN(SHAPE, 3, "mlp", categories=[3], noise_dim=2, seed=1)
    codes = model.prior.sample(20_000, seed=tfp_seed(model.seed_generator))
    bound = ops.convert_to_numpy(model.log_q(codes, ops.zeros((20_000, 8)))) + model.code_entropy
    assert bound.mean() == pytest.approx(0, abs=5 * bound.std() / np.sqrt(len(bound)))


def test_the_generator_is_shown_a_bound_of_zero_by_a_q_that_knows_nothing():
    dense = layers.Dense(8, kernel_initializer="zeros")
    encoder = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), dense])
    model = InfoGAN(SHAPE, 3, "mlp", categories=[3], noise_dim=2, encoder=encoder, seed=1)
    model.generator_loss(np.zeros((4000, *SHAPE), "float32"))
    # Each of the two continuous codes adds 1/2 (1 - c^2), of standard deviation 0.71.
    found = float(model.trackers["mutual_information_bound"].result())
    assert found == pytest.approx(0, abs=5 / np.sqrt(4000))
    # D says 0, that is 1/2: the generator's loss is log 2.
    assert float(model.trackers["generator_loss"].result()) == pytest.approx(np.log(2), rel=1e-4)


@pytest.mark.parametrize(("lambda_info", "lambda_continuous"), [(1, 0), (0, 1), (0.7, 0.2)])
def test_classes_and_continuous_codes_have_a_weight_each(lambda_info, lambda_continuous):
    # Q says the same of every image: of two classes shares of 1/4 and 3/4, of the code N(1, 4).
    bias = [0.0, 1.0, np.log(4.0), np.log(0.25), np.log(0.75)]
    dense = layers.Dense(5, kernel_initializer="zeros")
    encoder = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), dense])
    dense.bias.assign(np.array(bias, "float32"))
    weights = {"lambda_info": lambda_info, "lambda_continuous": lambda_continuous}
    model = InfoGAN(SHAPE, 2, "mlp", categories=[2], noise_dim=2, encoder=encoder, seed=1,
                    **weights)  # fmt: skip
    of_classes = np.log([0.25, 0.75]).mean() + np.log(2)
    # E log N(c; 1, 4) for c of N(0, 1), whose E (c - 1)^2 is 2; and the entropy of c.
    of_code = -0.5 * np.log(2 * np.pi * 4) - 2 / 8 + stats.norm.entropy()
    weighted = lambda_info * of_classes + lambda_continuous * of_code
    images = np.zeros((4000, *SHAPE), "float32")
    for loss in (model.generator_loss, model.discriminator_loss):
        # D says 1/2 of everything, so that both losses are log 2 without the bound.
        assert float(loss(images)) == pytest.approx(np.log(2) - weighted, abs=5 / np.sqrt(4000))
    found = float(model.trackers["mutual_information_bound"].result())
    assert found == pytest.approx(of_classes + of_code, abs=5 / np.sqrt(4000))


def test_classes_reach_the_generator_as_one_hot_vectors():
    inputs = keras.Input((2 + 3 + 1,))
    outputs = layers.Reshape((6, 1, 1))(inputs)
    encoder = keras.Sequential([keras.Input((6, 1, 1)), layers.Flatten(), layers.Dense(8)])
    model = InfoGAN((6, 1, 1), 3, categories=[3], noise_dim=1, encoder=encoder,
                    decoder=keras.Model(inputs, outputs))  # fmt: skip
    codes = np.array([[0.5, -0.5, 2.2], [1.0, 0.0, -7.0]])
    seen = ops.convert_to_numpy(model.decode(codes)).reshape(2, 6)
    np.testing.assert_array_equal(seen, [[0.5, -0.5, 0, 0, 1, 0], [1, 0, 1, 0, 0, 0]])


def test_embedding_gives_the_likeliest_class_and_its_spread():
    model = InfoGAN(SHAPE, 2, "mlp", categories=[2, 3], noise_dim=2, seed=1)
    raw = np.log(np.array([[0.5, 0.9, 0.1, 0.25, 0.25, 0.5]], "float32"))
    found = model._code_parameters(ops.convert_to_tensor(raw))
    loc, scale = (ops.convert_to_numpy(found[name])[0] for name in ("loc", "scale"))
    assert loc.tolist() == [0, 2]
    np.testing.assert_allclose(scale, [np.sqrt(0.1), np.sqrt(0.25 * 4 + 0.25)], rtol=1e-5)


def test_more_classes_than_codes_are_refused():
    with pytest.raises(ValueError, match=r"latent_dim - len\(categories\)"):
        InfoGAN(SHAPE, 1, "mlp", categories=[2, 3])


def test_permute_and_ratio_are_those_of_the_estimators():
    """The discriminator's terms of a batch, repeated from its pieces with the same draws."""
    model = linear(FactorVAE)
    model.discriminator_loss(IMAGES, training=False)
    z = model(IMAGES)["z"]  # the mean, whatever the draw
    ratio = log_density_ratio(model.discriminator(z))
    shuffled = [
        log_density_ratio(model.discriminator(permute_dims(z, keras.random.SeedGenerator(s))))
        for s in range(200)
    ]
    losses = [
        float(ops.mean(discriminator_terms(ratio, other)["discriminator_loss"]))
        for other in shuffled
    ]
    found = float(model.trackers["discriminator_loss"].result())
    assert min(losses) <= found <= max(losses)
