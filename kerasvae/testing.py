"""Invariants that every layer and every objective keeps, for tests and for graded exercises.

`run_layer_test` and `run_objective_test` take a class and its arguments, and raise an
AssertionError that says which promise was broken.
"""

import pathlib
import tempfile

import keras
import numpy as np
from keras import ops

from kerasvae.data import Pairs
from kerasvae.models import VariationalAutoencoder
from kerasvae.models.introspection import constructor_arguments


def run_layer_test(layer_class, init_kwargs, inputs):
    """Check that a layer keeps the promises of a Keras layer.

    The layer can be rebuilt from its config; inside a functional model it can be saved and loaded
    with the same weights; and a training step gives finite gradients for each of its weights.

    Args:
        layer_class: a subclass of keras.layers.Layer, from inputs (batch, ...) to (batch, D).
        init_kwargs: the arguments of its constructor.
        inputs: one array (batch, ...), or a tuple of them.

    Raises:
        AssertionError: names the promise that was broken.

    Example:
        >>> from kerasvae.layers import GaussianLatent
        >>> run_layer_test(GaussianLatent, {"units": 2, "seed": 0}, np.ones((4, 3), "float32"))
    """
    check_config(layer_class, init_kwargs)
    arrays = inputs if isinstance(inputs, tuple) else (inputs,)
    tensors = [keras.Input(array.shape[1:], dtype=str(array.dtype)) for array in arrays]
    layer = layer_class(**init_kwargs)
    # A layer without weights of its own still passes gradients on: this one collects them.
    scaled = [keras.layers.Dense(t.shape[-1], kernel_initializer="identity")(t) for t in tensors]
    model = keras.Model(tensors, layer(tuple(scaled) if len(scaled) > 1 else scaled[0]))
    model.compile(keras.optimizers.SGD(0.01), loss="mse")
    targets = np.ones(tuple(ops.shape(model(list(arrays)))), "float32")
    before = _arrays(model.trainable_variables)
    model.fit(list(arrays), targets, batch_size=len(targets), epochs=1, verbose=0)
    _assert_trained(before, model.trainable_variables)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.saving.load_model(path)
    assert loaded.layers[-1].get_config() == layer.get_config(), "saving changed the config"
    _assert_equal(_arrays(model.variables), _arrays(loaded.variables), "saved weights differ")
    first, second = model.predict(list(arrays), verbose=0), loaded.predict(list(arrays), verbose=0)
    np.testing.assert_array_equal(first, second, "the loaded layer gives other outputs")


def run_objective_test(model_class, init_kwargs, images, batch_size=8):
    """Check that a model keeps the promises of every model in this package.

    Config and constructor agree; terms have the promised names and one value for each image; a
    bare compile() trains all weights; evaluate changes none; a saved and loaded model has the
    same outputs, and trains on to exactly the weights the original trains on to.

    Args:
        model_class: a subclass of LatentVariableModel.
        init_kwargs: the arguments of its constructor.
        images: (n, H, W, C) float in [0, 1], n at least `batch_size`.
        batch_size: images in a step.

    Raises:
        AssertionError: names the promise that was broken.

    Example:
        >>> from kerasvae import VAE
        >>> small = {"image_shape": (4, 4, 1), "latent_dim": 2, "architecture": "mlp"}
        >>> run_objective_test(VAE, small, np.full((8, 4, 4, 1), 0.5, "float32"))
    """
    check_config(model_class, init_kwargs)
    model = model_class(**init_kwargs)
    data = _pairs_of(images, model) if model.learns_from_pairs else images
    if isinstance(model, VariationalAutoencoder):
        _check_terms(model, images[:batch_size])
    model.compile()
    fit = {"batch_size": batch_size, "epochs": 1, "verbose": 0, "shuffle": False}
    steps = -(-len(images) // batch_size)

    before = _arrays(model.trainable_variables)
    history = model.fit(data, **fit).history
    assert set(history) == {"loss", *model.term_names}, f"the history holds {sorted(history)}"
    assert all(np.isfinite(values).all() for values in history.values()), f"not finite: {history}"
    _assert_trained(before, model.trainable_variables)
    assert model.steps_taken == steps, f"step counted {model.steps_taken}"

    before = _arrays(model.trainable_variables)
    logs = model.evaluate(images, verbose=0, return_dict=True)
    assert set(logs) == set(history), f"evaluate returned {sorted(logs)}"
    untracked = [name for name, mean in model.trackers.items() if float(mean.count) == 0]
    assert not untracked, f"evaluate tracks no {untracked}"
    _assert_equal(before, _arrays(model.trainable_variables), "evaluate changed weights")

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.saving.load_model(path)
    _check_outputs(model, loaded, images)
    model.fit(data, **fit)
    loaded.fit(data, **fit)
    _assert_equal(
        _arrays(model.trainable_variables),
        _arrays(loaded.trainable_variables),
        "the loaded model trains on to other weights",
    )


def check_config(cls, init_kwargs):
    """Every argument of a constructor is in `get_config`, and the config builds an equal object.

    Args:
        cls: a Keras layer or model class.
        init_kwargs: arguments of its constructor.

    Raises:
        AssertionError: names the argument that is missing, or shows the two configs.
    """
    original = cls(**init_kwargs)
    config = original.get_config()
    for name in constructor_arguments(cls):
        assert name in config, f"get_config of {cls.__name__} leaves out {name}"
    for name, value in init_kwargs.items():
        if isinstance(value, int | float | str | bool | tuple):
            stored = tuple(config[name]) if isinstance(value, tuple) else config[name]
            assert stored == value, f"{name}={value!r} became {config[name]!r} in the config"
    assert cls.from_config(config).get_config() == config, "the config builds something else"


def _pairs_of(images, model):
    """Pairs of neighbours, for a model that learns from pairs; one dimension changes in each."""
    changed = np.eye(model.latent_dim)[np.arange(len(images)) % model.latent_dim]
    return Pairs((images, np.roll(images, 1, axis=0)), changed, labelled=True)


def _check_terms(model, images):
    outputs = model(images)
    terms = model.terms(ops.convert_to_tensor(images), outputs)
    alone = len(model.players()) == 1  # of several players, the others track terms of their own
    fits = set(terms) == set(model.term_names) if alone else set(terms) < set(model.term_names)
    assert fits, f"terms returns {sorted(terms)}"
    for name, value in terms.items():
        assert tuple(value.shape) == (len(images),), f"{name} has shape {tuple(value.shape)}"
    assert np.isfinite(float(ops.mean(model.objective(terms)))), "the objective is not finite"


def _check_outputs(model, loaded, images):
    assert loaded.get_config() == model.get_config(), "saving changed the config"
    _assert_equal(_arrays(model.variables), _arrays(loaded.variables), "saved variables differ")
    _assert_equal(
        _arrays(model.optimizer.variables),
        _arrays(loaded.optimizer.variables),
        "the saved state of the optimizer differs",
    )
    for method in ("embed", "reconstruct"):
        first, second = getattr(model, method)(images), getattr(loaded, method)(images)
        np.testing.assert_array_equal(first, second, f"{method} differs after loading")
    assert model.embed(images).shape == (len(images), model.latent_dim)
    pictures = model.sample(3, seed=1)
    np.testing.assert_array_equal(pictures, model.sample(3, seed=1), "sample ignores its seed")
    assert pictures.shape == (3, *model.image_shape) and pictures.min() >= 0 and pictures.max() <= 1


def _arrays(variables):
    return {variable.path: np.copy(ops.convert_to_numpy(variable)) for variable in variables}


def _assert_equal(first, second, message):
    """Compare variables in their order: loading numbers the names of layers anew."""
    assert len(first) == len(second), message
    for (path, one), two in zip(first.items(), second.values(), strict=True):
        np.testing.assert_array_equal(one, two, f"{message}: {path}")


def _assert_trained(before, variables):
    after = _arrays(variables)
    for path, value in after.items():
        assert np.isfinite(value).all(), f"{path} is not finite after a step"
        assert not np.array_equal(value, before[path]), f"{path} did not change in a step"
