"""Means with control variates, and their standard errors, from an ordered systematic draw."""

import numpy as np


def controlled_means(values: np.ndarray, controls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of several quantities, each freed of what quantities of known mean explain of it.

    Formula:
        mean(values - controls w), w by least squares on the differences of neighbouring draws;
        standard error = sqrt(mean over pairs of residual difference^2 / 2 / M), less one degree of
        freedom a control. The means are linear in `values`: sums of quantities stay sums.

    Draw i is taken at random from stretch i of a population in some order. A pair of neighbours
    then differs by the variance inside two stretches, which is all that the mean suffers from, and
    by the distance of the stretches: the standard error is right where order means nothing or
    where there are many draws a member, and too large, never too small, elsewhere.

    Args:
        values: (M, V) float, in the order of the draws.
        controls: (M, C) float, known to have mean zero in the population.

    Returns:
        (V,) means and (V,) standard errors.

    References:
        Cochran 1977, "Sampling Techniques", sections 5A.12 (collapsed strata) and 7.3 (regression).

    Example:
        >>> rng = np.random.default_rng(0)
        >>> control = rng.normal(size=(1000, 1))
        >>> means, errors = controlled_means(3 + control, control)
        >>> float(means[0]), bool(errors[0] < 1e-9)
        (3.0, True)
    """
    pairs = len(values) // 2
    value_steps = values[1 : 2 * pairs : 2] - values[: 2 * pairs : 2]
    control_steps = controls[1 : 2 * pairs : 2] - controls[: 2 * pairs : 2]
    weights, _, rank, _ = np.linalg.lstsq(control_steps, value_steps, rcond=1e-9)
    means = (values - controls @ weights).mean(axis=0)
    residual = value_steps - control_steps @ weights
    variance = (residual**2).sum(axis=0) / (2 * (pairs - rank))
    return means, np.sqrt(variance / len(values))
