"""Two images that share something: which latent dimensions are shared, and their one posterior."""

from keras import ops

from kerasvae.distributions import tfd


def shared_dimensions(first, second):
    """Which dimensions two posteriors share, by a threshold that each pair sets for itself.

    Formula:
        delta_j = KL(q(z_j|x_1) || q(z_j|x_2));
        dimension j is shared if delta_j < (max_k delta_k + min_k delta_k) / 2.
        Of two equal posteriors none is shared by this rule, and their average is what they are.

    Args:
        first: {"loc": (batch, D), "scale": (batch, D)} of the first images.
        second: the same of the second images.

    Returns:
        (batch, D) bool.

    References:
        Locatello et al. 2020, "Weakly-supervised disentanglement without compromises".

    Example:
        >>> import numpy as np
        >>> one = {"loc": np.zeros((1, 3), "float32"), "scale": np.ones((1, 3), "float32")}
        >>> other = {**one, "loc": np.array([[0.1, 2.0, 0.2]], "float32")}
        >>> [bool(shared) for shared in shared_dimensions(one, other)[0]]
        [True, False, True]
    """
    delta = tfd.kl_divergence(_normal(first), _normal(second))  # (batch, D)
    highest = ops.max(delta, axis=1, keepdims=True)
    lowest = ops.min(delta, axis=1, keepdims=True)
    return delta < 0.5 * (highest + lowest)


def gvae_average(first, second):
    """The group VAE's average of two posteriors: of means, and of variances.

    Formula:
        mean (mu_1 + mu_2) / 2, variance (sigma_1^2 + sigma_2^2) / 2

    Args:
        first: {"loc": (..., D), "scale": (..., D)}.
        second: the same.

    Returns:
        {"loc": (..., D), "scale": (..., D)} float32.

    References:
        Hosoya 2019, "Group-based learning of disentangled representations with generalizability
        for novel contents"; Locatello et al. 2020.

    Example:
        >>> import numpy as np
        >>> one = {"loc": np.zeros(1, "float32"), "scale": np.ones(1, "float32")}
        >>> two = {"loc": np.full(1, 4.0, "float32"), "scale": np.full(1, 7.0, "float32")}
        >>> {name: float(value[0]) for name, value in gvae_average(one, two).items()}
        {'loc': 2.0, 'scale': 5.0}
    """
    variance = 0.5 * (ops.square(first["scale"]) + ops.square(second["scale"]))
    return {"loc": 0.5 * (first["loc"] + second["loc"]), "scale": ops.sqrt(variance)}


def ml_vae_average(first, second):
    """The multi-level VAE's average of two posteriors: their product, as wide as one of them.

    Formula:
        variance 2 sigma_1^2 sigma_2^2 / (sigma_1^2 + sigma_2^2),
        mean variance / 2 (mu_1 / sigma_1^2 + mu_2 / sigma_2^2).
        This is the density proportional to sqrt(q_1 q_2): precisions are averaged, and the more
        certain posterior pulls the mean to its side.

    Args:
        first: {"loc": (..., D), "scale": (..., D)}.
        second: the same.

    Returns:
        {"loc": (..., D), "scale": (..., D)} float32.

    References:
        Bouchacourt et al. 2018, "Multi-level variational autoencoder"; Locatello et al. 2020.

    Example:
        >>> import numpy as np
        >>> one = {"loc": np.zeros(1, "float32"), "scale": np.full(1, 1.0, "float32")}
        >>> two = {"loc": np.full(1, 4.0, "float32"), "scale": np.full(1, 7**-0.5, "float32")}
        >>> average = ml_vae_average(one, two)  # precisions 1 and 7
        >>> round(float(average["loc"][0]), 4), round(float(average["scale"][0]), 4)
        (3.5, 0.5)
    """
    precisions = [1.0 / ops.square(one["scale"]) for one in (first, second)]
    total = precisions[0] + precisions[1]
    loc = (precisions[0] * first["loc"] + precisions[1] * second["loc"]) / total
    return {"loc": loc, "scale": ops.sqrt(2.0 / total)}


# Names of the averages, as the models take them.
AVERAGES = {"gvae": gvae_average, "ml-vae": ml_vae_average}


def _normal(parameters):
    return tfd.Normal(parameters["loc"], parameters["scale"])
