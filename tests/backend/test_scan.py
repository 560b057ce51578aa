"""Steps that JAX runs as one scan from images on the device give what single steps give."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasvae import VAE, BetaTCVAE
from kerasvae.data import ImageDataset
from kerasvae.data.dsprites import PackedImages

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "jax", reason="TensorFlow has steps_per_execution of its own"
)
SHAPE, D = (4, 4, 1), 2
BITS = np.random.default_rng(0).integers(0, 2, size=(22, *SHAPE), dtype="uint8")


class Steps(keras.callbacks.Callback):
    """Notes after which batches callbacks are called."""

    def on_train_begin(self, logs=None):
        self.seen, self.function = [], type(self.model.train_function).__name__

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)


def model(steps, cls=VAE):
    keras.utils.set_random_seed(3)
    encoder = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(2 * D)])
    decoder = keras.Sequential([keras.Input((D,)), layers.Dense(16), layers.Reshape(SHAPE)])
    made = cls(SHAPE, D, encoder=encoder, decoder=decoder, seed=1)
    made.compile(keras.optimizers.Adam(0.01), steps_per_execution=steps)
    return made


def fitted(steps, x, fits=(2,), cls=VAE):
    """Weights, losses and callbacks of a model after fits of some epochs."""
    made, note, losses = model(steps, cls), Steps(), []
    keras.utils.set_random_seed(5)  # Keras's own order of an array
    for epochs in fits:
        history = made.fit(x, batch_size=4, epochs=epochs, verbose=0, callbacks=[note])
        losses += history.history["loss"]
    return [ops.convert_to_numpy(v) for v in made.variables], losses, note


SOURCES = {
    "array": BITS.astype("float32"),  # 22 images: the last batch has 2
    "floats": ImageDataset(BITS.astype("float32")),
    "bytes": ImageDataset(BITS * 255, maximum=255),
    "bits": ImageDataset(PackedImages(np.packbits(BITS.reshape(22, -1), axis=1), SHAPE[:2])),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_scan_trains_as_single_steps_do(kind):
    weights, losses, alone = fitted(1, SOURCES[kind])
    scanned_weights, scanned_losses, note = fitted(4, SOURCES[kind])
    assert (alone.function, note.function) == ("function", "ScannedSteps")
    assert note.seen == [3, 7, 3, 7]  # six batches an epoch
    # XLA may order sums in a loop's body otherwise: the last bits of float32.
    np.testing.assert_allclose(scanned_losses, losses, rtol=1e-6)
    for one, other in zip(weights, scanned_weights, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)


def test_a_second_fit_goes_on_as_one_long_one():
    long, _, _ = fitted(4, SOURCES["bits"], (3,), BetaTCVAE)
    short, _, note = fitted(4, SOURCES["bits"], (1, 2), BetaTCVAE)
    assert note.function == "ScannedSteps"
    for one, other in zip(long, short, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_guard_stops_at_the_end_of_the_steps_that_diverged():
    made = model(16)
    before = made.predict(SOURCES["array"], verbose=0)["loc"]
    made.optimizer.learning_rate = 1e30
    with pytest.raises(FloatingPointError, match="batch 16"):
        made.fit(ImageDataset(np.repeat(SOURCES["array"], 8, 0)), batch_size=4, verbose=0)
    np.testing.assert_array_equal(made.predict(SOURCES["array"], verbose=0)["loc"], before)


def test_images_that_are_drawn_when_asked_for_are_trained_step_by_step():
    class Drawn:
        shape = BITS.shape

        def __getitem__(self, indices):
            return BITS[indices]

    _, _, note = fitted(4, ImageDataset(Drawn()), (1,))
    assert note.function == "function"
