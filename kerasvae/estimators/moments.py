"""Moments of the aggregated posterior, which DIP-VAE pulls towards those of the prior.

Chapter 5: tutorials/05_marginal_kl.ipynb.
"""

from keras import ops


def mean_covariance(loc):
    """Covariance of the posterior means over a batch: what DIP-VAE-I penalises.

    Formula:
        Cov(loc) = E[loc loc^T] - E[loc] E[loc]^T, with means over the batch (1/B, not 1/(B - 1)):
        the batch is a sample of images, and the formula is the covariance of its own mixture.

    Args:
        loc: (batch, D) posterior means.

    Returns:
        (D, D) float.

    References:
        Kumar et al. 2018, section 3, DIP-VAE-I.

    Example:
        >>> import numpy as np
        >>> ops.convert_to_numpy(mean_covariance(np.array([[1.0, 0.0], [-1.0, 0.0]]))).tolist()
        [[1.0, 0.0], [0.0, 0.0]]
    """
    loc = ops.cast(loc, "float32")
    centred = loc - ops.mean(loc, axis=0)
    batch = ops.cast(ops.shape(loc)[0], "float32")
    return ops.matmul(ops.transpose(centred), centred) / batch


def aggregate_covariance(loc, scale):
    """Covariance of z under the aggregated posterior of a batch: what DIP-VAE-II penalises.

    Formula:
        Cov(z) = Cov(loc) + E[diag(scale^2)]

    Args:
        loc: (batch, D) posterior means.
        scale: (batch, D) posterior standard deviations.

    Returns:
        (D, D) float.

    References:
        Kumar et al. 2018, section 3, DIP-VAE-II (the law of total covariance).

    Example:
        >>> import numpy as np
        >>> ops.convert_to_numpy(aggregate_covariance(np.zeros((3, 1)), np.ones((3, 1)))).tolist()
        [[1.0]]
    """
    variance = ops.mean(ops.square(ops.cast(scale, "float32")), axis=0)  # (D,)
    return mean_covariance(loc) + ops.diag(variance)


def moment_penalty(covariance, lambda_od: float, lambda_d: float):
    """How far a covariance is from the identity, with two weights.

    Formula:
        lambda_od sum_{i != j} C_ij^2 + lambda_d sum_i (C_ii - 1)^2

    Args:
        covariance: (D, D).
        lambda_od: weight of the off-diagonal entries.
        lambda_d: weight of the diagonal ones.

    Returns:
        A scalar.

    References:
        Kumar et al. 2018, equations 6 and 7.

    Example:
        >>> import numpy as np
        >>> float(moment_penalty(np.array([[2.0, 3.0], [3.0, 1.0]]), lambda_od=10.0, lambda_d=1.0))
        181.0
    """
    covariance = ops.cast(covariance, "float32")
    diagonal = ops.diagonal(covariance)
    off_diagonal = covariance - ops.diag(diagonal)
    return lambda_od * ops.sum(ops.square(off_diagonal)) + lambda_d * ops.sum(
        ops.square(diagonal - 1.0)
    )
