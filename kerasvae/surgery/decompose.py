"""ELBO surgery: what the KL term of a trained model consists of, over a whole data set.

Chapter 3: tutorials/03_elbo_surgery.ipynb.
"""

import numpy as np
from keras import ops
from tqdm import tqdm

from kerasvae.backend.many import for_many
from kerasvae.checks import check_count, check_positive_int
from kerasvae.data import as_dataset
from kerasvae.estimators.marginals import log_marginal_densities
from kerasvae.estimators.mixtures import log_mixture_sum
from kerasvae.estimators.sampling import (
    LOG_SQRT_2PI,
    check_scale,
    log_normal_density,
    systematic_draw,
)
from kerasvae.surgery.control_variates import controlled_means
from kerasvae.surgery.decomposition import Decomposition

# Images that pass through the networks at once.
BATCH_SIZE = 256

# Fewer samples leave too few pairs for a standard error.
MIN_SAMPLES = 16


def decompose_posterior(loc, scale, samples: int = 10_000, seed: int = 0) -> Decomposition:
    """Split the mean KL of a data set into mutual information, total correlation and the rest.

    Formula:
        q(z) = 1/N sum_n q(z|x_n), over all N images, never over a batch;
        kl = mutual_information + marginal_kl, marginal_kl = total_correlation + dimension_wise_kl.
        kl is exact. The others are means over pairs of an image n, drawn systematically over the
        data set's order, and z drawn from q(z|x_n): marginal_kl of log q(z) - log p(z),
        total_correlation of log q(z) - sum_j log q(z_j), dimension_wise_kl of
        sum_j log q(z_j) - log p(z_j), and mutual_information = kl - marginal_kl. Two control
        variates, log q(z|x) and log p(z), whose means over the data set are known exactly, make
        the standard errors several times smaller.

    Args:
        loc: (N, D) means of q(z|x), one row per image of the data set.
        scale: (N, D) standard deviations of q(z|x), positive.
        samples: how many pairs to draw. The standard errors fall with its square root, the time
            grows with samples times N.
        seed: whole number; the same seed gives the same figures.

    Returns:
        A Decomposition, in nats per image. The identities hold to rounding. The standard errors
        are for these N images as the whole population.

    Raises:
        ValueError: arrays that are not an (N, D) pair, NaN, a scale that is not positive, too few
            samples.

    References:
        Hoffman & Johnson 2016, equation 8; Chen et al. 2018, equation 2. For the draws and their
        errors: Cochran 1977, "Sampling Techniques", sections 5A.12 (collapsed strata) and 7.3.

    Example:
        >>> loc, scale = np.array([[-1.0], [1.0]]), np.full((2, 1), 0.01)  # two images, far apart
        >>> result = decompose_posterior(loc, scale, samples=100)
        >>> print(f"{result.mutual_information:.4f}, log 2 is {np.log(2):.4f}")
        0.6931, log 2 is 0.6931
    """
    loc, scale = _checked_posterior(loc, scale)
    samples = _checked_samples(samples)
    image, z = _draw(loc, scale, samples, check_count("seed", seed))
    return _decompose(loc, scale, image, z)


def decompose(
    model, images, samples: int = 10_000, seed: int = 0, parameters: dict | None = None
) -> Decomposition:
    """Split a model's KL over all images, as `decompose_posterior`, and add the reconstruction.

    Formula:
        As `decompose_posterior`, and reconstruction = -E log p(x|z) over the same pairs.

    Args:
        model: any model of kerasvae that encodes and decodes.
        images: (N, H, W, C) float in [0, 1], or a data set of kerasvae.data; a stream, whose
            images cannot be read by index, is refused.
        samples: how many pairs of an image and z to draw.
        seed: whole number; the same seed gives the same figures.
        parameters: what `model.posteriors(images)` returned, if you have it: then the images are
            not encoded again.

    Returns:
        A Decomposition, in nats per image.

    Raises:
        ValueError: images that do not fit the model, too few samples, codes with NaN, or a model
            whose prior is not N(0, I).

    Example:
        >>> from kerasvae import VAE
        >>> model = VAE(image_shape=(32, 32, 1), latent_dim=2, architecture="mlp")
        >>> result = decompose(model, np.zeros((4, 32, 32, 1), "float32"), samples=100)
        >>> bool(result.mutual_information < np.log(4))
        True
    """
    samples = _checked_samples(samples)
    check_count("seed", seed)
    _check_prior(model)
    images = as_dataset(images, model.image_shape, "images")
    fetch, count = images.images, images.length
    if parameters is None:
        parameters = dict(zip(("loc", "scale"), _encode(model, fetch, count), strict=True))
    loc, scale = _checked_posterior(**parameters)
    if len(loc) != count:
        raise ValueError(
            f"parameters: expected a row for each of the {count} images. Received: {len(loc)} rows"
        )
    image, z = _draw(loc, scale, samples, seed)
    return _decompose(loc, scale, image, z, _reconstruction(model, fetch, image, z))


# Draw


def _draw(loc, scale, samples, seed):
    """Pairs (image, z)."""
    rng = np.random.default_rng(seed)
    image = systematic_draw(len(loc), samples, rng)
    z = loc[image] + scale[image] * rng.standard_normal((samples, loc.shape[1]))
    # Round once, here: every density below is then that of the same float32 point.
    return image, z.astype("float32")


# Evaluate and average


def _decompose(loc, scale, image, z, reconstruction=None):
    exact = _exact_means(loc, scale)
    values, controls = _log_densities(loc, scale, image, z)
    if reconstruction is not None:
        values["reconstruction"] = reconstruction
    means, errors = controlled_means(
        np.stack(list(values.values()), axis=1), controls - exact["controls"]
    )
    means = dict(zip(values, means.tolist(), strict=True))
    errors = dict(zip(values, errors.tolist(), strict=True))
    kl = float(exact["per_dimension_kl"].sum())
    return Decomposition(
        **means,
        kl=kl,
        mutual_information=kl - means["marginal_kl"],
        per_dimension_kl=exact["per_dimension_kl"],
        standard_errors={**errors, "kl": 0.0, "mutual_information": errors["marginal_kl"]},
        num_images=len(loc),
        samples=len(z),
    )


def _exact_means(loc, scale):
    """Means over all images in closed form: KL of each dimension, log q(z|x) and log p(z)."""
    per_dimension = []
    for k in range(loc.shape[1]):  # a column at a time, float64, however large the data set
        mean, deviation = loc[:, k].astype("float64"), scale[:, k].astype("float64")
        log_posterior = -np.mean(np.log(deviation)) - LOG_SQRT_2PI - 0.5
        log_prior = -0.5 * np.mean(mean**2 + deviation**2) - LOG_SQRT_2PI
        per_dimension.append((log_posterior, log_prior))
    per_dimension = np.array(per_dimension)  # (D, 2)
    return {
        "per_dimension_kl": per_dimension[:, 0] - per_dimension[:, 1],
        "controls": per_dimension.sum(axis=0),
    }


def _log_densities(loc, scale, image, z):
    """For each pair, what the terms are means of; and the controls, log q(z|x) and log p(z)."""
    log_qz_given_x = log_normal_density(z, loc[image], scale[image])  # (M, D)
    log_pz = log_normal_density(z, 0.0, 1.0)  # (M, D)
    log_n = np.log(len(loc))
    with tqdm(total=len(loc), desc="q(z)", unit=" images", disable=None) as bar:
        log_qz = log_mixture_sum(z, loc, scale, bar.update) - log_n  # (M,)
    with tqdm(total=z.shape[1], desc="q(z_j)", unit=" dimensions", disable=None) as bar:
        # An image's own share of q(z_j) is a lower bound of it.
        marginals = log_marginal_densities(z, loc, scale, log_qz_given_x - log_n, bar.update)
    values = {
        "marginal_kl": log_qz - log_pz.sum(axis=1),
        "total_correlation": log_qz - marginals.sum(axis=1),
        "dimension_wise_kl": (marginals - log_pz).sum(axis=1),
    }
    return values, np.stack([log_qz_given_x.sum(axis=1), log_pz.sum(axis=1)], axis=1)


# Pass images through the model


def _encode(model, fetch, total):
    loc, scale = [], []
    encode = for_many(model.encode, total)
    for indices in _batches(np.arange(total), "encode"):
        parameters = encode(fetch(indices))
        loc.append(ops.convert_to_numpy(parameters["loc"]))
        scale.append(ops.convert_to_numpy(parameters["scale"]))
    return np.concatenate(loc), np.concatenate(scale)


def _reconstruction(model, fetch, image, z):
    """(M,) -log p(x|z) of each pair."""
    values = []
    for part in _batches(np.arange(len(z)), "decode"):
        pixels = model.pixel_distribution(model.decode(z[part]))
        values.append(-ops.convert_to_numpy(pixels.log_prob(fetch(image[part]))))
    return np.concatenate(values).astype("float64")


def _batches(indices, description):
    with tqdm(total=len(indices), desc=description, unit=" images", disable=None) as bar:
        for start in range(0, len(indices), BATCH_SIZE):
            batch = indices[start : start + BATCH_SIZE]
            yield batch
            bar.update(len(batch))


# Checks


def _check_prior(model):
    if getattr(model, "categories", ()):
        raise ValueError(
            "surgery splits the KL of Gaussian codes, but this "
            f"{type(model).__name__} has class codes too. For what its codes tell about the "
            "images, see kerasvae.surgery.mixed_information. "
            f"Received: categories={model.categories}"
        )
    if not getattr(model, "has_standard_normal_prior", True):
        raise ValueError(
            f"surgery compares with the prior N(0, I), but this {type(model).__name__} has another "
            "prior. Mutual information and total correlation do not depend on the prior: "
            "decompose_posterior(**model.posteriors(images)) gives them."
        )


def _checked_posterior(loc, scale):
    loc, scale = (np.asarray(ops.convert_to_numpy(a)) for a in (loc, scale))
    received = f"Received: loc of shape {loc.shape}, scale of shape {scale.shape}"
    if loc.ndim != 2 or loc.shape != scale.shape or loc.size == 0:
        raise ValueError(
            "loc and scale must both be arrays of shape (images, latent dimensions), with at least "
            f"one image; encode(images) gives them. {received}"
        )
    loc, scale = loc.astype("float32", copy=False), scale.astype("float32", copy=False)
    for name, array in (("loc", loc), ("scale", scale)):
        if not np.isfinite(array).all():
            row = int(np.argmin(np.isfinite(array).all(axis=1)))
            raise ValueError(
                f"{name} must hold finite numbers; NaN or infinity comes from training that "
                f"diverged. Received: {name}[{row}] = {array[row]}"
            )
    check_scale(scale)
    return loc, scale


def _checked_samples(samples):
    samples = check_positive_int("samples", samples)
    if samples < MIN_SAMPLES:
        raise ValueError(
            f"samples must be at least {MIN_SAMPLES}, or the standard errors mean nothing. "
            f"Received: samples={samples}"
        )
    return samples
