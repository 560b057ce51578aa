"""log q(z) from a bank: the posteriors of a batch and of many images seen before it.

Chapter 6: tutorials/06_total_correlation.ipynb.
"""

import math

from keras import ops

from kerasvae.checks import check_positive_int
from kerasvae.estimators.aggregate_posterior import AggregatePosterior, log_density_by_dimension

# Log weight of what does not count: finite, so that no gradient becomes NaN.
NOTHING = -1e30


def aggregate_posterior_bank(z, loc, scale, bank_loc, bank_scale, counts, dataset_size: int):
    """log q(z) from the image's own posterior and those of the batch and of a bank of others.

    Formula:
        log q(z_i) ~ log(1/N q(z_i|x_i) + (1 - 1/N) mean_j q(z_i|x_j)),
        j over the other images of the batch and the entries of the bank that count; the same for
        each dimension. With no other image, q(z_i|x_i).
        With K others E of the density is q(z_i), as for MSS; the logarithm's bias falls with K,
        and the bank makes K as large as memory allows.

        Gradients flow through the codes alone. Those through the posteriors in q(z) have the mean
        E_q(z) d log q(z) = d 1 = 0, so for posteriors as they are now nothing is lost but noise.

    Args:
        z: (B, D) codes, z_i drawn from image i.
        loc: (B, D) posterior means of the batch.
        scale: (B, D) posterior standard deviations.
        bank_loc: (M, D) posterior means of the bank.
        bank_scale: (M, D) posterior standard deviations.
        counts: (M,) booleans, which entries count: filled, and of an image outside the batch.
        dataset_size: N.

    Returns:
        An AggregatePosterior.

    References:
        Chen et al. 2018, appendix C.2 (the own image's weight); Roeder et al. 2017, "Sticking the
        landing" (gradients along the path of the code alone); He et al. 2020, "Momentum contrast"
        (a queue of what earlier batches were encoded to).

    Example:
        >>> import numpy as np
        >>> z, one, two = np.zeros((1, 1)), np.ones((1, 1)), np.ones((2, 1))
        >>> counts = np.array([True, False])
        >>> result = aggregate_posterior_bank(z, one, one, 0 * two, two, counts, 4)
        >>> round(float(np.exp(result.log_qz[0])), 3)  # 1/4 N(0; 1, 1) + 3/4 N(0; 0, 1)
        0.36
    """
    dataset_size = check_positive_int("dataset_size", dataset_size)
    batch, counts = ops.shape(z)[0], ops.cast(counts, "bool")
    # What does not count may hold anything, also what is not finite.
    bank_loc = ops.where(counts[:, None], ops.cast(bank_loc, "float32"), 0.0)
    bank_scale = ops.where(counts[:, None], ops.cast(bank_scale, "float32"), 1.0)
    log_q = log_density_by_dimension(
        z,
        ops.stop_gradient(ops.concatenate([ops.cast(loc, "float32"), bank_loc])),
        ops.stop_gradient(ops.concatenate([ops.cast(scale, "float32"), bank_scale])),
    )  # (B, D, B + M)
    others = ops.cast(batch, "float32") - 1.0 + ops.sum(ops.cast(counts, "float32"))
    log_own = ops.where(others > 0, -math.log(dataset_size), 0.0)
    log_others = math.log1p(-1 / dataset_size) if dataset_size > 1 else NOTHING
    log_other = log_others - ops.log(ops.maximum(others, 1.0))
    is_own = ops.arange(batch)[:, None] == ops.arange(batch)[None, :]
    of_bank = ops.where(counts, log_other, NOTHING)[None]
    log_w = ops.concatenate(
        [
            ops.where(is_own, log_own, log_other),
            ops.broadcast_to(of_bank, (batch, ops.shape(bank_loc)[0])),
        ],
        axis=1,
    )  # (B, B + M)
    return AggregatePosterior(
        ops.logsumexp(log_w + ops.sum(log_q, axis=1), axis=1),
        ops.logsumexp(log_w[:, None, :] + log_q, axis=2),
    )
