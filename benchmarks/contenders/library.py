"""kerasvae as a user calls it: a model, a bare-bones compile, fit."""

from dataclasses import replace

import keras

import kerasvae
from contenders import OBJECTIVES, Absent, Trainable
from contenders.flops import model_flops
from contenders.keras_timing import trainable
from kerasvae.models import BY_NAME


def from_memory(setup, objective, images) -> Trainable:
    """Fed from an array in memory."""
    model = _model(setup, objective)
    contender = trainable(
        model,
        lambda steps: images[: steps * setup.batch_size],
        batch_size=setup.batch_size,
    )
    return replace(contender, flops=model_flops(model, objective, setup.batch_size))


def from_dataset(setup, objective, images) -> Trainable:
    """Fed by kerasvae.data.load: dsprites is drawn on the fly, dsprites-mini is in memory."""
    return _fed(setup, objective, kerasvae.data.load(setup.data))


def from_cache(setup, objective, images) -> Trainable:
    """Fed from the bit-packed cache of all images, where the user has one."""
    if setup.data != "dsprites":
        raise Absent("only dsprites has a packed cache")
    if not (kerasvae.data.cache_folder() / "dsprites-rendered.bits").exists():
        raise Absent("not drawn yet: kerasvae.data.load('dsprites', cached=True) draws 377 MB once")
    return _fed(setup, objective, kerasvae.data.load("dsprites", cached=True))


def _fed(setup, objective, dataset) -> Trainable:
    def batches(steps):
        return dataset.keras_dataset(setup.batch_size, seed=0, steps_per_epoch=steps)

    return trainable(_model(setup, objective), batches)


def _model(setup, objective):
    keras.config.set_dtype_policy(setup.dtype)
    entry = OBJECTIVES[objective]
    model = BY_NAME[entry.model or objective](
        image_shape=setup.image_shape,
        latent_dim=setup.latent_dim,
        architecture=setup.network,
        **entry.weights,
    )
    optimizer = model.make_optimizer(entry.learning_rate)
    model.compile(optimizer, jit_compile=setup.jit_compile)
    return model
