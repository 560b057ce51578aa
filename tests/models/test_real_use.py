"""Situations that public bug trackers report of Keras models, held to what a user expects."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasvae import (
    VAE,
    AdversarialAutoencoder,
    BetaTCVAE,
    BetaVAE,
    FactorVAE,
    InfoGAN,
)
from kerasvae.data import ImageDataset

SHAPE, D = (8, 8, 1), 2
pytestmark = pytest.mark.usefixtures("all_eagerly")  # trainings of a few steps

IMAGES = np.random.default_rng(0).random((64, *SHAPE)).astype("float32")
SMALL = {"image_shape": SHAPE, "latent_dim": D, "seed": 1}


class Modes(layers.Layer):
    """Passes on what it gets, and notes whether it trains."""

    def __init__(self, seen, **kwargs):
        super().__init__(**kwargs)
        self.note = seen.append  # not the list itself, of which Keras would keep a copy

    def call(self, x, training=None):
        self.note(training)
        return x


def encoder(*extra, outputs=2 * D):
    return keras.Sequential([keras.Input(SHAPE), layers.Flatten(), *extra, layers.Dense(outputs)])


def decoder(*extra, inputs=D):
    shaped = [layers.Dense(64), layers.Reshape(SHAPE)]
    return keras.Sequential([keras.Input((inputs,)), *extra, *shaped])


def judge(**kwargs):
    return keras.Sequential([keras.Input((D,)), layers.Dense(2, **kwargs)])


def arrays(variables):
    return [np.copy(ops.convert_to_numpy(variable)) for variable in variables]


# Training mode


@pytest.mark.parametrize("model_class", [VAE, BetaTCVAE, FactorVAE, AdversarialAutoencoder])
def test_layers_know_when_they_train(model_class):
    seen, inner = [], layers.BatchNormalization(momentum=0.9)
    nested = keras.Sequential([Modes(seen), inner])  # a network inside of the network
    judged = {} if model_class in (VAE, BetaTCVAE) else {"discriminator": judge()}
    model = model_class(**SMALL, encoder=encoder(nested), decoder=decoder(), **judged)
    model.compile()
    seen.clear()
    model.fit(IMAGES, batch_size=64, verbose=0)
    assert True in seen
    passes = len(model.players())  # each sees the batch once
    share = IMAGES[::2] if model_class is FactorVAE else IMAGES
    moved = ops.convert_to_numpy(inner.moving_mean)
    if model_class is not FactorVAE:  # whose players see different halves
        expected = share.reshape(len(share), -1).mean(axis=0) * (1 - 0.9**passes)
        np.testing.assert_allclose(moved, expected, rtol=1e-3)
    assert (moved > 0).all()
    seen.clear()
    model.evaluate(IMAGES, verbose=0)
    model.predict(IMAGES, verbose=0)
    model.embed(IMAGES)
    assert True not in seen
    np.testing.assert_array_equal(moved, ops.convert_to_numpy(inner.moving_mean))


def test_dropout_in_a_decoder_is_at_work_in_fit_alone():
    seen = []
    model = VAE(**SMALL, encoder=encoder(), decoder=decoder(layers.Dropout(0.9), Modes(seen)))
    model.compile()
    seen.clear()
    model.fit(IMAGES, verbose=0)
    assert set(seen) == {True}
    np.testing.assert_array_equal(model.reconstruct(IMAGES[:4]), model.reconstruct(IMAGES[:4]))


def test_infogan_trains_its_own_networks_in_training_mode():
    seen = []
    networks = {
        "encoder": encoder(Modes(seen), outputs=1 + 2 * D),
        "decoder": decoder(layers.BatchNormalization(), inputs=D + 3),
    }
    model = InfoGAN(**SMALL, noise_dim=3, **networks)
    model.compile()
    seen.clear()
    model.fit(IMAGES, verbose=0)
    assert set(seen) == {True}


# Losses that layers add


@pytest.mark.parametrize("model_class", [FactorVAE, AdversarialAutoencoder])
def test_a_regulariser_acts_on_its_own_player_alone(model_class):
    """With no other loss for it, the judge's kernel shrinks by rate x 2 x weight x kernel."""

    def trained(regularizer):
        keras.utils.set_random_seed(0)
        start = keras.initializers.RandomNormal(0.0, 0.5, seed=3)
        own = judge(kernel_regularizer=regularizer, kernel_initializer=start)
        model = model_class(
            **SMALL, encoder=encoder(), decoder=decoder(), discriminator=own, gamma=0.0
        )
        name = next(iter(model.players()))
        sgd = keras.optimizers.SGD
        model.compile({name: sgd(0.0), "discriminator": sgd(0.1)})
        before = arrays(own.trainable_variables)[0]
        loss = model.fit(IMAGES, batch_size=64, verbose=0).history["loss"][0]
        return before, arrays(own.trainable_variables)[0], loss

    start, plain, loss = trained(None)
    same, regularised, same_loss = trained(keras.regularizers.L2(0.5))
    np.testing.assert_array_equal(start, same)
    np.testing.assert_allclose(regularised - plain, -0.1 * 2 * 0.5 * start, atol=1e-6)
    assert same_loss == pytest.approx(loss, rel=1e-6), "it was charged to the autoencoder"


def test_activity_losses_of_an_encoder_reach_it_on_both_backends():
    activity = layers.Dense(4, activity_regularizer=keras.regularizers.L2(10.0))
    model = VAE(**SMALL, encoder=encoder(activity), decoder=decoder())
    model.compile(keras.optimizers.SGD(1e-3))
    history = model.fit(IMAGES, batch_size=64, verbose=0).history
    added = history["loss"][0] - history["reconstruction"][0] - history["kl"][0]
    assert added > 0.1
    logs = model.evaluate(IMAGES, batch_size=64, verbose=0, return_dict=True)
    assert logs["loss"] - logs["reconstruction"] - logs["kl"] > 0.1


# The order of the data


class Watched(ImageDataset):
    """Notes which images are asked for."""

    def __init__(self, pixels):
        super().__init__(pixels)
        self.asked = []

    def images(self, indices):
        self.asked.append(np.asarray(indices).tolist())
        return super().images(indices)


def batches_seen(model, dataset, **kwargs):
    dataset.asked.clear()
    model.fit(dataset, batch_size=8, verbose=0, **kwargs)
    return [batch for batch in dataset.asked if len(batch) == 8]


def test_a_second_fit_goes_on_in_the_stream(tmp_path):
    def fresh():
        model = VAE(**SMALL, encoder=encoder(), decoder=decoder())
        model.compile()
        return model

    dataset = Watched(IMAGES)
    whole = batches_seen(fresh(), dataset, steps_per_epoch=4, epochs=3)[-12:]
    model = fresh()
    first = batches_seen(model, dataset, steps_per_epoch=4)[-4:]
    second = batches_seen(model, dataset, steps_per_epoch=4, initial_epoch=1, epochs=2)[-4:]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    third = batches_seen(loaded, dataset, steps_per_epoch=4)[-4:]
    assert [*first, *second, *third] == whole


def test_backup_and_restore_goes_on_in_the_stream(tmp_path):
    def fresh():
        model = VAE(**SMALL, encoder=encoder(), decoder=decoder())
        model.compile()
        return model

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise RuntimeError("the machine stopped")

    dataset = Watched(IMAGES)
    whole = batches_seen(fresh(), dataset, steps_per_epoch=4, epochs=2)[-8:]
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(RuntimeError, match="the machine stopped"):
        batches_seen(fresh(), dataset, steps_per_epoch=4, epochs=2, callbacks=[backup, Stop()])
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    rest = batches_seen(fresh(), dataset, steps_per_epoch=4, epochs=2, callbacks=[backup])[-4:]
    assert rest == whole[4:]


def test_validation_split_of_a_data_set_takes_its_last_images():
    dataset = Watched(IMAGES)
    model = BetaTCVAE(**SMALL, encoder=encoder(), decoder=decoder())
    model.compile()
    history = model.fit(dataset, batch_size=8, validation_split=0.25, verbose=0).history
    assert "val_kl" in history and model.steps_taken == 6
    assert model.dataset_size == 48
    trained_on = {index for batch in dataset.asked if len(batch) == 8 for index in batch}
    assert set(range(48)) <= trained_on


# State that is saved


def test_frozen_layers_stay_frozen_and_the_optimizer_keeps_its_state(tmp_path):
    model = VAE(**SMALL, architecture="mlp")
    model.encoder.trainable = False
    model.decoder.layers[1].trainable = False
    model.compile()
    model.fit(IMAGES, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(loaded.trainable_weights) == len(model.trainable_weights)
    for one, two in zip(
        arrays(model.optimizer.variables), arrays(loaded.optimizer.variables), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    codes = loaded.embed(IMAGES)
    loaded.fit(IMAGES, verbose=0)
    np.testing.assert_array_equal(loaded.embed(IMAGES), codes)


def test_a_network_frozen_after_training_keeps_the_optimizers_state(tmp_path):
    model = FactorVAE(**SMALL, encoder=encoder(), decoder=decoder(), discriminator=judge())
    model.compile()
    model.fit(IMAGES, verbose=0)
    model.encoder.trainable = False
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for one, two in zip(
        arrays(model.optimizer.variables), arrays(loaded.optimizer.variables), strict=True
    ):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("model_class", [VAE, FactorVAE])
def test_a_dtype_policy_reaches_the_networks_and_is_saved(tmp_path, model_class):
    model = model_class(**SMALL, architecture="mlp", dtype="mixed_bfloat16")
    networks = [model.encoder, *([model.discriminator] if model_class is FactorVAE else [])]
    for network in networks:
        hidden = [layer for layer in network.layers if layer.weights][:-1]
        assert {layer.compute_dtype for layer in hidden} == {"bfloat16"}
    assert model.encoder.layers[-1].compute_dtype == "float32"
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.embed(IMAGES), model.embed(IMAGES))
    assert loaded.dtype_policy.name == "mixed_bfloat16"


def test_a_size_taken_from_the_data_does_not_stick(tmp_path):
    model = BetaTCVAE(**SMALL, encoder=encoder(), decoder=decoder())
    model.compile()
    model.fit(IMAGES, validation_split=0.5, verbose=0)
    assert model.dataset_size == 32 and model.get_config()["dataset_size"] is None
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.dataset_size == 32, "what evaluate needs is saved"
    assert np.isfinite(loaded.evaluate(IMAGES, verbose=0)[0])
    loaded.fit(IMAGES[:48], verbose=0)
    assert loaded.dataset_size == 48


# What must not be written


def huge_loss():
    return BetaVAE(**SMALL, beta=1e30, encoder=encoder(), decoder=decoder()), None


def tiny_scale():
    settings = {"likelihood": "gaussian", "likelihood_scale": 1e-10}
    return VAE(**SMALL, **settings, encoder=encoder(), decoder=decoder()), None


def huge_rate():
    networks = {"encoder": encoder(), "decoder": decoder(), "discriminator": judge()}
    return AdversarialAutoencoder(**SMALL, **networks), keras.optimizers.SGD(1e30)


def second_player():
    networks = {"encoder": encoder(), "decoder": decoder(), "discriminator": judge()}
    rates = {"vae": keras.optimizers.SGD(1e-3), "discriminator": keras.optimizers.SGD(1e37)}
    return FactorVAE(**SMALL, **networks, gamma=0.0), rates


@pytest.mark.parametrize("case", [huge_loss, tiny_scale, huge_rate, second_player])
def test_an_update_that_is_not_finite_is_never_written(case):
    model, optimizer = case()
    model.compile(optimizer)
    with pytest.raises(FloatingPointError, match="Training stopped"):
        model.fit(IMAGES, batch_size=8, epochs=3, verbose=0)
    for array in arrays(model.variables):
        assert np.isfinite(array).all() and np.abs(array.astype("float64")).max() < 1e20
    for array in arrays(model.optimizer.variables):
        assert np.isfinite(array).all()


def test_a_diverged_epoch_is_not_saved_by_a_checkpoint(tmp_path):
    model, _ = huge_loss()
    model.compile()
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "model.keras")
    with pytest.raises(FloatingPointError):
        model.fit(IMAGES, batch_size=64, verbose=0, callbacks=[checkpoint])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "n/a"])
def test_what_another_callback_logs_does_not_stop_training(value):
    model = VAE(**SMALL, encoder=encoder(), decoder=decoder())
    model.compile()

    class Probe(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["probe"] = value

    history = model.fit(IMAGES, epochs=2, verbose=0, callbacks=[Probe()]).history
    assert len(history["loss"]) == 2


# Defaults and errors


def test_the_default_batch_is_that_of_any_array():
    model = FactorVAE(**SMALL, encoder=encoder(), decoder=decoder(), discriminator=judge())
    model.compile()
    many = np.tile(IMAGES, (4, 1, 1, 1))
    model.fit(many, verbose=0)
    assert model.steps_taken == 2
    model.fit(ops.convert_to_tensor(many), verbose=0)
    assert model.steps_taken == 4
    model.fit(many.astype("float64"), verbose=0)
    assert model.steps_taken == 6


def test_the_wrong_forms_of_compile_and_fit_are_refused_by_name():
    model = VAE(**SMALL, encoder=encoder(), decoder=decoder())
    with pytest.raises(ValueError, match=r"leave loss= out of compile\(\).*Received: loss='mse'"):
        model.compile("adam", "mse")
    model.compile()
    with pytest.raises(ValueError, match="class_weight"):
        model.fit(IMAGES, class_weight={0: 1.0}, verbose=0)
    with pytest.raises(ValueError, match=r"\[0, 1\].*255"):
        model.fit(IMAGES, validation_data=IMAGES * 255, verbose=0)
    assert model.steps_taken == 0
    keras.config.set_floatx("float64")
    try:
        with pytest.raises(ValueError, match="floatx='float64'"):
            VAE(**SMALL, architecture="mlp")
    finally:
        keras.config.set_floatx("float32")


def test_streams_train_and_wrong_ones_are_told_before_a_step():
    model = VAE(**SMALL, encoder=encoder(), decoder=decoder())
    model.compile()

    def batches(scale, form=lambda batch: batch):
        for start in range(0, 64, 16):
            yield form(IMAGES[start : start + 16] * scale)

    model.fit(batches(1), verbose=0)
    assert model.steps_taken == 4
    model.fit(batches(1, lambda batch: (batch,)), verbose=0)
    assert model.steps_taken == 8
    for wrong in (255, -1):
        with pytest.raises(ValueError, match="x, first batch"):
            model.fit(batches(wrong), verbose=0)
    with pytest.raises(ValueError, match="label"):
        model.fit(batches(1, lambda batch: (batch, np.zeros(16))), verbose=0)
    for judge_it in (model.evaluate, model.embed, model.predict):
        with pytest.raises(ValueError, match="images, first batch"):
            judge_it(batches(255))
    assert model.steps_taken == 8


@pytest.mark.parametrize(
    "end", [{"activation": "sigmoid"}, {"activation": "tanh"}, {"layer": "ReLU"}]
)
def test_a_decoder_that_cannot_reach_every_logit_is_refused(end):
    last = getattr(layers, end["layer"])() if "layer" in end else layers.Activation(**end)
    own = keras.Sequential([decoder(), last])
    with pytest.raises(ValueError, match="decoder: it must return logits"):
        VAE(**SMALL, encoder=encoder(), decoder=own)
    with pytest.raises(ValueError, match="discriminator: it must return logits"):
        FactorVAE(**SMALL, architecture="mlp", discriminator=judge(activation="softmax"))
    wide = keras.Sequential([decoder(), layers.Activation("linear")])
    assert VAE(**SMALL, encoder=encoder(), decoder=wide).latent_dim == D


def test_a_model_picks_a_network_that_fits_its_images():
    assert VAE((16, 16, 1)).architecture == "mlp"
    assert VAE((64, 64, 1)).architecture == "burgess"
    with pytest.raises(ValueError, match="up to 128 pixels.*Received: images of 256x256"):
        VAE((256, 256, 3))


def test_export_after_fit(tmp_path):
    tensorflow = pytest.importorskip("tensorflow")
    model = VAE(**SMALL, encoder=encoder(), decoder=decoder())
    model.compile()
    model.fit(IMAGES, verbose=0)
    model.export(tmp_path / "exported", verbose=False)
    assert (tmp_path / "exported" / "saved_model.pb").is_file()
    loaded = tensorflow.saved_model.load(tmp_path / "exported")
    exported = loaded.serve(IMAGES[:5])
    np.testing.assert_allclose(exported["loc"].numpy(), model.embed(IMAGES[:5]), atol=1e-5)
    assert exported["z"].shape == (5, D) and (exported["z"] != exported["loc"]).numpy().all()


def test_an_impossible_estimate_is_said_once(caplog):
    """Codes far apart in a batch of 2: MWS then logs a mutual information of log (N B)."""
    model = BetaTCVAE(**SMALL, estimator="mws", encoder=encoder(), decoder=decoder())
    model.compile(keras.optimizers.SGD(0.0))
    model.encoder.layers[-1].bias.assign([0.0, 0.0, -20.0, -20.0])
    with caplog.at_level("WARNING", logger="kerasvae"):
        model.fit(IMAGES, batch_size=2, epochs=2, verbose=0)
    (said,) = [record.getMessage() for record in caplog.records if record.name == "kerasvae"]
    assert "Epoch 1 logs an impossible value: mutual_information 4.85" in said  # log 128
    assert "lies in 0..4.16" in said and "surgery.decompose" in said  # log 64
