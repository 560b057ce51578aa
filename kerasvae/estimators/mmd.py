"""Maximum mean discrepancy: how far apart two distributions are, from samples of them alone.

Chapter 5: tutorials/05_marginal_kl.ipynb.
"""

from keras import ops

from kerasvae.checks import check_choice, check_non_negative

KERNELS = ("rbf", "imq")

# WAE sums the kernel over these multiples of its bandwidth, so that no single one must be right.
IMQ_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def mmd(x, y, kernel: str = "rbf", bandwidth: float | None = None):
    """Squared maximum mean discrepancy between two samples, unbiased.

    Formula:
        mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j)
        rbf: k(a, b) = exp(-|a - b|^2 / bandwidth); bandwidth D^2 unless given, as in InfoVAE's
            published code.
        imq: k(a, b) = sum_s s C / (s C + |a - b|^2) over s in IMQ_SCALES with C = bandwidth;
            2 D unless given, as in WAE: the mean of |a - b|^2 for two draws of N(0, I).
        Being unbiased it falls below 0 now and then where the distributions are the same.

    Args:
        x: (n, D) one sample, for instance codes.
        y: (m, D) the other, for instance draws of the prior.
        kernel: "rbf" or "imq".
        bandwidth: a squared length, positive.

    Returns:
        A scalar. A sample of one row has no pairs: its first mean is left out (it has no gradient).

    Raises:
        ValueError: an unknown kernel, or a bandwidth that is not positive.

    References:
        Gretton et al. 2012, equation 3; Zhao et al. 2019 (InfoVAE); Tolstikhin et al. 2018 (WAE).

    Example:
        >>> import numpy as np
        >>> x, y = np.zeros((2, 1)), np.ones((2, 1))
        >>> float(mmd(x, y, bandwidth=1.0))  # 2 - 2 exp(-1)
        1.2642
    """
    check_choice("kernel", kernel, KERNELS)
    x, y = ops.cast(x, "float32"), ops.cast(y, "float32")
    dimensions = x.shape[1]
    if bandwidth is None:
        bandwidth = float(dimensions**2 if kernel == "rbf" else 2 * dimensions)
    if check_non_negative("bandwidth", bandwidth) == 0:
        raise ValueError("bandwidth must be positive. Received: bandwidth=0")

    def similarity(a, b):
        """The kernel of every pair, (n, m)."""
        distance = ops.sum(ops.square(a[:, None, :] - b[None, :, :]), axis=2)  # (n, m)
        if kernel == "rbf":
            return ops.exp(-distance / bandwidth)
        return sum(s * bandwidth / (s * bandwidth + distance) for s in IMQ_SCALES)

    within = _mean_of_pairs(similarity(x, x)) + _mean_of_pairs(similarity(y, y))
    return within - 2.0 * ops.mean(similarity(x, y))


def _mean_of_pairs(similarity):
    """Mean of the entries off the diagonal of (n, n)."""
    n = ops.shape(similarity)[0]
    off_diagonal = 1.0 - ops.eye(n, dtype="float32")
    n = ops.cast(n, "float32")
    return ops.sum(similarity * off_diagonal) / ops.maximum(n * (n - 1.0), 1.0)
