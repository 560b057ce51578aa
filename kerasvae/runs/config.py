"""The settings of a run: what config.json holds, and the defaults that suit the images."""

import json
import platform
from importlib import metadata

import keras

from kerasvae import data, networks
from kerasvae.models import BY_NAME
from kerasvae.version import __version__

TRAINING_DEFAULTS = {"steps": 4000, "devices": 1, "log_every": 100, "checkpoint_every": 1000}


def new_config(model: str, given: dict, dataset) -> dict:
    """The config of a new run: what was given, and defaults that suit the images.

    Args:
        model: name of the model on the command line.
        given: settings as in `Run.settings`, without those that are left to the defaults.
        dataset: the images, as `load_images` returned them.

    Returns:
        What config.json holds.

    Raises:
        ValueError: a setting that the model refuses.
    """
    given = dict(given)
    images = {"source": given.pop("data"), "options": given.pop("data_option", {})}
    defaults = {
        **TRAINING_DEFAULTS,
        "batch_size": BY_NAME[model].default_batch_size,
        "learning_rate": BY_NAME[model].default_learning_rate,
    }
    training = {name: given.pop(name, default) for name, default in defaults.items()}
    arguments = {
        "image_shape": list(dataset.image_shape),
        "architecture": given.get("architecture")
        or networks.suited_architecture(dataset.image_shape),
        "seed": 0,
        **given,
    }
    built = BY_NAME[model](**arguments).get_config()
    keras_only = ("name", "trainable", "dtype", "encoder", "decoder", "discriminator")
    arguments = {name: value for name, value in built.items() if name not in keras_only}
    return {
        "model": model,
        "arguments": json.loads(json.dumps(arguments)),  # tuples as they come back from the file
        "data": {**images, **described(dataset)},
        "training": training,
        "versions": versions(),
    }


def load_images(source: str, options: dict):
    """A data set by name, or the images of a folder; see `data.load` and `data.from_images`."""
    if source in data.names():
        return data.load(source, **options)
    return data.from_images(source, **options)


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
