"""Unsupervised disentanglement ranking: a model is disentangled if others found the same codes.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata
from sklearn.linear_model import Lasso

from kerasvae.checks import check_choice
from kerasvae.metrics.inputs import check_codes, rescaled, standardised, warn_of_few
from kerasvae.metrics.result import Result


def udr(
    codes: Sequence[np.ndarray],
    kl: Sequence[np.ndarray] | None = None,
    similarity: str = "lasso",
    kl_above: float = 0.01,
    alpha: float = 0.1,
) -> Result:
    """How far each of several models has the same codes as the others, up to order and sign.

    No factors are needed: the idea is that disentangled models are alike and entangled ones
    each differ in their own way. Codes are standardised first. The similarity matrix R of two
    models is compared with a permutation: one large entry in each row and column.

    Formula:
        r_a = max_b R(a, b), r_b = max_a R(a, b), over the informative codes a, b of models i, j
        UDR_ij = [sum_a r_a^2 / sum_b R(a, b) + sum_b r_b^2 / sum_a R(a, b)] / (d_i + d_j)
        UDR_i = median of UDR_ij over the other models j

    Args:
        codes: for each model (n, D), posterior means of the same images in the same order; D may
            differ. Two models or more, five or more for a median that means something.
        kl: for each model (D,), its mean KL(q(z_j|x) || p(z_j)) in nats. Codes that are not above
            `kl_above` are left out. None: only codes that are constant are left out.
        similarity: "lasso", |coefficients| of a Lasso that predicts model i's codes from model
            j's, or "spearman", |rank correlations|.
        kl_above: threshold for `kl`, in nats.
        alpha: penalty of the Lasso, on standardised codes. Its shrinkage leaves a perfect match
            with R = 1 - alpha, so UDR by Lasso is at most about 0.9. Exact copies of a code may
            share a coefficient in any way: with them, the order of codes moves the score by some
            0.02.

    Returns:
        A `Result`: score, the median of the models' UDR; parts per_model (M,), pairwise (M, M)
        with entry [i, j] = UDR_ij and 0 on the diagonal, informative (M,), how many codes count.
        A pair with a model that has no informative code scores 0, as does a code without any
        similarity.

    Raises:
        ValueError: fewer than two models, different numbers of points, KL of another length,
            an unknown similarity, alpha or kl_above below 0.

    References:
        Duan et al. 2020, Unsupervised Model Selection for Variational Disentangled Representation
        Learning, section 4. Their public code averages the two sums on their own, which
        differs where d_i and d_j do.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> z = rng.normal(size=(1000, 2))
        >>> udr([z, -z[:, ::-1]]).score.__round__(2)
        0.9
    """
    codes, masks = _checked(codes, kl, kl_above)
    check_choice("similarity", similarity, ("lasso", "spearman"))
    if not alpha > 0:
        raise ValueError(f"alpha must be positive. Received: alpha={alpha}")
    warn_of_few("udr", len(codes[0]))
    if similarity == "spearman":
        codes = [rankdata(z, axis=0) for z in codes]  # ties share their mean rank
    codes = [standardised(z[:, mask]) for z, mask in zip(codes, masks, strict=True)]

    models = len(codes)
    pairwise = np.zeros((models, models))
    for i in range(models):
        for j in range(models):
            if i != j and codes[i].size and codes[j].size:
                pairwise[i, j] = _agreement(_similarity(codes[j], codes[i], similarity, alpha))
    others = pairwise[~np.eye(models, dtype=bool)].reshape(models, models - 1)
    per_model = np.median(others, axis=1)
    return Result(
        "udr",
        float(np.median(per_model)),
        parts={
            "per_model": per_model,
            "pairwise": pairwise,
            "informative": np.array([mask.sum() for mask in masks]),
        },
        settings={
            "points": len(codes[0]),
            "models": models,
            "similarity": similarity,
            "alpha": alpha if similarity == "lasso" else None,
            "kl_above": None if kl is None else kl_above,
        },
    )


def _similarity(inputs, targets, similarity: str, alpha: float) -> np.ndarray:
    """R, (codes of inputs, codes of targets)."""
    if similarity == "spearman":
        return np.abs(inputs.T @ targets) / len(inputs)
    fitted = Lasso(alpha=alpha, precompute=True, max_iter=10_000).fit(inputs, targets)
    return np.abs(fitted.coef_.reshape(targets.shape[1], inputs.shape[1])).T


def _agreement(r: np.ndarray) -> float:
    """UDR_ij of a matrix R: 1 for a permutation matrix, 1/n for n x n equal ones."""
    total = 0.0
    for axis in (0, 1):
        sums = r.sum(axis=axis)
        squares = r.max(axis=axis) ** 2
        total += np.divide(squares, sums, out=np.zeros_like(sums), where=sums > 0).sum()
    return total / sum(r.shape)


def _checked(codes, kl, kl_above: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Codes as float64, and for each model which of them count."""
    if isinstance(codes, np.ndarray) or len(codes) < 2:
        raise ValueError(
            "codes: expected a list with an array (points, latent dimensions) for each of two "
            f"models or more. Received: {type(codes).__name__} of length {len(codes)}"
        )
    codes = [check_codes(z) for z in codes]
    sizes = [len(z) for z in codes]
    if len(set(sizes)) > 1 or sizes[0] < 2:
        raise ValueError(
            "codes: expected the same images for all models, two or more. "
            f"Received: numbers of points {sizes}"
        )
    masks = [np.ptp(rescaled(z), axis=0) > 0 for z in codes]
    if kl is None:
        return codes, masks
    kl = [np.asarray(values, "float64") for values in kl]
    shapes = [values.shape for values in kl]
    if shapes != [(z.shape[1],) for z in codes] or not all(np.isfinite(v).all() for v in kl):
        raise ValueError(
            "kl: expected for each model a finite number for each latent dimension, "
            f"{[z.shape[1] for z in codes]}. Received: shapes {shapes}"
        )
    if not kl_above >= 0:
        raise ValueError(f"kl_above must not be negative. Received: kl_above={kl_above}")
    return codes, [mask & (values > kl_above) for mask, values in zip(masks, kl, strict=True)]
