"""Data-parallel training on two virtual devices of the processor against training on one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from kerasvae.runs.session import check_devices

ROOT = Path(__file__).resolve().parents[2]

# Two devices must be asked for before a framework starts. The posteriors are so narrow that a
# code is its mean: what is left differs between one device and two by rounding only. FactorVAE's
# discriminator also shuffles codes at random, on TensorFlow within each device; it stands still.
PROGRAM = """
import json, os
count = "--xla_force_host_platform_device_count=2"
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " " + count
if os.environ["KERAS_BACKEND"] == "tensorflow":
    import tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, two)
import keras, numpy as np
from keras import layers, ops
from kerasvae import VAE, DIPVAE, FactorVAE
from kerasvae.backend import data_parallel
from kerasvae.runs.session import check_devices

class Narrow(layers.Layer):
    def call(self, loc):
        return ops.concatenate([loc, ops.full_like(loc, -40.0)], axis=1)

def build(cls, **kwargs):
    start = keras.initializers.RandomNormal(0.0, 0.5, seed=3)
    dense = lambda units: layers.Dense(units, kernel_initializer=start)
    encoder = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), dense(2), Narrow()])
    decoder = keras.Sequential([keras.Input((2,)), dense(16), layers.Reshape((4, 4, 1))])
    if cls is FactorVAE:
        judge = [keras.Input((2,)), dense(8), layers.LeakyReLU(), dense(2)]
        kwargs["discriminator"] = keras.Sequential(judge)
    return cls((4, 4, 1), 2, encoder=encoder, decoder=decoder, seed=1, **kwargs)

def judged(cls, images):
    model = build(cls)
    model.compile()
    return model.evaluate(images, batch_size=8, verbose=0, return_dict=True)

images = np.random.default_rng(0).random((32, 4, 4, 1)).astype("float32")
sgd = keras.optimizers.SGD
optimizers = {
    VAE: lambda: sgd(0.05),
    DIPVAE: lambda: sgd(0.0),
    FactorVAE: lambda: {"vae": sgd(0.05), "discriminator": sgd(0.0)},
}
results = {1: {}, 2: {}}
for devices in results:
    for cls, optimizer in optimizers.items():
        with data_parallel(check_devices(devices, 16)):
            model = build(cls)
            model.compile(optimizer())
            history = model.fit(images, batch_size=16, epochs=3, shuffle=False, verbose=0).history
        weights = [ops.convert_to_numpy(v).tolist() for v in model.trainable_variables]
        results[devices][cls.__name__] = {
            "history": history, "weights": weights, "steps": model.steps_taken
        }
halves = [images[:8], images[8:16], images[16:24], images[24:]]
results[1]["DIPVAE"]["parts"] = [judged(DIPVAE, half) for half in halves]
print("RESULTS" + json.dumps(results))
"""


@pytest.fixture(scope="module")
def trained():
    """{number of devices: {model's name: history, weights, steps}}, from one process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": keras.backend.backend()}
    command = [sys.executable, "-c", PROGRAM]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    results = json.loads(run.stdout.split("RESULTS")[1])
    return {int(devices): models for devices, models in results.items()}


@pytest.mark.parametrize("name", ["VAE", "FactorVAE"])
def test_two_devices_train_as_one(trained, name):
    one, two = (trained[devices][name] for devices in (1, 2))
    assert one["steps"] == two["steps"] == 6
    for term, values in one["history"].items():
        if not term.startswith("discriminator"):
            assert two["history"][term] == pytest.approx(values, rel=1e-4, abs=1e-4), term
    for first, second in zip(one["weights"], two["weights"], strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5)
    assert one["history"]["loss"][-1] < one["history"]["loss"][0] - 0.1  # there was training


def test_estimates_from_a_batch_see_all_of_it_on_jax_and_a_part_on_tensorflow(trained):
    """As `data_parallel` says; the weights stand still, so that only the batches differ."""
    term = "covariance_diagonal"
    one, two = (trained[devices]["DIPVAE"]["history"][term][0] for devices in (1, 2))
    of_parts = np.mean([part[term] for part in trained[1]["DIPVAE"]["parts"]])
    assert one != pytest.approx(of_parts, rel=1e-2)
    expected = one if keras.backend.backend() == "jax" else of_parts
    assert two == pytest.approx(expected, rel=1e-4)


def test_more_devices_than_there_are_and_odd_batches_are_refused():
    with pytest.raises(ValueError, match="this machine has .* Received: devices=99"):
        check_devices(99, 99)
    with pytest.raises(ValueError, match="devices must be"):
        check_devices(0, 64)
