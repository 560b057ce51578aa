"""Loading: what was packed comes back, and nothing else is accepted."""

import io
import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kerasvae import VAE, FactorVAE
from kerasvae.zoo import card, load, names, storage


@pytest.fixture
def copy(small, tmp_path):
    """A copy of the small zoo, to be damaged."""
    return shutil.copytree(small[0], tmp_path / "zoo")


def test_a_loaded_model_gives_the_logits_and_codes_of_the_packed_one(small):
    folder, model = small
    images = np.random.default_rng(1).random((32, 8, 8, 1)).astype("float32")
    loaded = load("small", folder)
    assert isinstance(loaded, FactorVAE) and loaded.gamma == 6.0 and loaded.steps_taken == 123
    before, after = model.posteriors(images), loaded.posteriors(images)
    assert np.abs(before["loc"] - after["loc"]).max() < 1e-3
    z = np.random.default_rng(2).standard_normal((64, 3)).astype("float32")
    logits = [keras.ops.convert_to_numpy(one.decode(z)) for one in (model, loaded)]
    assert np.abs(logits[0]).max() > 3, "or the comparison says little"
    assert 0 < np.abs(logits[0] - logits[1]).max() < 1e-2
    loaded.evaluate(images, verbose=0)  # compiled, with a discriminator of its own


def test_float16_would_not_do_where_logits_are_large():
    # The reason for 16-bit whole numbers: a kernel whose products add up to hundreds.
    generator = np.random.default_rng(0)
    kernel = generator.standard_normal((512, 64)).astype("float32")
    inputs = generator.exponential(1.0, (256, 512)).astype("float32") * 20
    exact = inputs @ kernel
    half = np.abs(inputs @ kernel.astype("float16").astype("float32") - exact).max()
    whole = np.abs(inputs @ storage.dequantise(*storage.quantise(kernel, 32_767)) - exact).max()
    assert whole < half / 3


@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=3), min_size=1, max_size=9
    ),
    st.sampled_from(sorted(storage.LARGEST.values())),
)
@example([[0.0, 1e-36, 1.4e-45]], 32_767)  # beside 0, numbers near the smallest of float32
@pytest.mark.numpy_only
def test_numbers_come_back_to_half_a_step(rows, largest):
    array = np.array(rows, "float32")
    planes, scale = storage.quantise(array, largest)
    assert planes.dtype == np.uint8 and planes.shape[1:] == array.shape
    error = np.abs(storage.dequantise(planes, scale).astype("float64") - array)
    rounding = 1e-6 * np.abs(array)  # of float32 itself
    assert (error <= 0.5 * scale + rounding).all()
    furthest = np.abs(array).max(axis=0)
    step = np.where(furthest >= largest * np.finfo("float32").tiny, furthest, 1) / largest
    np.testing.assert_allclose(scale, step, rtol=1e-6)


@pytest.mark.numpy_only
def test_bytes_are_those_of_twos_complement():
    planes, scale = storage.quantise(np.array([[1.0], [-1.0], [0.0]]), largest=65_535)
    assert planes[..., 0].T.tolist() == [[255, 255, 0], [1, 0, 255], [0, 0, 0]]
    assert storage.dequantise(planes[:2] * 0, scale).tolist() == [[0.0]] * 3
    whole = np.array([-2, 300], "<i2").view("uint8").reshape(2, 1, 2)  # NumPy's own bytes
    found = storage.dequantise(np.moveaxis(whole, -1, 0), np.ones(1, "float32"))
    assert found.ravel().tolist() == [-2, 300]


def test_a_learned_scale_of_pixels_comes_along(tmp_path):
    settings = {"likelihood": "gaussian", "likelihood_scale": "learned"}
    model, fresh = (VAE((8, 8, 1), 2, "mlp", **settings) for _ in range(2))
    model.log_scale.assign(-1.25)
    storage.write(tmp_path / "w.npz", model)
    storage.read(tmp_path / "w.npz", fresh)
    assert float(keras.ops.convert_to_numpy(fresh.log_scale)) == -1.25


def test_a_coarser_file_is_smaller_and_as_much_less_exact(tmp_path):
    model, fresh = (VAE((16, 16, 1), 4, "mlp", seed=seed) for seed in (0, 1))
    kernel = model.encoder.layers[-1].kernel
    sizes, errors = [], []
    for coarser in (0, 2, 4):
        storage.write(tmp_path / "w.npz", model, coarser)
        sizes.append((tmp_path / "w.npz").stat().st_size)
        storage.read(tmp_path / "w.npz", fresh)
        found = keras.ops.convert_to_numpy(fresh.encoder.layers[-1].kernel)
        errors.append(np.abs(found - keras.ops.convert_to_numpy(kernel)).max())
    assert sizes[0] > sizes[1] > sizes[2]
    assert errors[1] / errors[0] == pytest.approx(4, rel=0.3)
    assert errors[2] / errors[1] == pytest.approx(4, rel=0.3)


def test_a_tampered_file_is_refused(copy):
    path = copy / "small.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="expected SHA-256 .* Received: SHA-256"):
        load("small", copy)


def test_a_truncated_file_is_refused_also_where_the_digest_is_right(small):
    folder, model = small
    content = (folder / "small.npz").read_bytes()
    before = keras.ops.convert_to_numpy(model.decoder.weights[0]).copy()
    for length in (0, 10, len(content) // 2, len(content) - 1):
        with pytest.raises(ValueError, match="truncated or damaged"):
            storage.read(io.BytesIO(content[:length]), model)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model.decoder.weights[0]), before)


def test_no_object_is_unpickled(small, tmp_path):
    np.savez(tmp_path / "w.npz", **{"encoder.00": np.array([print], dtype=object)})
    with pytest.raises(ValueError, match="truncated or damaged"):
        storage.read(tmp_path / "w.npz", small[1])


def test_weights_of_another_model_are_refused(small):
    folder, model = small
    for other in (VAE((8, 8, 1), 4, "mlp"), VAE((28, 28, 1), 3, "burgess")):
        with pytest.raises(ValueError, match=r"do not fit this VAE: \w+\.\d\d expected shape"):
            storage.read(folder / "small.npz", other)


def test_planes_without_their_form_are_refused(small, tmp_path):
    folder, model = small
    with np.load(folder / "small.npz") as stored:
        arrays = dict(stored)
    planes = arrays["encoder.00"]
    for wrong in (planes[0], planes[:1], planes.astype("int16")):
        np.savez(tmp_path / "w.npz", **{**arrays, "encoder.00": wrong})
        with pytest.raises(ValueError, match="encoder.00: expected planes"):
            storage.read(tmp_path / "w.npz", model)


def test_networks_of_the_users_own_are_not_packed(tmp_path):
    encoder = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)]
    )
    with pytest.raises(ValueError, match="own encoder"):
        storage.write(tmp_path / "w.npz", VAE((8, 8, 1), 2, "mlp", encoder=encoder))


def test_a_wrong_name_is_answered_with_the_nearest(copy):
    with pytest.raises(ValueError, match="Did you mean 'small'. Received: name='smal'"):
        load("smal", copy)
    with pytest.raises(ValueError, match="name must be one of"):
        card("../conftest", copy)


def test_only_what_is_whole_is_listed(copy):
    (copy / "only-card.json").write_text("{}")
    (copy / "only-weights.npz").write_bytes(b"")
    assert names(copy) == ("small",)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model": "vae"}', '{"model": 1, "arguments"'])
def test_a_damaged_card_is_refused(copy, text):
    (copy / "small.json").write_text(text)
    with pytest.raises(ValueError, match="small.json is damaged"):
        load("small", copy)


def test_a_card_of_other_settings_is_refused(copy):
    described = json.loads((copy / "small.json").read_text())
    described["arguments"]["latent_dim"] = 4
    (copy / "small.json").write_text(json.dumps(described))
    with pytest.raises(ValueError, match="do not fit this FactorVAE"):
        load("small", copy)


@pytest.mark.numpy_only
@pytest.mark.skipif(not names(), reason="no model ships yet")
def test_loading_opens_no_connection(tmp_path):
    # In a process of its own, whose sockets fail.
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('a connection')\n"
        "socket.socket.connect = refuse\n"
        "import kerasvae as kv\n"
        "print(kv.zoo.load(kv.zoo.names()[0]).latent_dim)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.split()[-1] == "10"
