"""Networks: parameter counts by hand, every size a stack fits, and clear refusals."""

import keras
import numpy as np
import pytest
from keras import layers

from kerasvae import networks

pytestmark = pytest.mark.numpy_only  # shapes and dtypes of Keras's own layers


def conv(kernel, inputs, outputs):
    return kernel * kernel * inputs * outputs + outputs


def dense(*sizes):
    return sum((a + 1) * b for a, b in zip(sizes[:-1], sizes[1:], strict=True))


# Written out from the tables of the papers (Burgess 2018 A, Locatello 2019 t.1, Chen 2018).
COUNTS = {
    "burgess": (
        conv(4, 1, 32) + 3 * conv(4, 32, 32) + dense(512, 256, 256, 20),
        dense(10, 256, 256, 512) + 3 * conv(4, 32, 32) + conv(4, 32, 1),
    ),
    "locatello": (
        conv(4, 1, 32) + conv(4, 32, 32) + conv(2, 32, 64) + conv(2, 64, 64) + dense(1024, 256, 20),
        dense(10, 256, 1024) + conv(4, 64, 64) + conv(4, 64, 32) + conv(4, 32, 32) + conv(4, 32, 1),
    ),
    "mlp": (dense(4096, 1200, 1200, 20), dense(10, 1200, 1200, 1200, 4096)),
}


@pytest.mark.parametrize("name", networks.ARCHITECTURES)
def test_parameter_counts_are_those_of_the_papers(name):
    encoder = networks.build_encoder(name, (64, 64, 1), 20)
    decoder = networks.build_decoder(name, 10, (64, 64, 1))
    assert (encoder.count_params(), decoder.count_params()) == COUNTS[name]


@pytest.mark.parametrize("name", ["burgess", "locatello"])
@pytest.mark.parametrize("size", [28, 37, 64, 127])
def test_any_square_size_comes_back(name, size):
    shape = (size, size, 3)
    assert networks.build_encoder(name, shape, 8).output_shape == (None, 8)
    assert networks.build_decoder(name, 4, shape).output_shape == (None, *shape)


def test_the_mlp_takes_any_shape():
    assert networks.build_decoder("mlp", 2, (5, 7, 2)).output_shape == (None, 5, 7, 2)
    assert networks.build_encoder("mlp", (5, 7, 2), 4).output_shape == (None, 4)


@pytest.mark.parametrize("shape", [(27, 27, 1), (129, 129, 1), (64, 32, 1)])
def test_sizes_that_do_not_fit_are_refused(shape):
    with pytest.raises(ValueError, match=r"square images of 28 to 128.*architecture='mlp'"):
        networks.build_encoder("burgess", shape, 20)


def test_half_precision_ends_in_float32():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        for name in networks.ARCHITECTURES:
            encoder = networks.build_encoder(name, (29, 29, 1), 4)
            decoder = networks.build_decoder(name, 2, (29, 29, 1))
            assert encoder.layers[-2].compute_dtype == "float16", name
            assert keras.backend.standardize_dtype(encoder(np.zeros((1, 29, 29, 1))).dtype) == (
                "float32"
            )
            assert keras.backend.standardize_dtype(decoder(np.zeros((1, 2))).dtype) == "float32"
    finally:
        keras.config.set_dtype_policy("float32")


def custom(outputs):
    return keras.Sequential([layers.Flatten(), layers.Dense(outputs)])


def test_custom_networks_are_checked():
    networks.check_custom("encoder", custom(8), (5, 5, 1), (8,))
    with pytest.raises(ValueError, match=r"encoder: its output must have shape \(batch, 8\)"):
        networks.check_custom("encoder", custom(7), (5, 5, 1), (8,))
    with pytest.raises(ValueError, match="expected a keras.Model"):
        networks.check_custom("decoder", lambda z: z, (4,), (5, 5, 1))
    fixed = keras.Sequential([keras.Input((6, 6, 1)), *custom(8).layers])
    with pytest.raises(ValueError, match=r"inputs of shape \(batch, 5, 5, 1\)"):
        networks.check_custom("encoder", fixed, (5, 5, 1), (8,))
