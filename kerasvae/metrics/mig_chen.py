"""MIG as Chen et al. define it: mutual information from the posterior's own density.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import math
from collections.abc import Sequence

import numpy as np

from kerasvae.checks import check_count, check_positive_int
from kerasvae.estimators.marginals import log_marginal_densities
from kerasvae.metrics.information import BINS, entropies, factor_labels, gaps
from kerasvae.metrics.inputs import check_codes_and_factors
from kerasvae.metrics.result import Result

LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


def mig_chen(
    codes,
    factors,
    seed: int = 0,
    scale=None,
    samples: int = 10_000,
    factor_names: Sequence[str] | None = None,
    leave_out: Sequence[str | int] = (),
) -> Result:
    """Whether one code's samples tell a factor much better than any other code's.

    Formula:
        q(z_j) = 1/N sum_n N(z_j; loc_nj, scale_nj^2), q(z_j | v) the same over images of value v
        I(z_j; v_k) = E log q(z_j | v_k) - log q(z_j), over images n and z from q(z|x_n)
        score = mean over k of (I(z_a; v_k) - I(z_b; v_k)) / H(v_k), a and b the two largest

    This is not `mig`: noise in the posterior lowers it, nothing is cut into bins, and the paper
    leaves dSprites' shape out (`leave_out=("shape",)`), so the two numbers do not compare. The
    densities are those of the images given. Give the whole data set: on a part of it, narrow
    posteriors overlap with few others, and every code seems to tell more than it does.

    Args:
        codes: (N, D), posterior means, one row for each image of the data set.
        factors: (N, K), whole numbers; floats are cut into 20 classes of equal width.
        seed: of the samples.
        scale: (N, D), posterior standard deviations, `model.encode(images)["scale"]`. None stands
            for codes without a posterior: each is given the same noise everywhere, the standard
            deviation within one of 20 bins of its range.
        samples: pairs of an image and a z. Their time adds to that of the densities, which on
            all of dSprites is under a minute.
        factor_names: of the columns, for example `dataset.factor_names`.
        leave_out: columns, by name or number, that the score does not count.

    Returns:
        A `Result`: score; parts per_factor (K,), the gaps; top_code (K,), the first of equal ones;
        entropy (K,), nats, log K of a full grid; standard_errors (K,), those of the gaps from the
        number of samples; matrix (D, K), I / H, at least 0. Columns left out are in none of them;
        settings["factors"] says which are. A code of one distribution for all images has 0; so
        has the second best of a single code.

    Raises:
        ValueError: shapes that do not fit, NaN, a factor that does not vary, a scale that is not
            positive, names that are none of the factors, no factor left.

    References:
        Chen et al. 2018, Isolating Sources of Disentanglement in VAEs, section 4.1, equations 5
        and 6, and appendix on the estimate of I.

    Example:
        >>> factors = np.random.default_rng(0).integers(0, 4, size=(1000, 2))
        >>> codes = factors[:, ::-1] * 2.0
        >>> mig_chen(codes, factors, scale=np.full(codes.shape, 0.1), samples=1000)
        Result(mig_chen 0.99...)
    """
    samples = check_positive_int("samples", samples)
    codes, factors = check_codes_and_factors(codes, factors, "mig_chen")
    kept = _kept(factors.shape[1], factor_names, leave_out)
    labels = factor_labels(factors[:, kept], BINS)
    deviations = _bin_deviation(codes) if scale is None else _checked_scale(scale, codes.shape)
    loc, deviations = codes.astype("float32"), deviations.astype("float32")

    # As in surgery: an image from each of equal stretches of the order, its z rounded once.
    rng = np.random.default_rng(check_count("seed", seed))
    position = (np.arange(samples) + rng.random(samples)) / samples
    image = np.minimum((position * len(loc)).astype("int64"), len(loc) - 1)
    noise = rng.standard_normal((samples, loc.shape[1]))
    z = (loc[image] + deviations[image] * noise).astype("float32")

    gains = _log_gains(z, image, loc, deviations, labels)  # (M, D, K)
    entropy = entropies(labels)
    share = np.maximum(gains.mean(axis=0), 0) / entropy  # (D, K)
    per_factor = gaps(share)
    return Result(
        "mig_chen",
        float(per_factor.mean()),
        parts={
            "per_factor": per_factor,
            "top_code": share.argmax(axis=0),
            "entropy": entropy,
            "standard_errors": _standard_errors(gains) / entropy,
        },
        matrix=share,
        settings={
            "points": len(loc),
            "samples": samples,
            "seed": seed,
            "factors": [factor_names[k] if factor_names else k for k in kept],
            "scale": "one of 20 bins" if scale is None else "posterior",
            "estimator": "Monte Carlo of the exact mixture densities",
        },
    )


def _log_gains(z, image, loc, scale, labels) -> np.ndarray:
    """(M, D, K) log q(z_j | v_k of its image) - log q(z_j)."""
    standardised = (z.astype("float64") - loc[image]) / scale[image]
    own = -0.5 * standardised**2 - np.log(scale[image].astype("float64")) - LOG_SQRT_2PI
    varies = (np.ptp(loc, axis=0) > 0) | (np.ptp(scale, axis=0) > 0)
    z, loc, scale, own = z[:, varies], loc[:, varies], scale[:, varies], own[:, varies]

    gains = np.zeros((len(z), len(varies), labels.shape[1]))
    if varies.any():
        marginal = log_marginal_densities(z, loc, scale, own - math.log(len(loc)))
        for k, values in enumerate(labels.T):
            order = np.argsort(values, kind="stable")
            groups = np.split(order, np.cumsum(np.bincount(values))[:-1])  # images of each value
            conditional = np.empty_like(marginal)
            for value, group in enumerate(groups):
                drawn = values[image] == value
                if drawn.any():
                    conditional[drawn] = log_marginal_densities(
                        z[drawn], loc[group], scale[group], own[drawn] - math.log(len(group))
                    )
            gains[:, varies, k] = conditional - marginal
    return gains


def _standard_errors(gains: np.ndarray) -> np.ndarray:
    """(K,) of the gap between the two largest means; both are means over the same samples."""
    if gains.shape[1] == 1:
        difference = gains[:, 0]
    else:
        second, best = np.argsort(gains.mean(axis=0), axis=0)[-2:]  # (K,) each
        column = np.arange(gains.shape[2])
        difference = gains[:, best, column] - gains[:, second, column]
    return difference.std(axis=0) / math.sqrt(len(gains))


def _bin_deviation(codes: np.ndarray) -> np.ndarray:
    """(N, D) standard deviation of a uniform number in a bin; anything positive where it is 0."""
    ranges = np.ptp(codes, axis=0)
    width = np.where(ranges > 0, ranges, 1.0) / BINS
    return np.broadcast_to(width / math.sqrt(12), codes.shape)


def _checked_scale(scale, shape: tuple[int, int]) -> np.ndarray:
    scale = np.asarray(scale, "float64")
    if scale.shape != shape or not np.isfinite(scale).all():
        raise ValueError(
            f"scale must be finite standard deviations in the shape of codes, {shape}. "
            f"Received: an array of shape {scale.shape}"
        )
    if scale.min() < np.finfo("float32").tiny:
        raise ValueError(
            "scale must be positive: it is the standard deviation, not its logarithm. "
            f"Received: the smallest is {scale.min():g}"
        )
    return scale


def _kept(number: int, factor_names, leave_out) -> list[int]:
    """The columns that count, in order."""
    names = list(range(number)) if factor_names is None else list(factor_names)
    if len(names) != number:
        raise ValueError(
            f"factor_names must name the {number} columns of factors. Received: {factor_names}"
        )
    if isinstance(leave_out, str | int):
        leave_out = (leave_out,)
    unknown = [name for name in leave_out if name not in names and name not in range(number)]
    kept = [k for k in range(number) if k not in leave_out and names[k] not in leave_out]
    if unknown or not kept:
        raise ValueError(
            f"leave_out must name some, but not all, of the factors {names}"
            + ("" if factor_names else "; names need factor_names=dataset.factor_names")
            + f". Received: leave_out={leave_out}"
        )
    return kept
