"""MNIST and Fashion-MNIST, 70,000 images 28x28x1 each, through Keras's own loaders."""

import os
from pathlib import Path

import keras
import numpy as np

from kerasvae.data.factors import FactorDataset

ARTICLES = (
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
    "ankle boot",
)  # fmt: skip


def load_mnist(download: bool = False) -> FactorDataset:
    """Handwritten digits, the training and the test set together; the digit is the factor.

    Args:
        download: whether Keras may download the file (11 MB) if it does not have it.

    Returns:
        A `FactorDataset` of images 28x28x1 in 256 grey levels.

    Raises:
        FileNotFoundError: Keras does not have the file, and download is False.

    References:
        LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document
        recognition.
    """
    _needs("mnist.npz", download, "mnist")
    return _joined(keras.datasets.mnist.load_data(), {"digit": range(10)}, "mnist")


def load_fashion_mnist(download: bool = False) -> FactorDataset:
    """Pictures of clothes, the training and the test set together; the kind is the factor.

    Args:
        download: whether Keras may download the four files (30 MB) if it does not have them.

    Returns:
        A `FactorDataset` of images 28x28x1 in 256 grey levels.

    Raises:
        FileNotFoundError: Keras does not have the files, and download is False.

    References:
        Xiao, Rasul & Vollgraf 2017, Fashion-MNIST.
    """
    _needs("fashion-mnist/train-images-idx3-ubyte.gz", download, "fashion-mnist")
    return _joined(keras.datasets.fashion_mnist.load_data(), {"article": ARTICLES}, "fashion-mnist")


def _needs(name: str, download: bool, dataset: str) -> None:
    file = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets" / name
    if not download and not file.is_file():
        raise FileNotFoundError(
            f"{dataset}: Keras does not have {file}. Allow the download with download=True, or "
            f"put your copy there. Received: download=False"
        )


def _joined(halves, values: dict, name: str) -> FactorDataset:
    (x_train, y_train), (x_test, y_test) = halves
    pixels = np.concatenate([x_train, x_test])[..., None]  # (70000, 28, 28, 1) uint8
    codes = np.concatenate([y_train, y_test]).astype(np.int64)[:, None]
    return FactorDataset(pixels, values, codes=codes, maximum=255, name=name)
