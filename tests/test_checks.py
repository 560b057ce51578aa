"""Bad input is refused by name, with what came and what to do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kerasvae import checks
from kerasvae.checks import (
    check_choice,
    check_count,
    check_images,
    check_non_negative,
    check_positive_int,
)

pytestmark = pytest.mark.numpy_only


def images(*shape, value=0.5, dtype="float32"):
    return np.full(shape or (3, 8, 8, 1), value, dtype)


def with_value(value, index=(2, 1, 1, 0)):
    array = images()
    array[index] = value
    return array


@given(
    hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64]),
        hnp.array_shapes(min_dims=4, max_dims=4, min_side=1, max_side=5),
        elements=st.floats(0, 1, width=16),
    )
)
def test_good_images_pass(array):
    check_images(array)
    check_images(array, image_shape=array.shape[1:])
    check_images(array, image_shape=list(array.shape[1:]))


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.int32, np.int64, np.bool_, np.complex64, "O", "U3"]),
        hnp.array_shapes(min_dims=0, max_dims=5, max_side=3),
    )
)
def test_every_other_dtype_is_refused(array):
    with pytest.raises(ValueError, match="floating-point"):
        check_images(array)


@given(
    hnp.arrays(np.float32, hnp.array_shapes(min_dims=0, max_dims=6, max_side=3)).filter(
        lambda array: array.ndim != 4
    )
)
def test_every_other_rank_is_refused(array):
    with pytest.raises(ValueError, match="shape"):
        check_images(array)


@given(value=st.floats(allow_nan=True, allow_infinity=True), place=st.integers(0, 2))
def test_one_bad_value_is_found(value, place):
    array = np.full((3, 2, 2, 1), 0.5)
    array[place, 1, 0, 0] = value
    if -checks.TOLERANCE <= value <= 1 + checks.TOLERANCE:
        check_images(array)
    else:
        with pytest.raises(ValueError, match=r"expected (finite )?values in \[0, 1\]"):
            check_images(array)


@pytest.mark.parametrize(
    ("array", "image_shape", "message"),
    [
        ([[0.5]], None, "Received: list"),
        (None, None, "Received: NoneType"),
        ("folder", None, "from_images"),
        (images(dtype="uint8", value=9), None, r"images.astype\('float32'\) / 255"),
        (images(dtype="bool"), None, r"images.astype\('float32'\)"),
        (np.array([np.zeros((8, 8)), None], dtype=object), None, "np.stack"),
        (images(0, 8, 8, 1), None, r"at least one image.*shape=\(0, 8, 8, 1\)"),
        (images(3, 0, 8, 1), None, "at least one image"),
        (images(3, 8, 8), None, r"missing channel axis: images\[..., None\]"),
        (images(8, 8, 1), (8, 8, 1), r"batch axis: images\[None\]"),
        (images(3, 64), None, "The array has 2 axes"),
        (images(), (16, 16, 1), r"images of shape \(16, 16, 1\).*shape=\(3, 8, 8, 1\)"),
        (images(3, 3, 8, 8), (8, 8, 3), r"np.moveaxis\(images, 1, -1\)"),
        (images(value=255.0), None, r"divide by 255: images / 255.*from 255 to 255"),
        (with_value(-1.0), None, r"\(images \+ 1\) / 2.*from -1 to 0.5"),
        (with_value(-7.0), None, "from -7 to 0.5"),
        (with_value(np.nan), None, r"NaN or infinity, first in images\[2\]"),
        (with_value(np.inf), None, r"NaN or infinity, first in images\[2\]"),
        (with_value(-np.inf), None, r"NaN or infinity, first in images\[2\]"),
    ],
)
def test_refusals_say_what_to_do(array, image_shape, message):
    with pytest.raises(ValueError, match=message):
        check_images(array, image_shape)


def test_the_remedies_work():
    check_images(images(dtype="uint8", value=255).astype("float32") / 255)
    check_images(images(3, 8, 8)[..., None])
    check_images(images(8, 8, 1)[None], (8, 8, 1))
    check_images(np.moveaxis(images(3, 3, 8, 8), 1, -1), (8, 8, 3))


def test_the_name_is_the_arguments():
    with pytest.raises(ValueError, match=r"^validation: .*validation\[..., None\]"):
        check_images(images(3, 8, 8), name="validation")


def test_a_memory_map_is_read_in_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "CHUNK_BYTES", 1000)
    array = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", "float32", (50, 8, 8, 1))
    check_images(array)
    array[49, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"images\[49\]"):
        check_images(array)


class Tensor:
    """Stands for a backend's tensor: known by what it offers, not by its class."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def __array__(self, dtype=None, copy=None):
        return self.array


def test_tensors_are_taken():
    check_images(Tensor(images()))
    with pytest.raises(ValueError, match="NaN"):
        check_images(Tensor(with_value(np.nan)))


@given(st.integers(1, 2**70))
def test_positive_ints_pass(value):
    assert check_positive_int("n", value) == value
    assert type(check_positive_int("n", np.int32(3))) is int
    assert check_count("n", value - 1) == value - 1


@pytest.mark.parametrize("value", [-1, 1.0, 2.5, True, "3", None, np.nan, np.bool_(1), [1]])
def test_other_counts_are_refused(value):
    for check in (check_positive_int, check_count):
        with pytest.raises(ValueError, match=r"latent_dim must be .*Received: latent_dim="):
            check("latent_dim", value)


def test_zero_is_a_count_but_not_positive():
    assert check_count("warmup_steps", 0) == 0
    with pytest.raises(ValueError, match="latent_dim must be a positive.*Received: latent_dim=0$"):
        check_positive_int("latent_dim", 0)


@given(st.floats(0, 1e300) | st.integers(0, 10**6))
def test_non_negative_numbers_pass(value):
    assert check_non_negative("beta", value) == value
    assert type(check_non_negative("beta", np.float32(value % 7))) is float


@pytest.mark.parametrize("value", [-1, -1e-9, np.nan, np.inf, True, "4", None, 1j, [1.0]])
def test_other_weights_are_refused(value):
    with pytest.raises(ValueError, match="beta must be .*Received: beta="):
        check_non_negative("beta", value)


def test_the_error_ends_in_what_came():
    with pytest.raises(ValueError, match="Received: beta=-1$"):
        check_non_negative("beta", -1)


@pytest.mark.parametrize(
    ("value", "hint"),
    [("burges", "'burgess'"), ("MLP", "'mlp'"), ("locatelo", "'locatello'"), (3, None)],
)
def test_choices_suggest_the_nearest(value, hint):
    choices = {"burgess": 1, "locatello": 2, "mlp": 3}
    assert check_choice("architecture", "mlp", choices) == "mlp"
    with pytest.raises(ValueError, match="one of burgess, locatello, mlp") as error:
        check_choice("architecture", value, choices)
    assert str(error.value).endswith(f"Received: architecture={value!r}")
    assert ("Did you mean" in str(error.value)) == (hint is not None)
    assert hint is None or f"Did you mean {hint}?" in str(error.value)
