"""Real handwritten digits, 8x8, that come with scikit-learn."""

import numpy as np

from kerasvae.data.factors import FactorDataset


def load_digits() -> FactorDataset:
    """1,797 handwritten digits with their label as the only factor.

    Returns:
        A `FactorDataset` of images 8x8x1 (17 grey levels) and the factor "digit".

    References:
        Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI repository.

    Example:
        >>> load_digits()
        <digits: 1,797 images of 8x8x1; digit 10>
    """
    from sklearn import datasets  # a second to import, and only this data set needs it

    digits = datasets.load_digits()
    return FactorDataset(
        digits.images.astype(np.uint8)[..., None],
        {"digit": range(10)},
        codes=digits.target[:, None],
        maximum=16,
        name="digits",
    )
