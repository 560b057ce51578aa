"""Mutual information of images and mixed codes: Gaussian ones, and classes by enumeration.

Chapter 9: tutorials/09_infogan.ipynb.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from kerasvae.checks import check_count, check_positive_int
from kerasvae.estimators.mixtures import log_mixture_sum
from kerasvae.estimators.sampling import check_scale, log_normal_density, systematic_draw

# A pass over the data set for each combination of classes: beyond this many it would not end.
MAX_COMBINATIONS = 100


@dataclass(frozen=True, kw_only=True)
class MixedInformation:
    """What mixed codes tell about which image came in, in nats.

    Formula:
        of_classes + of_continuous - mutual_information = I(z; c) >= 0: what both kinds of codes
        tell twice, since they are independent given the image

    Args:
        mutual_information: I(x; z, c), of all codes together, at most log N.
        of_classes: I(x; c), of all categorical codes; exact.
        of_continuous: I(x; z), of all continuous codes.
        standard_errors: a number for mutual_information and for of_continuous.
        num_images: N.
        samples: how many z were drawn.
    """

    mutual_information: float
    of_classes: float
    of_continuous: float
    standard_errors: dict[str, float]
    num_images: int
    samples: int


def mixed_information(
    loc, scale, probabilities, samples: int = 1000, seed: int = 0
) -> MixedInformation:
    """Mutual information of a data set's images and codes of both kinds, over all images.

    Formula:
        q(z, c) = 1/N sum_n q(z|x_n) q(c|x_n), over all N images;
        I(x; z, c) = E log q(z|x) q(c|x) - log q(z, c). The mean over c is a sum over all
        combinations of classes with their probabilities q(c|x); the mean over x and z is one over
        pairs of an image n, drawn systematically, and z drawn from q(z|x_n).
        I(x; c) = 1/N sum_n sum_c q(c|x_n) log q(c|x_n) / q(c) is exact.

    Args:
        loc: (N, d) means of the continuous codes, one row per image; d at least 1.
        scale: (N, d) their standard deviations, positive.
        probabilities: for each categorical code (N, K), q(c|x), rows that sum to 1; see
            `JointVAE.class_probabilities`.
        samples: how many pairs to draw. The time grows with samples times N times the number of
            combinations of classes.
        seed: whole number; the same seed gives the same figures.

    Returns:
        A `MixedInformation`, in nats.

    Raises:
        ValueError: arrays that do not fit, rows that are not probabilities, or more than 100
            combinations of classes.

    Example:
        >>> loc, scale = np.zeros((2, 1)), np.ones((2, 1))  # z says nothing
        >>> found = mixed_information(loc, scale, [np.eye(2)], samples=100)
        >>> round(found.mutual_information, 4), round(found.of_classes, 4)  # log 2
        (0.6931, 0.6931)
    """
    loc, scale, joint = _checked(loc, scale, probabilities)
    samples = check_positive_int("samples", samples)
    rng = np.random.default_rng(check_count("seed", seed))
    image = systematic_draw(len(loc), samples, rng)
    z = (loc[image] + scale[image] * rng.standard_normal((samples, loc.shape[1]))).astype("float32")
    log_given_x = log_normal_density(z, loc[image], scale[image]).sum(axis=1)  # (M,)
    log_n = np.log(len(loc))

    continuous = log_given_x - (log_mixture_sum(z, loc, scale) - log_n)
    total = np.zeros(samples)
    for shares in joint.T:  # (N,), of one combination of classes
        own = shares[image]  # (M,)
        used, possible = shares > 0, own > 0
        if not possible.any():
            continue
        # q(z, c) is a mixture of the images that can be of these classes, weighted by q(c|x_n).
        log_both = log_mixture_sum(
            z[possible], loc[used], scale[used], log_weights=np.log(shares[used])
        )
        gain = log_given_x[possible] + np.log(own[possible]) - (log_both - log_n)
        total[possible] += own[possible] * gain

    mean = joint.mean(axis=0)
    log_ratio = np.log(np.where(joint > 0, joint, 1.0)) - np.log(np.where(mean > 0, mean, 1.0))
    return MixedInformation(
        mutual_information=float(total.mean()),
        of_classes=float((joint * log_ratio).sum(axis=1).mean()),
        of_continuous=float(continuous.mean()),
        standard_errors={
            "mutual_information": _standard_error(total),
            "of_continuous": _standard_error(continuous),
        },
        num_images=len(loc),
        samples=samples,
    )


def _standard_error(values):
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.inf


def _checked(loc, scale, probabilities):
    """Arrays as float32 (N, d), and (N, combinations) q(c|x) of all class codes together."""
    loc, scale = (np.asarray(a, "float32") for a in (loc, scale))
    if loc.ndim != 2 or loc.shape != scale.shape or loc.size == 0:
        raise ValueError(
            "loc and scale must both be (images, continuous codes). "
            f"Received: loc of shape {loc.shape}, scale of shape {scale.shape}"
        )
    if not (np.isfinite(loc).all() and np.isfinite(scale).all()):
        raise ValueError("loc and scale must be finite. Received: NaN or infinite values")
    check_scale(scale)
    tables = [np.asarray(one, "float64") for one in probabilities]
    for one in tables:
        fits = one.ndim == 2 and len(one) == len(loc) and (one >= 0).all()
        if not fits or np.abs(one.sum(axis=1) - 1).max() > 1e-4:
            raise ValueError(
                f"probabilities must be a list of (images, classes) for the {len(loc)} images, "
                f"rows of at least 0 that sum to 1. Received: an array of shape {one.shape}"
            )
    combinations = int(np.prod([one.shape[1] for one in tables]))
    if not tables or combinations > MAX_COMBINATIONS:
        raise ValueError(
            f"probabilities: expected 1 to {MAX_COMBINATIONS} combinations of classes, each of "
            "which costs a pass over the data set. "
            f"Received: {combinations if tables else 'no categorical code'}"
        )
    tables = [one / one.sum(axis=1, keepdims=True) for one in tables]
    joint = reduce(lambda a, b: (a[:, :, None] * b[:, None]).reshape(len(a), -1), tables)
    return loc, scale, joint
