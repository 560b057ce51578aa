"""MIG as Chen et al. define it: mutual information from the posterior's own density.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import math
from collections.abc import Sequence

import numpy as np

from kerasvae.checks import check_count, check_positive_int
from kerasvae.estimators.marginals import log_marginal_densities
from kerasvae.estimators.sampling import check_scale, log_normal_density, systematic_draw
from kerasvae.metrics.information import BINS, entropies, factor_labels, gaps
from kerasvae.metrics.inputs import check_codes_and_factors, rescaled
from kerasvae.metrics.result import Result

# Relative to the spread of the means: both densities of a narrower posterior are those of a point.
NARROWEST = 1e-18


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
        I(z_j; v_k) = H(v_k) - E max(-log q(v_k | z_j), 0), over images n and z from q(z|x_n), with
        log q(v_k | z_j) = log q(z_j | v_k) + log q(v_k) - log q(z_j)
        score = mean over k of (I(z_a; v_k) - I(z_b; v_k)) / H(v_k), a and b the two largest

    H is known exactly, so only what is left of it is estimated: I never exceeds H, as it may if
    both terms of E log q(z_j | v_k) - log q(z_j) are sampled (1.001 H was seen). All codes share
    their draws, so their order does not matter. That of the images does: they are drawn along it,
    and another order changes the score within its standard errors.

    This is not `mig`: noise in the posterior lowers it, nothing is cut into bins, and the paper
    leaves dSprites' shape out (`leave_out=("shape",)`), so the two numbers cannot be compared. The
    densities are those of the images given. Give the whole data set: on a part of it, narrow
    posteriors overlap with few others, and every code seems to tell more than it does.

    Args:
        codes: (N, D), posterior means, one row for each image of the data set.
        factors: (N, K), whole numbers; floats are cut into 20 classes of equal width.
        seed: seed of the samples.
        scale: (N, D), posterior standard deviations, `model.encode(images)["scale"]`. None stands
            for codes without a posterior: each is given the same noise everywhere, the standard
            deviation within one of 20 bins of its range.
        samples: number of pairs of an image and a z. Their time adds to that of the densities,
            which is under a minute for all of dSprites.
        factor_names: names of the columns, for example `dataset.factor_names`.
        leave_out: columns, by name or number, that the score does not count.

    Returns:
        A `Result`: score; parts per_factor (K,), the gaps; top_code (K,), the first of equal ones;
        entropy (K,), nats, log K of a full grid; standard_errors (K,), those of the gaps from the
        number of samples; matrix (D, K), I / H, in [0, 1]. Columns left out are in none of them;
        settings["factors"] says which are. A code of one distribution for all images has 0; so
        has the second best of a single code.

    Raises:
        ValueError: shapes that do not fit, NaN, a scale that is not positive, names that are not
            among the factors, no factor left.
        NotApplicable: a factor that does not vary.

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
    loc, deviations = _common_unit(codes, scale)
    image, z = _draw(loc, deviations, samples, check_count("seed", seed))

    entropy = entropies(labels)
    told = entropy - _uncertainty(z, image, loc, deviations, labels)  # (M, D, K)
    share = np.clip(told.mean(axis=0) / entropy, 0, 1)  # (D, K)
    per_factor = gaps(share)
    return Result(
        "mig_chen",
        float(per_factor.mean()),
        parts={
            "per_factor": per_factor,
            "top_code": share.argmax(axis=0),
            "entropy": entropy,
            "standard_errors": _standard_errors(told) / entropy,
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


def _common_unit(codes: np.ndarray, scale) -> tuple[np.ndarray, np.ndarray]:
    """Means around 0 and deviations, (N, D) float32 each, in units in which nothing overflows."""
    low, high = codes.min(axis=0), codes.max(axis=0)
    loc = codes / 2 - (low / 4 + high / 4)  # halves: their range cannot overflow
    if scale is None:
        loc = rescaled(loc)
        deviations = _bin_deviation(loc)
    else:
        both = rescaled(np.concatenate([loc, _checked_scale(scale, codes.shape) / 2]))
        loc, deviations = np.split(both, 2)
    return loc.astype("float32"), np.maximum(deviations, NARROWEST).astype("float32")


def _draw(loc, scale, samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (M,), as in surgery, and a z of each (M, D) float32, rounded once."""
    rng = np.random.default_rng(seed)
    image = systematic_draw(len(loc), samples, rng)
    noise = rng.standard_normal((samples, 1))  # the same for all codes: their order cannot matter
    return image, (loc[image] + scale[image] * noise).astype("float32")


def _uncertainty(z, image, loc, scale, labels) -> np.ndarray:
    """(M, D, K) nats, -log q(v_k of its image | z_j), at least 0; H for codes that do not vary."""
    varies = (np.ptp(loc, axis=0) > 0) | (np.ptp(scale, axis=0) > 0)
    z, loc, scale = z[:, varies], loc[:, varies], scale[:, varies]
    result = np.empty((len(z), len(varies), labels.shape[1]))
    result[:] = entropies(labels)
    if not varies.any():
        return result
    own = log_normal_density(z, loc[image], scale[image])
    marginal = log_marginal_densities(z, loc, scale, own - math.log(len(loc)))
    for k, values in enumerate(labels.T):
        order = np.argsort(values, kind="stable")
        groups = np.split(order, np.cumsum(np.bincount(values))[:-1])  # images of each value
        for value, group in enumerate(groups):
            drawn = values[image] == value
            if drawn.any():
                conditional = log_marginal_densities(
                    z[drawn], loc[group], scale[group], own[drawn] - math.log(len(group))
                )
                share = math.log(len(group) / len(values))
                rows = np.ix_(drawn, varies, [k])
                result[rows] = np.maximum(marginal[drawn] - conditional - share, 0)[..., None]
    return result


def _standard_errors(told: np.ndarray) -> np.ndarray:
    """(K,) of the gap between the two largest means; both are means over the same samples."""
    if told.shape[1] == 1:
        difference = told[:, 0]
    else:
        second, best = np.argsort(told.mean(axis=0), axis=0)[-2:]  # (K,) each
        column = np.arange(told.shape[2])
        difference = told[:, best, column] - told[:, second, column]
    return difference.std(axis=0) / math.sqrt(len(told))


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
    check_scale(scale)
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
