"""JointVAE: draws of classes, exact KL, capacities, and codes that hold a class's number."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy import stats

from kerasvae import JointVAE
from kerasvae.models.class_codes import categorical_kl, gumbel_softmax
from kerasvae.runs.evaluation import mean_per_dimension_kl
from kerasvae.surgery import decompose, mixed_information
from tests.models import tiny
from tests.models.test_marginal_kl import numpy
from tests.models.test_players import gradients

SHAPE, N = (4, 4, 1), 8
IMAGES = np.random.default_rng(0).random((N, *SHAPE)).astype("float32")


def small():
    """Arguments of a model with two continuous codes, and networks of its own."""
    networks = {"encoder": tiny.encoder(SHAPE, 4 + 5), "decoder": tiny.decoder(2 + 5, SHAPE)}
    return {"image_shape": SHAPE, "latent_dim": 4, "categories": (3, 2), "seed": 1, **networks}


@pytest.fixture(scope="module")
def model():
    return JointVAE(gamma=7.0, capacity=6.0, capacity_steps=10, **small())


def test_a_gumbel_softmax_draw_has_the_distribution_of_the_papers():
    """Of two classes, P(y_1 > t) = sigmoid(log pi_1 / pi_2 - T logit t); 5 standard errors."""
    share, temperature, n = np.array([0.7, 0.3]), 0.5, 20_000
    logits = np.tile(np.log(share), (n, 1)).astype("float32")
    draws = numpy(gumbel_softmax(logits, temperature, keras.random.SeedGenerator(3)))
    np.testing.assert_allclose(draws.sum(1), 1, atol=1e-5)
    for t in (0.5, 0.2, 0.9):  # at 1/2: the class itself, at any temperature
        distance = np.log(share[0] / share[1]) - temperature * np.log(t / (1 - t))
        expected = 1 / (1 + np.exp(-distance))
        found = (draws[:, 0] > t).mean()
        assert abs(found - expected) < 5 * np.sqrt(expected * (1 - expected) / n)


def test_categorical_kl_equals_scipy():
    logits = np.random.default_rng(0).normal(size=(5, 4)).astype("float32") * 3
    shares = np.exp(logits.astype("float64"))
    expected = np.log(4) - stats.entropy(shares, axis=1)
    np.testing.assert_allclose(numpy(categorical_kl(logits)), expected, rtol=1e-4, atol=1e-6)
    certain = numpy(categorical_kl(np.array([[0.0, 200.0, 0.0]], "float32")))
    assert certain[0] == pytest.approx(np.log(3))


def test_the_objective_equals_the_formula(model):
    model.step.assign(5)  # halfway: C_z = 3, C_c = (log 3 + log 2) / 2
    outputs = model(IMAGES)
    terms = numpy(model.terms(IMAGES, outputs))
    found = numpy(model.objective(model.terms(IMAGES, outputs)))
    model.step.assign(0)
    raw = numpy(model.encoder(IMAGES))  # 2 means, 2 log-variances, 3 + 2 logits
    loc, variance = raw[:, :2], np.exp(raw[:, 2:4])
    kl = 0.5 * (variance + loc**2 - 1 - np.log(variance)).sum(1)
    parts = np.exp(raw[:, 4:7]), np.exp(raw[:, 7:])
    classes = sum(np.log(p.shape[1]) - stats.entropy(p, axis=1) for p in parts)
    x, logits = IMAGES.reshape(N, 16), numpy(outputs["logits"]).reshape(N, 16)
    reconstruction = (np.logaddexp(0, logits) - x * logits).sum(1)
    for name, value in zip(model.term_names, (reconstruction, kl, classes), strict=True):
        np.testing.assert_allclose(terms[name], value, rtol=1e-3, atol=1e-5)
    excess = abs(kl.mean() - 3) + abs(classes.mean() - np.log(6) / 2)
    np.testing.assert_allclose(found, reconstruction + 7 * excess, rtol=1e-4)


def test_the_distance_is_that_of_the_batch_mean_from_the_capacity():
    """Each image is 3 nats, or 0.5, away from a capacity that their mean has: nothing to pay."""
    model = JointVAE(gamma=7.0, capacity=3.0, categorical_capacity=0.5, capacity_steps=0, **small())
    terms = {"reconstruction": [1.0, 2.0], "kl_continuous": [0.0, 6.0]}
    terms["kl_categorical"] = [0.0, 1.0]
    terms = {name: ops.convert_to_tensor(value) for name, value in terms.items()}
    np.testing.assert_allclose(numpy(model.objective(terms)), [1.0, 2.0], atol=1e-5)
    terms["kl_categorical"] = ops.convert_to_tensor([0.25, 0.25])
    np.testing.assert_allclose(numpy(model.objective(terms)), [2.75, 3.75], atol=1e-5)


@pytest.mark.parametrize(("given", "end"), [(None, np.log(6)), (9.0, np.log(6)), (0.5, 0.5)])
def test_the_capacity_of_classes_is_at_most_what_they_can_tell(given, end):
    model = JointVAE(categorical_capacity=given, capacity=2.0, capacity_steps=0, **small())
    np.testing.assert_allclose(numpy(model.current_capacities()), [2.0, end], rtol=1e-6)


def test_the_reconstruction_moves_the_class_logits_in_training_only(model):
    head = [model.encoder.layers[-1].bias]

    def loss(training):
        return ops.mean(model.reconstruction(IMAGES, model(IMAGES, training=training)))

    moved, still = (gradients(lambda t=t: loss(t), head)[0] for t in (True, False))
    assert (np.abs(moved[4:]) > 1e-7).all() and (still[4:] == 0).all()
    assert (np.abs(still[:4]) > 1e-7).all(), "the continuous codes have a gradient in both"


def seen_by_the_decoder():
    """A model that shows what its decoder gets, and whose encoder returns given numbers."""
    decoder_inputs = keras.Input((1 + 3,))
    decoder = keras.Model(decoder_inputs, layers.Reshape((2, 2, 1))(decoder_inputs))
    encoder = tiny.encoder((2, 2, 1), 5)
    model = JointVAE((2, 2, 1), 2, categories=[3], encoder=encoder, decoder=decoder, seed=2)
    encoder.layers[-1].set_weights(
        [np.zeros((4, 5)), np.array([0.5, -30, *np.log([0.2, 0.7, 0.1])])]
    )
    return model


def test_what_the_decoder_gets():
    model, images = seen_by_the_decoder(), np.zeros((4000, 2, 2, 1), "float32")
    outputs = numpy(model(images))
    seen = outputs["logits"].reshape(-1, 4)
    np.testing.assert_allclose(seen[:, 0], 0.5, atol=1e-3)
    np.testing.assert_array_equal(seen[:, 1:], np.eye(3)[outputs["z"][:, 1].astype(int)])
    for share, found in zip([0.2, 0.7, 0.1], seen[:, 1:].mean(0), strict=True):
        assert abs(found - share) < 5 * np.sqrt(share * (1 - share) / 4000)
    relaxed = numpy(model(images, training=True))["logits"].reshape(-1, 4)[:, 1:]
    np.testing.assert_allclose(relaxed.sum(1), 1, atol=1e-5)
    assert ((relaxed > 0.01) & (relaxed < 0.99)).any(), "shares, not a class"
    codes = np.array([[0.5, 2.2], [1.0, -7.0]])
    seen = numpy(model.decode(codes)).reshape(2, 4)
    np.testing.assert_array_equal(seen, [[0.5, 0, 0, 1], [1, 1, 0, 0]])


def test_a_code_holds_the_number_of_the_likeliest_class():
    model, images = seen_by_the_decoder(), np.zeros((3, 2, 2, 1), "float32")
    found = model.posteriors(images)
    np.testing.assert_allclose(found["loc"], [[0.5, 1.0]] * 3, rtol=1e-5)
    np.testing.assert_allclose(found["scale"][:, 1], np.sqrt(0.3), rtol=1e-5)
    (shares,) = model.class_probabilities(images, batch_size=2)
    np.testing.assert_allclose(shares, [[0.2, 0.7, 0.1]] * 3, rtol=1e-5)
    # A log-variance of -30 is bounded to -20.
    expected = [(0.25 + np.exp(-20) - 1 + 20) / 2, np.log(3) - stats.entropy(shares[0])]
    np.testing.assert_allclose(mean_per_dimension_kl(found, model), expected, rtol=1e-3)
    with pytest.raises(ValueError, match="mixed_information"):
        decompose(model, images, samples=100)


def test_all_codes_may_be_classes():
    model = JointVAE(
        SHAPE, 1, categories=[4], encoder=tiny.encoder(SHAPE, 4), decoder=tiny.decoder(4, SHAPE)
    )
    terms = numpy(model.terms(IMAGES, model(IMAGES)))
    assert (terms["kl_continuous"] == 0).all() and (terms["kl_categorical"] > 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"categories": ()}, "at least one categorical code"),
        ({"categories": (3, 0)}, "Received: categories=0"),
        ({"categories": (2,) * 5}, r"latent_dim - len\(categories\)"),
        ({"temperature": 0.0}, "Received: temperature=0"),
        ({"gamma": -1.0}, "Received: gamma=-1.0"),
        ({"categorical_capacity": -1.0}, "Received: categorical_capacity=-1.0"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        JointVAE(**small() | arguments)


# What mixed codes tell of the images


def test_mixed_information_equals_quadrature():
    """Four images, one continuous code, codes of two and three classes: every case by hand."""
    loc, scale = np.array([[-1.0], [0.0], [0.5], [2.0]]), np.array([[0.5], [0.8], [0.3], [1.0]])
    rng = np.random.default_rng(0)
    first, second = rng.dirichlet([0.5] * 2, 4), rng.dirichlet([0.5] * 3, 4)
    second[0], second[1] = [1, 0, 0], [0.5, 0.5, 0]  # classes that cannot be
    z = np.linspace(-9, 11, 40_001)
    width = z[1] - z[0]
    given_x = stats.norm.pdf(z, loc, scale)  # (4, points)
    total = classes = 0.0
    for a in range(2):
        for b in range(3):
            shares = first[:, a] * second[:, b]
            joint = shares[:, None] * given_x  # q(z, c|x)
            log_mean = np.log(np.maximum(joint.mean(0), 1e-300))
            log_joint = np.log(np.maximum(joint, 1e-300))
            total += (joint * (log_joint - log_mean)).sum() * width / 4
            terms = shares * np.log(np.where(shares > 0, shares, 1) / shares.mean())
            classes += terms.sum() / 4
    alone = (given_x * np.log(given_x / given_x.mean(0) + 1e-300)).sum() * width / 4
    found = mixed_information(loc, scale, [first, second], samples=4000)
    assert found.of_classes == pytest.approx(classes, abs=1e-6)
    errors = found.standard_errors
    assert abs(found.mutual_information - total) < 4 * errors["mutual_information"] < 0.1
    assert abs(found.of_continuous - alone) < 4 * errors["of_continuous"] < 0.1
    assert found.num_images == 4 and found.samples == 4000


@pytest.mark.parametrize(
    ("loc", "scale", "probabilities", "message"),
    [
        (np.zeros((2, 1)), np.ones((2, 1)), [], "no categorical code"),
        (np.zeros((2, 1)), np.ones((2, 1)), [np.eye(3)], "for the 2 images"),
        (np.zeros((2, 1)), np.ones((2, 1)), [2 * np.eye(2)], "that sum to 1"),
        (np.zeros((2, 1)), np.ones((2, 1)), [np.full((2, 11), 1 / 11)] * 2, "Received: 121"),
        (np.zeros((2, 1)), np.ones((2, 2)), [np.eye(2)], "Received: loc of shape"),
        (np.zeros((2, 1)), np.zeros((2, 1)), [np.eye(2)], "scale must be positive"),
    ],
)
def test_mixed_information_refuses(loc, scale, probabilities, message):
    with pytest.raises(ValueError, match=message):
        mixed_information(loc, scale, probabilities)
