"""Steps that run as one program from images on the device give what single steps give."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasvae import VAE
from kerasvae.data import ImageDataset, load
from kerasvae.data.dsprites import PackedImages
from kerasvae.runs.session import steps_at_once

SHAPE, D = (4, 4, 1), 2
BITS = np.random.default_rng(0).integers(0, 2, size=(22, *SHAPE), dtype="uint8")


class Steps(keras.callbacks.Callback):
    """Notes after which batches callbacks are called."""

    def on_train_begin(self, logs=None):
        self.seen, self.function = [], type(self.model.train_function).__name__

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)


def model(steps):
    keras.utils.set_random_seed(3)
    encoder = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(2 * D)])
    decoder = keras.Sequential([keras.Input((D,)), layers.Dense(16), layers.Reshape(SHAPE)])
    made = VAE(SHAPE, D, encoder=encoder, decoder=decoder, seed=1)
    made.compile(keras.optimizers.Adam(0.01), steps_per_execution=steps)
    return made


def fitted(steps, x, fits=(2,)):
    """Weights, losses and callbacks of a model after fits of some epochs."""
    made, note, losses = model(steps), Steps(), []
    keras.utils.set_random_seed(5)  # Keras's own order of an array
    for epochs in fits:
        history = made.fit(x, batch_size=4, epochs=epochs, verbose=0, callbacks=[note])
        losses += history.history["loss"]
    return [ops.convert_to_numpy(v) for v in made.variables], losses, note


class Drawn:
    """Pixels that are made when asked for: nothing to put on a device."""

    shape = BITS.shape

    def __getitem__(self, indices):
        return BITS[indices]


ARRAY = BITS.astype("float32")  # 22 images: Keras's last batch has 2
BYTES = ImageDataset(BITS * 255, maximum=255)
PACKED = ImageDataset(PackedImages(np.packbits(BITS.reshape(22, -1), axis=1), SHAPE[:2]))


@pytest.fixture(scope="module")
def packed():
    return fitted(4, PACKED)


@pytest.fixture(scope="module")
def drawn():
    return fitted(4, ImageDataset(Drawn()))


def assert_same(run, ordinary):
    weights, losses, note = run
    expected, expected_losses, alone = ordinary
    assert (alone.function, note.function) == ("function", "ScannedSteps")
    assert note.seen == [3, 7, 3, 7]  # six batches an epoch
    # Bit for bit, on a processor.
    assert losses == expected_losses
    for one, other in zip(expected, weights, strict=True):
        np.testing.assert_array_equal(other, one)


def test_a_scan_of_bits_trains_as_single_steps_do(packed, drawn):
    assert_same(packed, drawn)


def test_a_scan_of_bytes_trains_as_single_steps_do(drawn):
    assert_same(fitted(4, BYTES), drawn)


def test_a_scan_of_an_array_takes_the_order_that_keras_draws():
    assert_same(fitted(4, ARRAY), fitted(1, ARRAY))


def test_a_second_fit_goes_on_as_one_long_one(packed):
    parts, _, _ = fitted(4, PACKED, (1, 1))
    for one, other in zip(packed[0], parts, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("steps", [1, 4])
def test_the_grid_of_sprites_is_drawn_for_a_device_and_only_then(steps):
    grid = load("dsprites", image_size=16)
    made = VAE((16, 16, 1), D, "mlp", seed=1)
    made.compile(steps_per_execution=steps)
    note = Steps()
    made.fit(grid, batch_size=4, steps_per_epoch=4, verbose=0, callbacks=[note])
    assert note.function == ("ScannedSteps" if steps > 1 else "function")
    assert ("packed_rows" in vars(grid._pixels)) == (steps > 1)


def test_the_drawn_grid_is_the_grid():
    grid = load("dsprites", image_size=16)
    stored = grid.stored()
    assert stored.is_packed and stored.rows.shape == (737_280, 32)
    some = np.random.default_rng(0).choice(len(grid), 500, replace=False)
    bits = np.unpackbits(stored.rows[some], axis=1).reshape(-1, 16, 16, 1)
    np.testing.assert_array_equal(bits, grid.images(some))


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="how JAX leaves out an update")
@pytest.mark.parametrize("rate", [0.01, 1e30])
def test_an_update_is_chosen_on_a_device_as_it_is_branched_to_on_a_processor(monkeypatch, rate):
    def trained():
        made = model(4)
        made.optimizer.learning_rate = rate
        if rate < 1:
            made.fit(PACKED, batch_size=4, verbose=0)
        else:
            with pytest.raises(FloatingPointError):
                made.fit(PACKED, batch_size=4, verbose=0)
        return [ops.convert_to_numpy(v) for v in made.trainable_variables]

    branched = trained()
    monkeypatch.setattr("jax.default_backend", lambda: "gpu")
    for one, other in zip(branched, trained(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_guard_stops_at_the_end_of_the_steps_that_diverged():
    made = model(16)
    before = [ops.convert_to_numpy(v) for v in made.trainable_variables]
    made.optimizer.learning_rate = 1e30
    with pytest.raises(FloatingPointError, match="batch 16"):
        made.fit(ImageDataset(np.repeat(ARRAY, 3, 0)), batch_size=4, verbose=0)
    for one, other in zip(before, made.trainable_variables, strict=True):
        np.testing.assert_array_equal(one, ops.convert_to_numpy(other))


def test_runs_take_many_steps_at_once_on_one_accelerator():
    assert steps_at_once(["gpu:0"], 500) == 500
    assert steps_at_once(["gpu:0"], 5000) == 1000
    assert steps_at_once(["gpu:0", "gpu:1"], 500) == steps_at_once(["cpu:0"], 500) == 1
