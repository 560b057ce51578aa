"""What the models of a population may differ in, and what each brings along."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from kerasvae.backend.state import state_variables

# Settings that belong to a member alone and that no compiled step reads.
OWN = ("seed", "name")


@dataclass(frozen=True)
class Member:
    """One model of a population.

    Args:
        model: compiled, its optimizer built.
        batches: its own stream, for instance a `kerasvae.data.ImageBatches`.
        callbacks: a `keras.callbacks.CallbackList` of its own; the History is in it.
        is_watched: whether its callbacks look at the model's weights after every epoch.
    """

    model: Any
    batches: Any
    callbacks: Any
    is_watched: bool = False


def check_alike(models: Sequence) -> dict[str, list[float]]:
    """The weights of the objective in which models differ, if they differ in nothing else.

    Compared are the class, the arguments of the constructor, the layers, the further plain
    attributes, what compile() was given, and the shapes of all variables.

    Args:
        models: compiled, with built optimizers.

    Returns:
        {name: its value in each model}: numbers that are attributes of the model.

    Raises:
        ValueError: names the setting that differs.
    """
    lead = models[0]
    settings = [_settings(model) for model in models]
    weights = {}
    for name, value in settings[0].items():
        values = [one.get(name) for one in settings]
        if any(type(model) is not type(lead) for model in models):
            _refuse("class", [type(model).__name__ for model in models])
        if all(_canonical(one) == _canonical(value) for one in values):
            continue
        if not all(_is_weight(model, name, one) for model, one in zip(models, values, strict=True)):
            _refuse(name, values)
        weights[name] = [float(one) for one in values]
    for model in models[1:]:
        if _shapes(model) != _shapes(lead):
            _refuse("shapes of the variables", [_shapes(lead), _shapes(model)])
    _check_attributes(models, weights)
    return weights


def _settings(model) -> dict:
    """What describes a model besides its weights: {name: a plain value}."""
    config = {name: value for name, value in model.get_config().items() if name not in OWN}
    optimizers = getattr(model.optimizer, "optimizers", [model.optimizer])
    serialize = keras.saving.serialize_keras_object
    layers = {f"layer {layer.name}": serialize(layer) for layer in model.layers}
    config["layers"] = list(layers.values())
    config["optimizer"] = [_without_rate(serialize(one)) for one in optimizers]
    for name in ("run_eagerly", "jit_compile", "steps_per_execution"):
        config[name] = getattr(model, name)
    return config


def _without_rate(config):
    """An optimizer's config without a learning rate that is a number, and so a variable of it."""
    inner = dict(config["config"])
    if isinstance(inner.get("learning_rate"), float | int):
        del inner["learning_rate"]
    if isinstance(inner.get("inner_optimizer"), dict):  # of keras's LossScaleOptimizer
        inner["inner_optimizer"] = _without_rate(inner["inner_optimizer"])
    return {**config, "config": inner}


def _canonical(value) -> str:
    """A config as text, without seeds, and with names that Keras counted by their order."""
    names = {}

    def note(part):
        if isinstance(part, dict):
            if isinstance(part.get("name"), str):
                names.setdefault(part["name"], f"#{len(names)}")
            for child in part.values():
                note(child)
        elif isinstance(part, list | tuple):
            for child in part:
                note(child)

    def plain(part):
        if isinstance(part, dict):
            left_out = ("seed", "shared_object_id", "build_config")
            return {k: plain(v) for k, v in part.items() if k not in left_out}
        if isinstance(part, list | tuple):
            return [plain(child) for child in part]
        if isinstance(part, str):
            return names.get(part, part)
        return part

    note(value)
    return json.dumps(plain(value), sort_keys=True, default=repr)


def _is_weight(model, name, value) -> bool:
    """Whether an argument is a float that the model keeps under its name."""
    return type(value) is float and type(vars(model).get(name)) is float


def _check_attributes(models, weights):
    """Refuse other attributes that differ: a number made of a weight would stay the lead's."""
    plain = (bool, int, float, str, tuple, type(None))
    for name, value in vars(models[0]).items():
        if name.startswith("_") or name in (*OWN, *weights, "stop_training"):
            continue
        values = [vars(model).get(name) for model in models]
        if isinstance(value, plain) and any(one != value for one in values):
            _refuse(name, values)


def _shapes(model) -> list[tuple]:
    return [
        (tuple(variable.shape), str(variable.dtype), bool(variable.trainable))
        for variable in state_variables(model)
    ]


def _refuse(name, values):
    shown = ", ".join(dict.fromkeys(_short(value) for value in values))
    raise ValueError(
        "The models of a population may differ in their seed, in float weights of the objective "
        f"and in the optimizer's learning rate only; train the others by fit(). Received: models "
        f"that differ in {name}: {shown}"
    )


def _short(value) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."
