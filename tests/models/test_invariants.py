"""Every public layer and objective keeps the promises of kerasvae.testing."""

import keras
import numpy as np
import pytest

import kerasvae
from kerasvae.models import VariationalAutoencoder
from kerasvae.testing import check_config, run_layer_test, run_objective_test
from tests.registry import LAYERS, OBJECTIVES, SMALL


def images_of(init_kwargs, n=12):
    return np.random.default_rng(0).random((n, *init_kwargs["image_shape"])).astype("float32")


# One of each number and kind of players is traced, as in a user's training.
TRACED = ("VAE", "FactorVAE", "InfoGAN classes")


def of_each_class():
    """All objectives; a class's further settings run once, not on each backend.

    That both backends compute the same terms of every one of them is tested in tests/backend.
    """
    classes = set()
    for name, (model_class, _) in OBJECTIVES.items():
        further = model_class in classes and name not in TRACED
        yield pytest.param(name, marks=[pytest.mark.numpy_only] * further)
        classes.add(model_class)


@pytest.mark.parametrize("name", of_each_class())
def test_objective(name, request):
    if name not in TRACED:
        request.getfixturevalue("eagerly")
    model_class, init_kwargs = OBJECTIVES[name]
    run_objective_test(model_class, init_kwargs, images_of(init_kwargs))


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name):
    run_layer_test(*LAYERS[name])


def test_every_public_class_is_registered():
    public = {getattr(kerasvae, name) for name in kerasvae.__all__}
    models = {c for c in public if isinstance(c, type) and issubclass(c, keras.Model)}
    layers = {getattr(kerasvae.layers, name) for name in kerasvae.layers.__all__}
    assert models == {entry[0] for entry in OBJECTIVES.values()}
    assert layers == {entry[0] for entry in LAYERS.values()}
    assert models == set(kerasvae.models.BY_NAME.values())


class Forgetful(VariationalAutoencoder):
    """Breaks a promise: get_config leaves out an argument."""

    def __init__(self, weight=2.0, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight

    def objective(self, terms):
        return self.weight * (terms["reconstruction"] + terms["kl"])


class Idle(VariationalAutoencoder):
    """Breaks a promise: no gradient reaches the decoder."""

    def objective(self, terms):
        return terms["kl"]


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(
    ("broken", "message"), [(Forgetful, "leaves out weight"), (Idle, "did not change")]
)
def test_the_invariants_catch_broken_models(broken, message):
    with pytest.raises(AssertionError, match=message):
        run_objective_test(broken, SMALL, images_of(SMALL))


def test_the_invariants_catch_a_wrong_config():
    class Wrong(kerasvae.BetaVAE):
        def get_config(self):
            return {**super().get_config(), "beta": 1.0}

    with pytest.raises(AssertionError, match="beta=4.0 became 1.0"):
        check_config(Wrong, SMALL | {"beta": 4.0})
