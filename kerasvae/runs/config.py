"""The settings of a run: what config.json holds, and the defaults that suit the images."""

import inspect
import json
import platform
from collections.abc import Collection
from importlib import metadata

import keras

from kerasvae import data, networks
from kerasvae.checks import check_choice
from kerasvae.data.paths import options_of_path
from kerasvae.models import BY_NAME
from kerasvae.runs.errors import ArgumentError
from kerasvae.runs.pairs import DEFAULTS as PAIR_DEFAULTS
from kerasvae.runs.pairs import training_images
from kerasvae.runs.schema import check_arguments, check_training
from kerasvae.version import __version__

TRAINING_DEFAULTS = {"steps": 4000, "devices": 1, "log_every": 100, "checkpoint_every": 1000}

# What a model's config holds beside the arguments that a run chooses.
KERAS_ONLY = ("name", "trainable", "dtype", "frozen", "encoder", "decoder", "discriminator")


def new_config(model: str, given: dict, dataset) -> dict:
    """The config of a new run: what was given, and defaults that suit the images.

    Args:
        model: its name in `kerasvae.models.BY_NAME`.
        given: settings as in `Run.settings`, without those that are left to the defaults.
        dataset: the images, as `load_images` returned them.

    Returns:
        What config.json holds.

    Raises:
        ValueError: a setting that no training can have, or that the model refuses.
    """
    given = dict(given)
    images = {"source": given.pop("data"), "options": given.pop("data_option", {})}
    defaults = {
        **TRAINING_DEFAULTS,
        **(PAIR_DEFAULTS if BY_NAME[model].learns_from_pairs else {}),
        "batch_size": BY_NAME[model].default_batch_size,
        "learning_rate": BY_NAME[model].default_learning_rate,
    }
    training = {name: given.pop(name, default) for name, default in defaults.items()}
    check_training(training, model)
    arguments = {
        "image_shape": list(dataset.image_shape),
        "architecture": given.get("architecture") or _suited_architecture(dataset.image_shape),
        "seed": 0,
        **given,
    }
    check_arguments(model, arguments)
    built = BY_NAME[model](**arguments)
    if built.learns_from_pairs:  # refuses images of which there are no such pairs
        built.training_data(training_images(model, dataset, training), images["source"])
    arguments = {k: value for k, value in built.get_config().items() if k not in KERAS_ONLY}
    return {
        "model": model,
        "arguments": json.loads(json.dumps(arguments)),  # tuples as they come back from the file
        "data": {**images, **described(dataset)},
        "training": training,
        "versions": versions(),
    }


def load_images(source: str, options: dict):
    """A data set by name, or your own images; see `data.load` and `data.from_path`.

    Raises:
        ValueError: an option that its loader does not have, and what the loader refuses.
    """
    known = option_names(source)
    for name in options:
        if not known:
            raise ValueError(f"{source} takes no options. Received: {name}")
        check_choice(f"an option of {source}", name, known)
    if source in data.names():
        return data.load(source, **options)
    return data.from_path(source, **options)


def option_names(source: str) -> Collection[str]:
    """The options of a data set's loader, or those of images at a path.

    Example:
        >>> sorted(option_names("digits")), "image_size" in option_names("my/photos")
        ([], True)
    """
    loaders = {info.name: info.loader for info in data.describe()}
    if source not in loaders:
        return options_of_path(source)
    return sorted(inspect.signature(loaders[source]).parameters)


def _suited_architecture(image_shape) -> str:
    try:
        return networks.suited_architecture(image_shape)
    except ValueError as error:
        raise ArgumentError(str(error), "image_size", "architecture") from error


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    backend = keras.backend.backend()
    return {
        "kerasvae": __version__,
        "keras": keras.__version__,
        "backend": f"{backend} {metadata.version(backend)}",
        "python": platform.python_version(),
    }


def described(dataset) -> dict:
    """How many images of which shape, as config.json keeps them."""
    return {"images": len(dataset), "image_shape": list(dataset.image_shape)}
