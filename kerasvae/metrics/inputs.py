"""The arrays that go into a metric, checked."""

import warnings

import numpy as np

from kerasvae.metrics.not_applicable import NotApplicable

# Below a tenth of the points that the papers use, a score says more of the sample.
FEW_POINTS = 1000


def check_codes(codes) -> np.ndarray:
    """Codes as (n, D) float64.

    Raises:
        ValueError: another rank, no points, NaN or infinite values, complex numbers, texts, a
            masked array with masked entries.
    """
    codes = _real_array("codes", codes)
    if codes.ndim != 2 or min(codes.shape) < 1:
        raise ValueError(
            "codes must be (points, latent dimensions), for example model.embed(images). "
            f"Received: an array of shape {codes.shape}"
        )
    codes = codes.astype("float64")
    if not np.isfinite(codes).all():
        raise ValueError("codes must be finite. Received: an array with NaN or infinite values")
    return codes


def check_codes_and_factors(
    codes, factors, metric: str, least: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Codes as (n, D) float64 and factors as (n, K), in the same number of points.

    A factor with a single value is refused: there is nothing to find. Too few points give a
    warning.

    Args:
        codes: (n, D).
        factors: (n, K) whole numbers, or floats for factors that are continuous.
        metric: the name, for messages.
        least: least number of factors; 2 if a metric asks whether a code mixes them.

    Raises:
        ValueError: shapes that do not fit, NaN, complex numbers, masked entries.
        NotApplicable: too few factors, or one that does not vary.
    """
    codes, factors = check_codes(codes), _real_array("factors", factors)
    if factors.ndim != 2 or len(factors) != len(codes):
        raise ValueError(
            f"factors must be (points, factors) with as many points as codes, {len(codes)}. "
            f"Received: an array of shape {factors.shape}"
        )
    if not np.isfinite(factors).all():
        raise ValueError("factors must be finite numbers. Received: NaN or infinite values")
    if factors.shape[1] < 1:
        raise NotApplicable(f"{metric} needs factors. Received: factors of shape {factors.shape}")
    if factors.shape[1] < least:
        raise NotApplicable(
            f"{metric} asks whether a code holds one factor and not several: it needs two factors "
            f"or more. Received: factors of shape {factors.shape}"
        )
    for column, values in enumerate(factors.T):
        if (values == values[0]).all():
            raise NotApplicable(
                f"{metric}: factor {column} has the same value, {values[0]}, in all points, so no "
                "code can predict it. Leave that column out."
            )
    warn_of_few(metric, len(codes), stacklevel=4)
    return codes, factors


def _real_array(name: str, values) -> np.ndarray:
    """An array of real numbers; booleans as 0 and 1."""
    if np.ma.isMaskedArray(values):
        masked = int(np.ma.getmaskarray(values).sum())
        if masked:
            raise ValueError(
                f"{name}: no metric can handle missing values; the mask would be lost. Leave those "
                "rows out of codes and factors, or fill them in. "
                f"Received: a masked array with {masked} masked entries"
            )
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name} must be a table of numbers. Received: {error}") from None
    if array.dtype == bool:
        array = array.astype("int64")
    if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise ValueError(
            f"{name} must be real numbers; give complex ones as two columns, the real and "
            f"the imaginary part, or modulus and angle. Received: dtype={array.dtype}"
        )
    return array


def rescaled(codes: np.ndarray, together: bool = False) -> np.ndarray:
    """Columns in a unit in which their largest size is in [1/2, 1): nothing overflows there.

    The unit is a power of two, so that digits do not change.

    Args:
        codes: (n, D) float64, finite.
        together: one unit for all columns, where a metric compares their sizes.

    Returns:
        (n, D) float64; zeros stay.

    Example:
        >>> rescaled(np.array([[3.0, 1e300], [-1.0, 1e308]])).round(2)
        array([[ 0.75,  0.  ],
               [-0.25,  0.56]])
    """
    exponent = np.frexp(np.abs(codes).max(axis=0))[1]
    return np.ldexp(codes, -(exponent.max() if together else exponent))


def standardised(codes: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and standard deviation 1; zeros for a column of one value.

    Args:
        codes: (n, D) float64, finite, of any size.

    Returns:
        (n, D) float64.

    Example:
        >>> standardised(np.array([[1e300, 5.0], [-1e300, 5.0]]))
        array([[ 1.,  0.],
               [-1.,  0.]])
    """
    unit = rescaled(codes)
    varies = np.ptp(unit, axis=0) > 0  # exact, where a deviation of equal numbers may be 1e-17
    unit = rescaled(unit - unit.mean(axis=0))  # once more: a narrow range far from 0
    return np.where(varies, unit / np.where(varies, unit.std(axis=0), 1.0), 0.0)


def warn_of_few(metric: str, points: int, stacklevel: int = 3) -> None:
    """Warn if a metric has too few points to mean much.

    Args:
        metric: the name, for the message.
        points: how many it was given, or asked to draw.
        stacklevel: whose line the warning names; 3 is that of the caller of the metric.
    """
    if points < FEW_POINTS:
        warnings.warn(
            f"{metric} was given {points} points; below {FEW_POINTS} it says more about the "
            "sample than about the model. The papers use 10,000.",
            stacklevel=stacklevel,
        )


def is_discrete(values: np.ndarray) -> bool:
    """Whether a factor's column holds whole numbers, that is, classes."""
    return np.issubdtype(values.dtype, np.integer)
