"""Tables as data sets: the scaling, the factors, and what is refused."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler

from kerasvae.data import from_vectors

pytestmark = pytest.mark.numpy_only
TABLE = np.random.default_rng(0).normal(size=(50, 5)) * [1, 10, 100, 0.1, 0] + 3


def test_columns_are_scaled_as_scikit_learn_does():
    rows = from_vectors(TABLE)
    assert rows.image_shape == (5, 1, 1)
    expected = MinMaxScaler().fit_transform(TABLE)
    np.testing.assert_allclose(rows.images(range(50))[:, :, 0, 0], expected, atol=1e-6)


def test_factors_come_with_the_rows():
    rows = from_vectors(TABLE, {"kind": np.arange(50) % 3})
    assert rows.factor_names == ("kind",)
    np.testing.assert_array_equal(rows.factors(range(50))[:, 0], np.arange(50) % 3)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE[0], r"\(rows, columns\).*shape=\(5,\)"),
        (np.array([["a", "b"]]), "Encode words"),
        (np.zeros((0, 3)), "at least one row"),
        (np.where(TABLE > 5, np.nan, TABLE), "not finite"),
        ("table.csv", "Received: str"),
    ],
)
def test_what_is_no_table_is_refused(table, message):
    with pytest.raises(ValueError, match=message):
        from_vectors(table)


def test_names_without_factors_are_refused():
    with pytest.raises(ValueError, match="names: these belong to factors"):
        from_vectors(TABLE, names=["kind"])
