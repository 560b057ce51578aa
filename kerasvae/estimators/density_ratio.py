"""The density-ratio trick: a discriminator's logits are an estimate of a log density ratio.

Chapter 7: tutorials/07_factor_vae.ipynb.
"""

import keras
from keras import ops


def permute_dims(z, generator):
    """Codes of the product of marginals: each column shuffled over the batch on its own.

    Formula:
        z'_ij = z_{pi_j(i) j}, a permutation pi_j for each dimension j. Rows of z follow q(z), rows
        of z' follow prod_j q(z_j), as the batch grows.

    Args:
        z: (batch, D) codes.
        generator: a keras.random.SeedGenerator; its state advances.

    Returns:
        (batch, D), the dtype of z.

    References:
        Kim & Mnih 2018, algorithm 1.

    Example:
        >>> import numpy as np
        >>> z = np.arange(6.0).reshape(3, 2)
        >>> shuffled = ops.convert_to_numpy(permute_dims(z, keras.random.SeedGenerator(0)))
        >>> np.sort(shuffled, axis=0).tolist() == z.tolist()  # no value leaves its column
        True
    """
    # Sorting noise gives all D permutations in one operation.
    order = ops.argsort(keras.random.uniform(ops.shape(z), seed=generator), axis=0)
    return ops.take_along_axis(ops.convert_to_tensor(z), order, axis=0)


def log_density_ratio(logits):
    """log p_0(z) / p_1(z) of each code, from a discriminator of class 0 against class 1.

    Formula:
        d_0 - d_1. For the best discriminator D_0 = p_0 / (p_0 + p_1), so this is the log ratio;
        its mean over draws of p_0 is KL(p_0 || p_1).

    Args:
        logits: (batch, 2) of a discriminator that saw both classes equally often.

    Returns:
        (batch,) float32, nats.

    References:
        Kim & Mnih 2018, equation 3; Sugiyama et al. 2012.

    Example:
        >>> float(log_density_ratio(ops.convert_to_tensor([[1.0, -0.5]]))[0])
        1.5
    """
    logits = ops.cast(logits, "float32")
    return logits[:, 0] - logits[:, 1]


def discriminator_terms(ratio_0, ratio_1):
    """What a discriminator minimises on examples of class 0 and as many of class 1.

    Formula:
        With the discriminator's log ratio r = log D / (1 - D), D the probability of class 0:
        discriminator_loss = 1/2 (-log D(z_0) - log(1 - D(z_1)))
        discriminator_accuracy = share of the two on the right side; a tie counts half.
        A loss of log 2 and an accuracy of 1/2 mean that the classes cannot be told apart.

    Args:
        ratio_0: (batch,) r of examples of class 0.
        ratio_1: (batch,) r of examples of class 1.

    Returns:
        A dict of both names, each (batch,) float32; the loss in nats.

    References:
        Kim & Mnih 2018, algorithm 2; Goodfellow et al. 2014, equation 1.

    Example:
        >>> zero = ops.zeros(1)
        >>> float(discriminator_terms(zero, zero)["discriminator_loss"][0])  # log 2
        0.6931
    """
    right = ops.sign(ratio_0) - ops.sign(ratio_1)  # (batch,) from -2, both wrong, to 2
    return {
        # From logits: the logarithm of a softmax that has rounded to 0 has no gradient.
        "discriminator_loss": 0.5 * (ops.softplus(-ratio_0) + ops.softplus(ratio_1)),
        "discriminator_accuracy": 0.5 + 0.25 * right,
    }
