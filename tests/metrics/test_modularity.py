"""Modularity, on codes whose information on each factor is known by counting."""

import numpy as np
import pytest

from kerasvae.metrics import modularity

pytestmark = pytest.mark.numpy_only

# Three independent factors of two values, every combination equally often.
BITS = np.arange(4096)[:, None] >> np.arange(3) & 1


def test_codes_that_hold_one_two_and_three_factors():
    a, b, c = BITS.T
    # 2a + b has log 2 of two factors: 1 - 1/(3 - 1) = 1/2. 4a + 2b + c has it of all three: 0.
    result = modularity(np.stack([a, 2 * a + b, 4 * a + 2 * b + c], axis=1), BITS)
    np.testing.assert_allclose(result.parts["per_code"], [1, 0.5, 0], atol=1e-12)
    assert result.score == pytest.approx(0.5)
    expected = np.log(2) * np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1]])
    np.testing.assert_allclose(result.matrix, expected, atol=1e-12)


def test_unequal_information_enters_squared():
    # The code is a, or b in a quarter of all cases (bits 3 and 4 of the number decide).
    b_instead = (np.arange(4096) >> 3 & 3) == 0
    code = np.where(b_instead, BITS[:, 1], BITS[:, 0])

    def information(agreement):  # of a bit with a copy that agrees so often
        p = np.array([agreement, 1 - agreement])
        return np.log(2) + (p * np.log(p)).sum()

    # a: 3/4 always, 1/4 by chance of 1/2 = 7/8. b: 1/4 + 3/4 / 2 = 5/8.
    ratio = information(5 / 8) / information(7 / 8)
    assert modularity(code[:, None], BITS).score == pytest.approx(1 - ratio**2 / 2)


def test_dead_codes_count_as_zero_and_are_left_out_of_active_codes():
    codes = np.column_stack([BITS, np.zeros((4096, 3))])
    result = modularity(codes, BITS)
    assert result.parts["per_code"].tolist() == [1, 1, 1, 0, 0, 0]
    assert result.score == 0.5 and result.parts["active_codes"] == 1


def test_a_single_factor_is_refused():
    with pytest.raises(ValueError, match=r"two factors or more. Received: .*\(4096, 1\)"):
        modularity(BITS, BITS[:, :1])
