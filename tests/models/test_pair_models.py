"""Ada-GVAE and GVAE: averages, the shared set, the loss of a pair, and what `fit` takes."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasvae import GVAE, VAE, AdaGVAE
from kerasvae.data import FactorDataset, Pairs
from kerasvae.models.shared_posteriors import AVERAGES, shared_dimensions
from tests.models import tiny
from tests.models.test_marginal_kl import numpy, same_weights
from tests.models.test_players import arrays, gradients

SHAPE, D, N = (4, 4, 1), 3, 8
IMAGES = np.random.default_rng(0).random((N, *SHAPE)).astype("float32")
OWN_PAIRS = np.stack([IMAGES, IMAGES[::-1]], axis=1)
CHANGED = np.random.default_rng(1).integers(0, 2, (N, 2))
GRID = FactorDataset(IMAGES, {"shape": range(2), "size": range(4)})


def small():
    """Arguments of a model with networks of its own."""
    networks = {"encoder": tiny.encoder(SHAPE, 2 * D), "decoder": tiny.decoder(D, SHAPE)}
    return {"image_shape": SHAPE, "latent_dim": D, "seed": 1, **networks}


def parameters(loc, scale):
    return {"loc": np.array([loc], "float32"), "scale": np.array([scale], "float32")}


# The averages and the shared set


def test_the_averages_against_integrals():
    """ML-VAE's is the density in proportion to sqrt(q_1 q_2); GVAE's has the mean moments."""
    loc, scale = np.array([0.3, 2.0]), np.array([0.8, 0.4])
    z = np.linspace(-8, 10, 200_001)
    density = np.exp(-((z[:, None] - loc) ** 2) / (2 * scale**2)) / scale  # (points, 2)
    product = np.sqrt(density.prod(axis=1))
    mean = (z * product).sum() / product.sum()
    width = np.sqrt(((z - mean) ** 2 * product).sum() / product.sum())
    first, second = (parameters([loc[i]], [scale[i]]) for i in (0, 1))
    found = numpy(AVERAGES["ml-vae"](first, second))
    np.testing.assert_allclose([found["loc"].item(), found["scale"].item()], [mean, width], 1e-5)
    found = numpy(AVERAGES["gvae"](first, second))
    expected = [1.15, np.sqrt((0.64 + 0.16) / 2)]
    np.testing.assert_allclose([found["loc"].item(), found["scale"].item()], expected, 1e-6)


@pytest.mark.parametrize("average", AVERAGES)
def test_of_equal_posteriors_the_average_is_the_same_one(average):
    one = parameters([0.0, -2.0, 3.0], [1e-3, 1.0, 30.0])
    found = numpy(AVERAGES[average](one, one))
    for name, value in one.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-6)


def test_the_shared_set_by_hand():
    """KL(N(0, 1) || N(0, 3)) = log 3 + 1/18 - 1/2 = 0.65, and the other way round 2.90."""
    one = parameters([0.0, 0.0, 0.0], [1.0, 1.0, 1.0])
    two = parameters([0.0, 2.0, 0.0], [3.0, 1.0, 1.0])
    # delta = 0.65, 2, 0: the threshold is 1. Of two and one: 2.90, 2, 0, and 1.45.
    assert numpy(shared_dimensions(one, two)).astype(bool).tolist() == [[True, False, True]]
    assert numpy(shared_dimensions(two, one)).astype(bool).tolist() == [[False, False, True]]


@pytest.mark.parametrize("average", AVERAGES)
def test_the_gradient_flows_through_the_average(average):
    """The mean of a shared dimension moves with both images, in proportion to the precisions."""
    first, second = keras.Variable([[0.0]]), keras.Variable([[1.0]])
    scales = np.array([[0.5]], "float32"), np.array([[2.0]], "float32")

    def loc():
        one = {"loc": first.value, "scale": scales[0]}
        return ops.sum(AVERAGES[average](one, {"loc": second.value, "scale": scales[1]})["loc"])

    found = [gradient.item() for gradient in gradients(loc, [first, second])]
    expected = {"gvae": [0.5, 0.5], "ml-vae": [4 / 4.25, 0.25 / 4.25]}
    np.testing.assert_allclose(found, expected[average], rtol=1e-5)


def test_the_gradient_reaches_the_other_image_of_a_pair():
    model = AdaGVAE(**small())
    pixels = keras.Variable(OWN_PAIRS[:1])
    shared = model.shared_dimensions(OWN_PAIRS[:1])[0]
    assert 0 < shared.sum() < D
    for j in range(D):
        grad = gradients(lambda j=j: model.pair_posteriors(pixels.value)["loc"][0, j], [pixels])[0]
        assert np.abs(grad[0, 0]).max() > 1e-4
        assert (np.abs(grad[0, 1]).max() > 1e-4) == shared[j]


# The loss of a pair


def by_hand(model, pairs, shared):
    """Posteriors of pairs from those of single images, with a shared set (n, D), in NumPy."""
    one, two = numpy(model.encode(pairs[:, 0])), numpy(model.encode(pairs[:, 1]))
    v1, v2 = one["scale"] ** 2, two["scale"] ** 2
    if model.average == "gvae":
        variance, loc = (v1 + v2) / 2, (one["loc"] + two["loc"]) / 2
    else:
        variance = 2 * v1 * v2 / (v1 + v2)
        loc = variance / 2 * (one["loc"] / v1 + two["loc"] / v2)
    average = {"loc": loc, "scale": np.sqrt(variance)}
    both = [{k: np.where(shared, average[k], own[k]) for k in average} for own in (one, two)]
    return {k: np.stack([own[k] for own in both], axis=1).reshape(-1, D) for k in average}


def kl_by_hand(model, pairs):
    one, two = numpy(model.encode(pairs[:, 0])), numpy(model.encode(pairs[:, 1]))
    ratio = one["scale"] ** 2 / two["scale"] ** 2
    distance = (one["loc"] - two["loc"]) ** 2 / two["scale"] ** 2
    return 0.5 * (ratio + distance - 1 - np.log(ratio))


@pytest.mark.parametrize("average", AVERAGES)
def test_the_loss_of_pairs_equals_the_formula(average):
    model = AdaGVAE(average=average, beta=3.0, **small())
    # Posteriors that differ in width too.
    model.encoder.layers[-1].kernel.assign(5 * model.encoder.layers[-1].kernel)
    delta = kl_by_hand(model, OWN_PAIRS)
    shared = delta < (delta.max(1, keepdims=True) + delta.min(1, keepdims=True)) / 2
    np.testing.assert_array_equal(model.shared_dimensions(OWN_PAIRS, batch_size=3), shared)
    outputs = model(OWN_PAIRS)
    expected = by_hand(model, OWN_PAIRS, shared)
    for name, value in expected.items():
        np.testing.assert_allclose(numpy(outputs[name]), value, rtol=1e-4, atol=1e-5)
    x, logits = OWN_PAIRS.reshape(-1, 16), numpy(outputs["logits"]).reshape(-1, 16)
    reconstruction = (np.logaddexp(0, logits) - x * logits).sum(1)
    loc, scale = expected["loc"], expected["scale"]
    kl = 0.5 * (scale**2 + loc**2 - 1 - 2 * np.log(scale)).sum(1)
    one_pair = (reconstruction + 3 * kl).reshape(-1, 2).sum(1) / 2
    loss = float(model.compute_loss(OWN_PAIRS, y_pred=outputs))
    assert loss == pytest.approx(one_pair.mean(), rel=1e-4)


@pytest.mark.parametrize("average", AVERAGES)
def test_a_pair_of_equal_images_has_the_loss_of_the_vae(average):
    """And its gradient: draws of the same seed, for each image twice."""
    model, vae = AdaGVAE(average=average, **small()), VAE(**small())
    same_weights(model, vae)
    twice = np.repeat(IMAGES, 2, axis=0)
    pairs = np.stack([IMAGES, IMAGES], axis=1)
    assert float(model.compute_loss(pairs)) == pytest.approx(float(vae.compute_loss(twice)))
    for one in (model, vae):
        one.seed_generator.state.assign(arrays([vae.seed_generator.state])[0])
    found = gradients(lambda: model.compute_loss(pairs), model.trainable_variables)
    expected = gradients(lambda: vae.compute_loss(twice), vae.trainable_variables)
    assert any(np.abs(gradient).max() > 0.01 for gradient in expected)
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-5)


def test_gvae_shares_what_the_labels_say_and_what_no_factor_has():
    model = GVAE(average="ml-vae", **small())
    outputs = model((OWN_PAIRS, CHANGED.astype("float32")))
    shared = np.concatenate([CHANGED == 0, np.ones((N, 1), bool)], axis=1)
    for name, value in by_hand(model, OWN_PAIRS, shared).items():
        np.testing.assert_allclose(numpy(outputs[name]), value, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match=r"Received: pairs alone"):
        model(OWN_PAIRS)


# What goes in


def test_it_trains_on_pairs_and_judges_pairs_and_single_images():
    model = AdaGVAE(**small())
    model.compile()
    pairs = Pairs(GRID, changed="random", labelled=True)  # labels are not looked at
    history = model.fit(pairs, batch_size=4, epochs=2, validation_data=pairs, verbose=0).history
    assert model.steps_taken == 4 and np.isfinite(history["loss"] + history["val_loss"]).all()
    found = model.evaluate(IMAGES, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(found["reconstruction"] + found["kl"], rel=1e-5)
    for data, posteriors in (
        (IMAGES, model.encode(IMAGES)),
        (OWN_PAIRS, model.pair_posteriors(OWN_PAIRS)),
    ):
        both = numpy(posteriors)
        kl = 0.5 * (both["scale"] ** 2 + both["loc"] ** 2 - 1 - 2 * np.log(both["scale"])).sum(1)
        found = model.evaluate(data, verbose=0, return_dict=True)["kl"]
        assert found == pytest.approx(kl.mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("model_class", "x", "options", "message"),
    [
        (AdaGVAE, IMAGES, {}, r"expected pairs of images.*Received: ndarray of shape \(8, 4, 4"),
        (AdaGVAE, GRID, {}, r"expected pairs of images: kerasvae.data.Pairs\(dataset, changed=1"),
        (AdaGVAE, OWN_PAIRS[:, :, :2], {}, r"x, first pairs: expected images of shape \(4, 4, 1"),
        (AdaGVAE, 2 * OWN_PAIRS, {}, "expected values in"),
        (AdaGVAE, Pairs(GRID), {"validation_split": 0.5}, "Received: validation_split=0.5"),
        (GVAE, Pairs(GRID), {}, r"pairs that say what changed: Pairs\(\.\.\., labelled=True\)"),
        (GVAE, Pairs((IMAGES, IMAGES), np.zeros((N, 4)), labelled=True), {}, "factors, 4"),
        (VAE, Pairs(GRID), {}, "pairs are for models that learn from pairs"),
    ],
)
def test_what_is_no_pair_is_refused_before_any_step(model_class, x, options, message):
    model = model_class(**small())
    model.compile()
    with pytest.raises(ValueError, match=message):
        model.fit(x, verbose=0, **options)
    assert model.steps_taken == 0


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="average must be one of gvae, ml-vae"):
        AdaGVAE(average="mlvae", **small())
    with pytest.raises(ValueError, match="Received: beta=-1"):
        GVAE(beta=-1, **small())
