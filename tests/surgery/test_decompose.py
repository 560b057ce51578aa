"""The decomposition against closed forms, quadrature, TFP and repetition over seeds."""

import io
import json
import math

import numpy as np
import pytest
import rich.console
from keras import ops
from scipy.stats import norm, qmc

from kerasvae.distributions import tfd
from kerasvae.surgery import decompose, decompose_posterior

SCALARS = [
    "mutual_information",
    "marginal_kl",
    "total_correlation",
    "dimension_wise_kl",
]


def scattered(n=500, dimensions=4, seed=0):
    rng = np.random.default_rng(seed)
    loc = rng.normal(size=(n, dimensions)) * np.geomspace(2, 0.1, dimensions)
    return loc.astype("float32"), np.exp(rng.normal(size=loc.shape) - 1.5).astype("float32")


def by_quadrature(loc, scale, width=0.01):
    """The terms of a two-dimensional posterior, on a grid of z."""
    axis = np.arange(-8, 8, width)
    density = np.exp(norm.logpdf(axis[:, None, None], loc, scale))  # (Z, N, 2)
    joint = density[:, :, 0] @ density[:, :, 1].T / len(loc)  # (Z, Z)
    first, second = density.mean(1).T
    log = lambda p: np.log(np.maximum(p, 1e-300))  # noqa: E731
    prior = norm.logpdf(axis)
    area = width**2
    marginal_kl = np.sum(joint * (log(joint) - prior[:, None] - prior)) * area
    total_correlation = np.sum(joint * (log(joint) - log(first)[:, None] - log(second))) * area
    entropy = np.sum(np.log(scale) + 0.5 * np.log(2 * np.pi * np.e), axis=1).mean()
    return {
        "mutual_information": -np.sum(joint * log(joint)) * area - entropy,
        "marginal_kl": marginal_kl,
        "total_correlation": total_correlation,
        "dimension_wise_kl": marginal_kl - total_correlation,
    }


def test_small_data_set_equals_quadrature():
    loc = np.array([[0.0, 0.0], [1.0, 1.2], [-1.0, -0.7], [0.5, -2.0], [2.0, 2.0]])
    scale = np.array([[0.3, 0.5], [0.2, 0.4], [0.6, 0.3], [0.5, 0.2], [0.3, 1.0]])
    result = decompose_posterior(loc, scale, samples=20_000)
    for name, expected in by_quadrature(loc, scale).items():
        error = result.standard_errors[name]
        assert 0 < error < 0.01
        assert abs(getattr(result, name) - expected) < 4 * error, name


def test_gaussian_aggregate_equals_the_closed_form():
    """Means on a Sobol net of N(0, C - s^2 I): q(z) is N(0, C) but for the net's discrepancy."""
    covariance = np.array([[1.0, 0.7, 0.0], [0.7, 1.5, -0.3], [0.0, -0.3, 0.5]])
    scale = 0.5
    net = norm.ppf(qmc.Sobol(3, seed=0).random(2**14))
    loc = net @ np.linalg.cholesky(covariance - scale**2 * np.eye(3)).T
    result = decompose_posterior(loc, np.full_like(loc, scale), samples=20_000)
    variances = np.diag(covariance)
    log_det = np.linalg.slogdet(covariance)[1]
    expected = {
        "total_correlation": 0.5 * (np.log(variances).sum() - log_det),
        "marginal_kl": 0.5 * (variances.sum() - 3 - log_det),
        "dimension_wise_kl": 0.5 * (variances - 1 - np.log(variances)).sum(),
        "mutual_information": 0.5 * log_det - 3 * np.log(scale),
    }
    for name, value in expected.items():
        # The net's own error is that of a quasi-random sum, 1e-3 at 16,384 points.
        assert abs(getattr(result, name) - value) < 4 * result.standard_errors[name] + 2e-3, name
        assert result.standard_errors[name] < 0.01


def test_identities_and_bounds():
    for loc, scale in [scattered(), scattered(n=3, dimensions=1), scattered(n=2000, seed=1)]:
        result = decompose_posterior(loc, scale, samples=1000)
        parts = result.mutual_information + result.marginal_kl
        assert result.kl == pytest.approx(parts, abs=1e-9)
        parts = result.total_correlation + result.dimension_wise_kl
        assert result.marginal_kl == pytest.approx(parts, abs=1e-9)
        assert result.per_dimension_kl.sum() == pytest.approx(result.kl, abs=1e-9)
        errors = result.standard_errors
        assert result.mutual_information <= math.log(len(loc)) + 3 * errors["mutual_information"]
        for name in SCALARS:
            assert getattr(result, name) >= -3 * errors[name]
        if loc.shape[1] == 1:
            assert abs(result.total_correlation) < 1e-5


def test_images_that_never_overlap_are_told_apart():
    loc = np.arange(50.0)[:, None] * [1.0, -2.0]
    result = decompose_posterior(loc, np.full((50, 2), 0.02), samples=500)
    assert result.mutual_information == pytest.approx(math.log(50), abs=1e-4)
    # Each dimension alone tells them apart too: log q(z) = log q(z|x) - log N, once, not twice.
    assert result.total_correlation == pytest.approx(math.log(50), abs=1e-4)


def test_collapsed_posterior_has_nothing_to_split():
    result = decompose_posterior(np.zeros((100, 3)), np.ones((100, 3)), samples=200)
    for name in ("kl", *SCALARS):
        assert getattr(result, name) == pytest.approx(0, abs=1e-5)


def test_per_dimension_kl_equals_tfp():
    loc, scale = scattered()
    result = decompose_posterior(loc, scale, samples=100)
    expected = tfd.kl_divergence(tfd.Normal(loc, scale), tfd.Normal(0.0, 1.0))
    expected = ops.convert_to_numpy(expected).mean(axis=0)
    np.testing.assert_allclose(result.per_dimension_kl, expected, rtol=1e-5)
    assert result.standard_errors["kl"] == 0


def test_same_seed_same_figures():
    loc, scale = scattered()
    first, again, other = (decompose_posterior(loc, scale, 500, seed) for seed in (3, 3, 4))
    assert first.to_dict() == again.to_dict()
    assert first.total_correlation != other.total_correlation
    assert first.kl == other.kl


@pytest.mark.parametrize(("images", "samples"), [(40, 200), (1000, 200)])
def test_standard_errors_equal_the_spread_over_seeds(images, samples):
    loc, scale = scattered(images, 2)
    results = [decompose_posterior(loc, scale, samples, seed) for seed in range(100)]
    for name in SCALARS:
        spread = np.std([getattr(result, name) for result in results])
        error = np.sqrt(np.mean([result.standard_errors[name] ** 2 for result in results]))
        # 100 seeds know a spread to 7%; the regression's own variance adds a few per cent.
        assert 0.75 < spread / error < 1.3, name


def test_few_samples_agree_with_many():
    loc, scale = scattered(2000)
    many = decompose_posterior(loc, scale, samples=50_000)
    few = [decompose_posterior(loc, scale, samples=200, seed=seed) for seed in range(20)]
    for name in SCALARS:
        mean = np.mean([getattr(result, name) for result in few])
        error = few[0].standard_errors[name] / math.sqrt(20) + many.standard_errors[name]
        assert abs(mean - getattr(many, name)) < 4 * error, name


GOOD = np.ones((4, 2))


@pytest.mark.parametrize(
    ("loc", "scale", "options", "message"),
    [
        (np.array([[1.0, np.nan]]), GOOD[:1], {}, r"loc must hold finite.*loc\[0\]"),
        (GOOD, GOOD * np.inf, {}, r"scale must hold finite.*scale\[0\]"),
        (GOOD, GOOD - 1, {}, r"scale must be positive.*Received: scale\[0\]"),
        (GOOD, -GOOD, {}, "scale must be positive"),
        (GOOD, GOOD[:3], {}, r"Received: loc of shape \(4, 2\), scale of shape \(3, 2\)"),
        (GOOD[:0], GOOD[:0], {}, "at least one image"),
        (GOOD[:, :0], GOOD[:, :0], {}, r"Received: loc of shape \(4, 0\)"),
        (GOOD[0], GOOD[0], {}, r"\(images, latent dimensions\)"),
        (GOOD, GOOD, {"samples": 0}, "samples.*Received: samples=0"),
        (GOOD, GOOD, {"samples": 5}, "samples must be at least"),
        (GOOD, GOOD, {"samples": 100.5}, "samples.*Received: samples=100.5"),
        (GOOD, GOOD, {"seed": -1}, "seed.*Received: seed=-1"),
    ],
)
def test_bad_input_is_refused(loc, scale, options, message):
    with pytest.raises(ValueError, match=message):
        decompose_posterior(loc, scale, **options)


# With a model


class FakeModel:
    """Codes are the image's two pixels; p(x|z) is N(z, I)."""

    image_shape = (1, 2, 1)

    def encode(self, x):
        loc = ops.reshape(ops.cast(x, "float32"), (-1, 2))
        return {"loc": loc, "scale": 0.1 + 0.1 * loc}

    def decode(self, z):
        return ops.reshape(ops.convert_to_tensor(z), (-1, 1, 2, 1))

    def pixel_distribution(self, logits):
        return tfd.Independent(tfd.Normal(logits, 1.0), 3)


class FakeDataset:
    image_shape = (1, 2, 1)

    def __init__(self, images):
        self.array = images

    def __len__(self):
        return len(self.array)

    def images(self, indices):
        return self.array[indices]


@pytest.fixture
def images():
    return np.random.default_rng(0).random((700, 1, 2, 1), "float32")


def test_model_and_images(images):
    result = decompose(FakeModel(), images, samples=5000)
    loc = images.reshape(-1, 2)
    scale = 0.1 + 0.1 * loc
    posterior = decompose_posterior(loc, scale, samples=5000)
    assert result.mutual_information == pytest.approx(posterior.mutual_information, abs=0.01)
    assert result.kl == pytest.approx(posterior.kl, rel=1e-6)
    # z = x + scale * noise: E -log N(x; z, I) = log 2 pi + sum scale^2 / 2.
    expected = math.log(2 * math.pi) + 0.5 * (scale.astype("float64") ** 2).sum(1).mean()
    error = result.standard_errors["reconstruction"]
    assert 0 < error < 1e-3
    assert abs(result.reconstruction - expected) < 4 * error
    assert posterior.reconstruction is None


def test_data_set_equals_array(images):
    of_array = decompose(FakeModel(), images, samples=300, seed=5)
    of_dataset = decompose(FakeModel(), FakeDataset(images), samples=300, seed=5)
    assert of_array.to_dict() == of_dataset.to_dict()


def test_images_that_do_not_fit_the_model_are_refused(images):
    with pytest.raises(ValueError, match="Received"):
        decompose(FakeModel(), images[..., 0], samples=100)
    dataset = FakeDataset(images)
    dataset.image_shape = (2, 2, 1)
    with pytest.raises(ValueError, match=r"Received: a data set with image_shape=\(2, 2, 1\)"):
        decompose(FakeModel(), dataset, samples=100)


# The result


def test_result_prints_and_saves(images):
    result = decompose(FakeModel(), images, samples=100)
    saved = json.loads(json.dumps(result.to_dict()))
    assert saved["mutual_information"] == result.mutual_information
    assert saved["standard_errors"].keys() == {"reconstruction", "kl", *SCALARS}
    assert len(saved["per_dimension_kl"]) == 2
    console = rich.console.Console(record=True, width=100, file=io.StringIO())
    console.print(result.table())
    for text, digits in ((str(result), 3), (console.export_text(), 4)):
        for name in ("reconstruction", "kl", *SCALARS):
            assert f"{name} " in text
            assert f"{getattr(result, name):.{digits}f}" in text
    assert "700 images, 100 samples" in str(result)
    without = decompose_posterior(*scattered(), samples=100)
    assert "reconstruction" not in without.to_dict()
    assert "reconstruction" not in str(without)
