"""SurgeryCallback logs what surgery says of the model at that moment."""

import keras
import numpy as np
import pytest

from kerasvae import VAE
from kerasvae.callbacks import LOGGED, SurgeryCallback
from kerasvae.surgery import decompose

IMAGES = np.random.default_rng(0).random((24, 4, 4, 1)).astype("float32")


def test_logged_terms_are_those_of_the_model_at_the_end_of_the_epoch():
    model = VAE((4, 4, 1), 2, "mlp", seed=1)
    model.compile()
    watch = SurgeryCallback(IMAGES, every=2, samples=200)
    history = model.fit(IMAGES, epochs=4, verbose=0, callbacks=[watch]).history
    result = decompose(model, IMAGES, samples=200)
    for name in LOGGED:
        values = history[f"exact_{name}"]
        assert values[-1] == pytest.approx(getattr(result, name), rel=1e-5), name
        # Surgery after epochs 1, 2 and 4; epoch 3 repeats.
        assert len(values) == 4 and values[1] == values[2] != values[3], name
        assert values[0] != values[1], name


def test_watching_does_not_change_the_training():
    weights = []
    for callbacks in ([], [SurgeryCallback(IMAGES, samples=100)]):
        keras.utils.set_random_seed(3)
        model = VAE((4, 4, 1), 2, "mlp", seed=1)
        model.compile()
        model.fit(IMAGES, epochs=2, shuffle=False, verbose=0, callbacks=callbacks)
        weights.append(model.get_weights())
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)


def test_every_must_be_positive():
    with pytest.raises(ValueError, match="every must be a positive whole number"):
        SurgeryCallback(IMAGES, every=0)
