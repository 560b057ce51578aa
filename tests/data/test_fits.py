"""Keras fits, on each backend, on what the door and the pairs give it."""

import keras
import numpy as np
import pytest

from kerasvae.data import FactorDataset, ImageDataset, Pairs, as_dataset

IMAGES = np.random.default_rng(0).random((20, 8, 8, 1)).astype("float32")


class Batches(keras.utils.PyDataset):
    def __init__(self, batches, **kwargs):
        super().__init__(**kwargs)
        self.batches, self.epochs = batches, 0

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]

    def on_epoch_end(self):
        self.epochs += 1


class Loader:
    """As a torch DataLoader: iterable again and again."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)

    def __len__(self):
        return len(self.batches)


@pytest.mark.parametrize(
    "kind", ["pydataset", "generator", "iterable", "tf.data", "array", "dataset"]
)
def test_keras_fits_on_every_form(kind):
    """A linear autoencoder of Keras's own learns from what the door gives it."""
    dataset = ImageDataset(IMAGES)
    batches = [IMAGES[:8], IMAGES[8:16], IMAGES[16:]]
    if kind == "tf.data":
        tf = pytest.importorskip("tensorflow")
        data = tf.data.Dataset.from_tensor_slices(IMAGES).batch(8)
    else:
        data = {
            "pydataset": Batches(batches),
            "generator": iter(batches),
            "iterable": Loader(batches),
            "array": IMAGES,
            "dataset": dataset,
        }[kind]

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.scale = self.add_weight(shape=(1,), initializer="zeros")

        def call(self, x):
            return self.scale * x

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return keras.ops.mean((x - y_pred) ** 2)

    model = Model()
    model.build((None, 8, 8, 1))
    model.compile("adam")
    source = as_dataset(data, (8, 8, 1))
    history = model.fit(
        source.for_keras(batch_size=8),
        shuffle=source.keras_may_shuffle,
        # Keras counts the step at which a generator ends, unless told how many there are.
        steps_per_epoch=3 if kind == "generator" else None,
        verbose=0,
    )
    assert int(model.optimizer.iterations) == (3 if kind != "array" else 1)
    assert 0 < history.history["loss"][0] < float((IMAGES**2).mean()) * 1.01


@pytest.mark.parametrize("labelled", [False, True])
def test_keras_fits_on_pairs(labelled):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.scale = self.add_weight(shape=(1,), initializer="ones")

        def call(self, x):
            return self.scale * x

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            assert x.shape[1:] == (2, 1, 1, 1)
            assert (y is not None) == labelled
            loss = keras.ops.mean(y_pred)
            return loss if y is None else loss + keras.ops.mean(keras.ops.sum(y, axis=1))

    pixels = np.arange(24, dtype="float32").reshape(-1, 1, 1, 1) / 1000
    grid = FactorDataset(pixels, {"a": range(2), "b": range(3), "c": range(4)})
    model = Model()
    model.build((None, 2, 1, 1, 1))
    model.compile(keras.optimizers.SGD(0.0))
    batches = Pairs(grid, 2, labelled=labelled).keras_dataset(8)
    history = model.fit(batches, shuffle=False, verbose=0).history
    assert int(model.optimizer.iterations) == 3
    assert history["loss"][0] == pytest.approx(0.0115 + 2 * labelled, abs=0.01)
