"""Which batches Keras' fit really sees, in what order, over several epochs, on each backend."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasvae.data import ImageBatches, ImageDataset


def numbered(count: int) -> ImageDataset:
    """Images of one pixel; image i has the value i."""
    return ImageDataset(np.arange(count, dtype="float32").reshape(-1, 1, 1, 1))


def stream(count: int, batch_size: int, seed: int, steps: int) -> list[list[int]]:
    """The specification: permutations one after another, cut into batches."""
    passes = -(-steps * batch_size // count)
    orders = [np.random.default_rng([seed, p]).permutation(count) for p in range(passes)]
    return np.concatenate(orders)[: steps * batch_size].reshape(steps, batch_size).tolist()


class Recorder(keras.Model):
    """Writes down each batch that a training step gets."""

    def __init__(self, steps: int, batch_size: int, built: bool):
        super().__init__()
        self.seen = self.add_weight(
            shape=(steps, batch_size), initializer="zeros", trainable=False, name="seen"
        )
        self.step = self.add_weight(shape=(), dtype="int32", trainable=False, name="step")
        self.scale = keras.layers.Dense(1, use_bias=False)
        if built:
            self.scale.build((None, 1, 1, 1))
            self.built = True

    def call(self, x):
        return self.scale(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if not training:
            return keras.ops.mean(y_pred)
        row = keras.ops.reshape(x, (1, -1))
        here = keras.ops.one_hot(keras.ops.convert_to_tensor(self.step), self.seen.shape[0])
        self.seen.assign(self.seen + here[:, None] * row)
        self.step.assign(self.step + 1)
        return keras.ops.mean(y_pred)

    def batches(self) -> list[list[int]]:
        return keras.ops.convert_to_numpy(self.seen)[: int(self.step)].astype(int).tolist()


def recorded(batches: ImageBatches, epochs: int, built: bool = True, **options) -> list[list[int]]:
    model = Recorder(len(batches) * epochs, batches.batch_size, built)
    model.compile(optimizer=keras.optimizers.SGD(0.0), **options)
    model.fit(batches, epochs=epochs, shuffle=False, verbose=0)
    return model.batches()


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize(
    ("count", "batch_size", "steps_per_epoch"),
    [(10, 4, None), (12, 4, None), (10, 4, 1), (10, 4, 2), (8, 8, None), (10, 3, 7), (5, 8, 3)],
)
def test_fit_sees_the_stream_and_nothing_else(count, batch_size, steps_per_epoch, built):
    batches = ImageBatches(numbered(count), batch_size, seed=3, steps_per_epoch=steps_per_epoch)
    expected = stream(count, batch_size, 3, 3 * len(batches))
    assert recorded(batches, epochs=3, built=built) == expected


def test_fit_with_many_batches_an_epoch():
    """More batches than any queue holds, so that reading ahead would show."""
    batches = ImageBatches(numbered(101), 2, seed=0)
    assert recorded(batches, epochs=3, built=False) == stream(101, 2, 0, 3 * 51)


def test_steps_per_execution():
    batches = ImageBatches(numbered(12), 3, seed=1)
    seen = recorded(batches, epochs=3, steps_per_execution=2)
    assert seen == stream(12, 3, 1, 12)


@pytest.mark.parametrize("steps_per_epoch", [1, 2, 3])
def test_a_second_fit_goes_on(steps_per_epoch):
    batches = ImageBatches(numbered(10), 4, seed=3, steps_per_epoch=steps_per_epoch)
    first, second = recorded(batches, 2), recorded(batches, 1)
    assert first + second == stream(10, 4, 3, 3 * steps_per_epoch)


def test_a_resumed_run_goes_on_where_it_was():
    resumed = ImageBatches(numbered(10), 4, seed=3, first_step=5, steps_per_epoch=2)
    assert recorded(resumed, epochs=2) == stream(10, 4, 3, 9)[5:]


def test_evaluate_and_predict_see_every_image_once():
    inputs = keras.Input((1, 1, 1))
    model = keras.Model(inputs, inputs * 1.0)
    batches = ImageBatches(numbered(10), 4)
    for _ in range(2):
        predicted = model.predict(batches, verbose=0)
        assert predicted.reshape(-1).tolist() == list(range(10))


def test_validation_batches_within_fit():
    train, validation = ImageBatches(numbered(10), 4, seed=3), ImageBatches(numbered(6), 4)
    model = Recorder(9, 4, built=True)
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    model.fit(train, validation_data=validation, epochs=3, shuffle=False, verbose=0)
    assert model.batches() == stream(10, 4, 3, 9)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="reading ahead as JAX does on a GPU")
@pytest.mark.parametrize("steps_per_epoch", [1, 2, 3])
def test_fit_that_reads_one_batch_ahead(steps_per_epoch, monkeypatch):
    import jax

    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    batches = ImageBatches(numbered(10), 4, seed=3, steps_per_epoch=steps_per_epoch)
    assert recorded(batches, epochs=3, built=False) == stream(10, 4, 3, 3 * steps_per_epoch)


@given(
    count=st.integers(1, 40),
    batch_size=st.integers(1, 50),
    seed=st.integers(0, 2**63),
    first_step=st.integers(0, 100),
    steps=st.integers(1, 6),
)
def test_a_batch_depends_on_its_number_alone(count, batch_size, seed, first_step, steps):
    whole = ImageBatches(numbered(count), batch_size, seed, steps_per_epoch=first_step + steps)
    part = ImageBatches(numbered(count), batch_size, seed, first_step, steps)
    ahead = [whole[i] for i in reversed(range(first_step, first_step + steps))][::-1]
    np.testing.assert_array_equal(np.stack(ahead), np.stack(list(part)))


@given(count=st.integers(1, 40), batch_size=st.integers(1, 50))
def test_every_pass_has_every_image_once(count, batch_size):
    batches = ImageBatches(numbered(count), batch_size, seed=0, steps_per_epoch=count)
    order = np.concatenate([batches.indices(i) for i in range(count)])
    for one_pass in order.reshape(batch_size, count):
        assert sorted(one_pass) == list(range(count))


def test_passes_and_seeds_differ():
    orders = [
        ImageBatches(numbered(100), 100, seed, first_step=p).indices(0).tolist()
        for seed in (0, 1)
        for p in (0, 1)
    ]
    assert len({tuple(order) for order in orders}) == 4


def test_loops_over_the_batches_are_epochs():
    batches = ImageBatches(numbered(10), 4, seed=3)
    seen = [batch.reshape(-1).astype(int).tolist() for _ in range(2) for batch in batches]
    assert seen == stream(10, 4, 3, 6)


def test_keras_protocol_by_hand():
    """Someone who writes the training loop and calls begin and end as Keras documents it."""
    batches = ImageBatches(numbered(12), 4, seed=3)
    seen = []
    for _ in range(3):
        batches.on_epoch_begin()
        seen += [batches[i].reshape(-1).tolist() for i in range(len(batches))]
        batches.on_epoch_end()
    assert seen == stream(12, 4, 3, 9)


def test_in_order_has_a_partial_last_batch():
    batches = ImageBatches(numbered(10), 4)
    assert [batch.shape[0] for batch in batches] == [4, 4, 2]
    assert [len(batch) for batch in batches] == [4, 4, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "Received: batch_size=0"),
        ({"batch_size": 4, "seed": -1}, "Received: seed=-1"),
        ({"batch_size": 4, "seed": 1.5}, "Received: seed=1.5"),
        ({"batch_size": 4, "seed": 0, "first_step": -1}, "Received: first_step=-1"),
        ({"batch_size": 4, "seed": 0, "steps_per_epoch": 0}, "Received: steps_per_epoch=0"),
        ({"batch_size": 4, "first_step": 2}, "give a seed"),
        ({"batch_size": 4, "steps_per_epoch": 2}, "give a seed"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        ImageBatches(numbered(10), **options)


def test_no_batch_beyond_the_epoch():
    batches = ImageBatches(numbered(10), 4, seed=0)
    for index in (-1, 3):
        with pytest.raises(IndexError, match="outside"):
            batches[index]
