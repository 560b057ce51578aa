"""What the settings of a run may be: one schema for the command line, a study and config.json."""

import inspect
import math
import numbers
from collections.abc import Callable, Mapping

from kerasvae.checks import check_choice, check_count, check_positive_int
from kerasvae.models import BY_NAME, LatentVariableModel
from kerasvae.models.introspection import own_arguments
from kerasvae.runs.checked import check_kind, check_names, shown
from kerasvae.runs.pairs import check_changed

MAX_SEED = 2**32 - 1  # what NumPy's generator takes

# Settings of the model that all models have, and that a command or a study may give.
NETWORK = ("latent_dim", "architecture", "likelihood", "likelihood_scale")


def check_learning_rate(name: str, value) -> float:
    """Return `value` as a float if it is a finite number above 0.

    Raises:
        ValueError: anything else.
    """
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not math.isfinite(value) or value <= 0:
        raise ValueError(f"{name} must be a finite number above 0. Received: {name}={value!r}")
    return float(value)


def check_seed(name: str, value) -> int:
    """Return `value` as an int if it is a seed, 0..2^32 - 1.

    Raises:
        ValueError: anything else.
    """
    if check_count(name, value) > MAX_SEED:
        raise ValueError(f"{name} must be at most {MAX_SEED}. Received: {name}={value}")
    return int(value)


# Every setting of a training, and what it may be.
TRAINING: dict[str, Callable] = {
    "steps": check_positive_int,
    "devices": check_positive_int,
    "log_every": check_positive_int,
    "checkpoint_every": check_positive_int,
    "batch_size": check_positive_int,
    "learning_rate": check_learning_rate,
}


# What a training on pairs has beside them.
PAIRS: dict[str, Callable] = {"changed": check_changed}


def training_settings(model: str) -> dict[str, Callable]:
    """Every setting of the training of a model, and what it may be."""
    return TRAINING | (PAIRS if BY_NAME[model].learns_from_pairs else {})


def check_training(training: Mapping, model: str = "vae") -> None:
    """Refuse settings of a training that cannot be run.

    Args:
        training: a value for each name of `training_settings(model)`.
        model: name of the model.

    Raises:
        ValueError: a name is missing or unknown, or a value is wrong; says which.

    Example:
        >>> check_training(dict(steps=9, devices=2, log_every=1, checkpoint_every=1,
        ...                     batch_size=5, learning_rate=0.1))
        Traceback (most recent call last):
            ...
        ValueError: batch_size must be a multiple of devices, ...
    """
    settings = training_settings(model)
    check_names("training", training, settings, settings)
    for name, check in settings.items():
        check(name, training[name])
    if training["batch_size"] % training["devices"]:
        raise ValueError(
            "batch_size must be a multiple of devices, so that each gets as many images. Received: "
            f"batch_size={training['batch_size']}, devices={training['devices']}"
        )


def check_config(config: dict) -> dict:
    """Return a run's config if nothing is missing in it, and nothing says what no run can be.

    Args:
        config: as `kerasvae.runs.new_config` makes it.

    Raises:
        ValueError: names the field.
    """
    parts = ("model", "arguments", "data", "training", "versions")
    check_names("the config", config, parts, parts)
    check_choice("model", config["model"], BY_NAME)
    _check_data(config["data"])
    needed = ("image_shape", "latent_dim", "architecture", "likelihood", "seed")
    check_names("arguments", config["arguments"], needed=needed)
    check_arguments(config["model"], config["arguments"])
    expected, given = config["data"]["image_shape"], config["arguments"]["image_shape"]
    if given != expected:
        raise ValueError(
            f"arguments: image_shape must be that of the data, {expected}. "
            f"Received: image_shape={shown(given)}"
        )
    check_training(config["training"], config["model"])
    check_names("versions", config["versions"])
    return config


def _check_data(data) -> None:
    parts = ("source", "options", "images", "image_shape")
    check_names("data", data, parts, parts)
    check_kind("source", data["source"], "")
    check_names("options", data["options"])
    check_positive_int("images", data["images"])
    shape = data["image_shape"]
    if not isinstance(shape, list) or len(shape) != 3:
        raise ValueError(
            f"image_shape must be [height, width, channels]. Received: image_shape={shown(shape)}"
        )
    for size in shape:
        check_positive_int("image_shape", size)


def check_arguments(model: str, arguments: Mapping) -> None:
    """Refuse arguments of a model of the wrong kind; what they may be, the model itself checks.

    Args:
        model: its name.
        arguments: some of its constructor's, by name.

    Raises:
        ValueError: an unknown name, or a value of another kind; says which.

    Example:
        >>> check_arguments("beta-vae", {"beta": "4"})
        Traceback (most recent call last):
            ...
        ValueError: beta must be a number. Received: beta='4'
    """
    own = own_arguments(BY_NAME[model])
    common = inspect.signature(LatentVariableModel).parameters
    check_names("arguments", arguments, {*own, *common})
    kinds = {name: parameter.default for name, parameter in own.items()}
    kinds |= {"architecture": "", "likelihood": ""}
    if arguments.get("likelihood_scale") != "learned":
        kinds["likelihood_scale"] = 1.0
    if "latent_dim" in arguments:
        check_positive_int("latent_dim", arguments["latent_dim"])
    if "seed" in arguments:
        check_seed("seed", arguments["seed"])
    for name, default in kinds.items():
        if name in arguments:
            check_kind(name, arguments[name], default)
