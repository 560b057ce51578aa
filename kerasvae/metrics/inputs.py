"""The arrays that go into a metric, checked."""

import warnings

import numpy as np

# Below a tenth of the points that the papers use, a score says more of the sample.
FEW_POINTS = 1000


def check_codes(codes) -> np.ndarray:
    """Codes as (n, D) float64.

    Raises:
        ValueError: another rank, no points, NaN or infinite values.
    """
    codes = np.asarray(codes, dtype="float64")
    if codes.ndim != 2 or min(codes.shape) < 1:
        raise ValueError(
            "codes must be (points, latent dimensions), for example model.embed(images). "
            f"Received: an array of shape {codes.shape}"
        )
    if not np.isfinite(codes).all():
        raise ValueError("codes must be finite. Received: an array with NaN or infinite values")
    return codes


def check_codes_and_factors(
    codes, factors, metric: str, least: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Codes as (n, D) float64 and factors as (n, K), in the same number of points.

    A factor of one value holds nothing to find: it is refused. Few points are warned of.

    Args:
        codes: (n, D).
        factors: (n, K) whole numbers, or floats for factors that are continuous.
        metric: the name, for messages.
        least: number of factors; 2 where a metric asks whether a code mixes them.

    Raises:
        ValueError: shapes that do not fit, NaN, too few factors, or one that does not vary.
    """
    codes, factors = check_codes(codes), np.asarray(factors)
    if factors.ndim != 2 or len(factors) != len(codes) or factors.shape[1] < 1:
        raise ValueError(
            f"factors must be (points, factors) with as many points as codes, {len(codes)}. "
            f"Received: an array of shape {factors.shape}"
        )
    if not np.issubdtype(factors.dtype, np.number) or not np.isfinite(factors).all():
        raise ValueError("factors must be finite numbers. Received: NaN, infinite or other values")
    if factors.shape[1] < least:
        raise ValueError(
            f"{metric} asks whether a code holds one factor and not several: it needs two factors "
            f"or more. Received: factors of shape {factors.shape}"
        )
    for column, values in enumerate(factors.T):
        if (values == values[0]).all():
            raise ValueError(
                f"{metric}: factor {column} has the one value {values[0]} in all points, so no "
                "code can tell it. Leave that column out."
            )
    warn_of_few(metric, len(codes), stacklevel=4)
    return codes, factors


def warn_of_few(metric: str, points: int, stacklevel: int = 3) -> None:
    """Warn where a metric has too few points to mean much.

    Args:
        metric: the name, for the message.
        points: that it was given, or asked to draw.
        stacklevel: whose line the warning names; 3 is that of the caller of the metric.
    """
    if points < FEW_POINTS:
        warnings.warn(
            f"{metric} was given {points} points; below {FEW_POINTS} it says more of the "
            "sample than of the model. The papers use 10,000.",
            stacklevel=stacklevel,
        )


def is_discrete(values: np.ndarray) -> bool:
    """Whether a factor's column holds whole numbers, that is, classes."""
    return np.issubdtype(values.dtype, np.integer)
