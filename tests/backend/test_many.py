"""Encoding many images by a compiled function: the same numbers, traced once."""

import numpy as np
import pytest

from kerasvae import VAE, JointVAE, surgery
from kerasvae.backend import many

IMAGES = np.random.default_rng(0).uniform(size=(50, 8, 8, 1)).astype("float32")


@pytest.mark.parametrize("cls", [VAE, JointVAE])
def test_few_and_many_images_get_the_same_codes(cls, monkeypatch):
    options = {"categories": (3,)} if cls is JointVAE else {}
    model = cls((8, 8, 1), 2, "mlp", seed=0, **options)
    few = model.posteriors(IMAGES, batch_size=16)  # the last batch has two images
    monkeypatch.setattr(many, "MANY", 50)
    found = model.posteriors(IMAGES, batch_size=16)
    assert found.keys() == few.keys()
    for name, values in few.items():
        assert found[name].shape == values.shape
        np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=1e-6)
    # Images that come in batches, of which nobody knows how many there are.
    batches = (IMAGES[start : start + 16] for start in range(0, 50, 16))
    np.testing.assert_array_equal(model.embed(batches), few["loc"])


def test_the_network_runs_in_python_a_few_times_only(monkeypatch):
    model = VAE((8, 8, 1), 2, "mlp", seed=0)
    calls = []

    def encode(images):
        calls.append(len(calls))
        return VAE.encode(model, images)

    monkeypatch.setattr(many, "MANY", 51)
    one = many.for_many(encode, 50)
    assert one is encode
    two = many.for_many(encode, 51)
    for start in range(0, 50, 4):
        two(IMAGES[start : start + 4])  # the last batch has two images
    assert 1 <= len(calls) <= 3


def test_surgery_of_many_images_is_that_of_few(monkeypatch):
    model = VAE((8, 8, 1), 2, "mlp", seed=0)
    few = surgery.decompose(model, IMAGES, samples=100)
    monkeypatch.setattr(many, "MANY", 50)
    found = surgery.decompose(model, IMAGES, samples=100)
    assert found.kl == pytest.approx(few.kl, rel=1e-5)
    assert found.total_correlation == pytest.approx(few.total_correlation, abs=1e-5)


def test_new_weights_are_seen_at_the_next_call(monkeypatch):
    monkeypatch.setattr(many, "MANY", 50)
    model = VAE((8, 8, 1), 2, "mlp", seed=0)
    before = model.embed(IMAGES)
    for variable in model.encoder.trainable_variables:
        variable.assign(np.zeros(variable.shape, "float32"))
    assert np.abs(before).max() > 0
    np.testing.assert_array_equal(model.embed(IMAGES), 0)
