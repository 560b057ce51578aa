"""MNIST and Fashion-MNIST by Keras's own loaders, on small files of the same formats."""

import gzip
from importlib import import_module

import numpy as np
import pytest

from kerasvae.data import load

pytestmark = pytest.mark.numpy_only

RNG = np.random.default_rng(0)
HALVES = {
    "train": (RNG.integers(0, 256, (12, 28, 28), np.uint8), np.arange(12, dtype=np.uint8) % 10),
    "test": (RNG.integers(0, 256, (5, 28, 28), np.uint8), np.array([9, 0, 1, 2, 2], np.uint8)),
}


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    folder = tmp_path / "datasets"
    (folder / "fashion-mnist").mkdir(parents=True)

    def get_file(fname, cache_subdir="datasets", **_):
        """As Keras's, without the digests of the large files."""
        return str(tmp_path / cache_subdir / fname)

    for name in ("mnist", "fashion_mnist"):
        monkeypatch.setattr(import_module(f"keras.src.datasets.{name}"), "get_file", get_file)
    return folder


def write_mnist(folder):
    arrays = {
        f"{letter}_{half}": HALVES[half][k] for half in HALVES for k, letter in enumerate("xy")
    }
    np.savez(folder / "mnist.npz", **arrays)


def write_fashion_mnist(folder):
    for half, prefix in (("train", "train"), ("test", "t10k")):
        images, labels = HALVES[half]
        for name, header, array in (
            ("images-idx3", np.array([2051, len(images), 28, 28], ">i4"), images),
            ("labels-idx1", np.array([2049, len(labels)], ">i4"), labels),
        ):
            with gzip.open(folder / "fashion-mnist" / f"{prefix}-{name}-ubyte.gz", "wb") as file:
                file.write(header.tobytes() + array.tobytes())


@pytest.mark.parametrize(
    ("name", "write", "factor"),
    [("mnist", write_mnist, "digit"), ("fashion-mnist", write_fashion_mnist, "article")],
)
def test_both_halves_with_their_labels(keras_home, name, write, factor):
    with pytest.raises(FileNotFoundError, match=f"^{name}: .*download=True"):
        load(name)
    write(keras_home)
    dataset = load(name)
    assert dataset.factor_names == (factor,)
    assert dataset.factor_sizes == (10,)
    pixels, labels = (np.concatenate([half[k] for half in HALVES.values()]) for k in (0, 1))
    np.testing.assert_allclose(dataset.images(range(17))[..., 0] * 255, pixels, atol=1e-4)
    np.testing.assert_array_equal(dataset.factors(range(17))[:, 0], labels)
