"""Codes of classes beside Gaussian ones: how they stand in an encoder, a code vector, a decoder.

A code vector (D,) holds the continuous codes first, then the number of the class of each
categorical code. An encoder returns means, log-variances and a logit for each class; a decoder
takes the continuous codes and a vector of shares for each categorical one.
"""

import keras
import numpy as np
from keras import ops

from kerasvae import distributions
from kerasvae.distributions import tfd
from kerasvae.divergences import per_dimension_kl

# The smallest spread of a class code, so that densities of it stay finite.
SMALLEST_SPREAD = 1e-3


def split_logits(class_logits, categories):
    """The logits of each categorical code.

    Args:
        class_logits: (batch, sum of categories).
        categories: number of values of each code.

    Returns:
        A list of (batch, count).
    """
    ends = np.cumsum(categories).tolist()
    return [class_logits[:, end - count : end] for end, count in zip(ends, categories, strict=True)]


def likeliest_and_spread(class_logits, categories):
    """Each class code as a number: the likeliest class, and how far the class is from it.

    Formula:
        loc = argmax_c q(c|x), scale = sqrt(E_q (c - loc)^2), at least 1e-3

    Args:
        class_logits: (batch, sum of categories).
        categories: number of values of each code.

    Returns:
        {"loc": (batch, codes), "scale": (batch, codes)} float32.

    Example:
        >>> found = likeliest_and_spread(np.log(np.array([[0.1, 0.9]], "float32")), (2,))
        >>> round(float(found["loc"][0, 0]), 3), round(float(found["scale"][0, 0]), 3)
        (1.0, 0.316)
    """
    locs, scales = [], []
    for logits in split_logits(class_logits, categories):
        likeliest = ops.cast(ops.argmax(logits, axis=1), "float32")[:, None]  # (batch, 1)
        distance = ops.square(ops.arange(logits.shape[1], dtype="float32") - likeliest)
        spread = ops.sqrt(ops.sum(ops.softmax(logits) * distance, axis=1, keepdims=True))
        locs.append(likeliest)
        scales.append(ops.maximum(spread, SMALLEST_SPREAD))
    return {"loc": ops.concatenate(locs, axis=1), "scale": ops.concatenate(scales, axis=1)}


def one_hot_classes(numbers, categories):
    """Class codes as a decoder takes them: a one-hot vector for each, one after the other.

    Args:
        numbers: (batch, codes) float; rounded to the nearest class.
        categories: number of values of each code.

    Returns:
        (batch, sum of categories) float32.

    Example:
        >>> ops.convert_to_numpy(one_hot_classes(np.array([[1.2, 7.0]]), (3, 2))).tolist()
        [[0.0, 1.0, 0.0, 0.0, 1.0]]
    """
    vectors = []
    for column, count in enumerate(categories):
        nearest = ops.clip(ops.round(numbers[:, column]), 0, count - 1)
        vectors.append(ops.one_hot(ops.cast(nearest, "int32"), count, dtype="float32"))
    return ops.concatenate(vectors, axis=1)


def gumbel_softmax(logits, temperature, generator):
    """A draw of a class that is differentiable in the logits: shares, near a one-hot vector.

    Formula:
        y = softmax((log pi + g) / temperature), g_k = -log(-log u_k), u_k uniform on (0, 1).
        The largest share is that of class k with probability pi_k, at any temperature.

    Args:
        logits: (batch, classes), log pi up to a constant.
        temperature: above 0; near 0 a draw is one-hot.
        generator: a keras.random.SeedGenerator; its state advances.

    Returns:
        (batch, classes) float32, rows that sum to 1.

    References:
        Jang et al. 2017, "Categorical reparameterization with Gumbel-softmax"; Maddison et al.
        2017, "The concrete distribution".

    Example:
        >>> draw = gumbel_softmax(np.zeros((5, 3), "float32"), 0.5, keras.random.SeedGenerator(0))
        >>> bool(ops.all(ops.abs(ops.sum(draw, axis=1) - 1) < 1e-5))
        True
    """
    tiny = float(np.finfo("float32").tiny)
    uniform = keras.random.uniform(ops.shape(logits), tiny, 1.0, seed=generator)
    # Rounding may give 1 itself, of which the noise would be infinite.
    noise = -ops.log(ops.maximum(-ops.log(uniform), tiny))
    return ops.softmax((logits + noise) / temperature)


def categorical_kl(logits):
    """KL of a class code to the uniform distribution over its classes, exact.

    Formula:
        sum_k q(k|x) (log q(k|x) + log K)

    Args:
        logits: (batch, K), log q up to a constant.

    Returns:
        (batch,) float32, nats, from 0 to log K.

    References:
        Dupont 2018, "Learning disentangled joint continuous and discrete representations".

    Example:
        >>> kl = categorical_kl(np.array([[0.0, 0.0], [-50.0, 0.0]], "float32"))
        >>> [round(float(nats), 4) for nats in kl]  # log 2
        [0.0, 0.6931]
    """
    log_share = ops.log_softmax(logits)
    return ops.sum(ops.exp(log_share) * log_share, axis=1) + float(np.log(logits.shape[1]))


def mixed_dimension_kl(parameters, categories):
    """KL of each code to its prior: of the Gaussian ones to N(0, 1), of the others to uniform.

    Args:
        parameters: "loc", "scale" (batch, D), and "class_logits" where there are class codes.
        categories: number of values of each categorical code, the last of the D.

    Returns:
        (batch, D) float32, nats.
    """
    continuous = parameters["loc"].shape[1] - len(categories)
    gaussian = {name: parameters[name][:, :continuous] for name in ("loc", "scale")}
    parts = [per_dimension_kl(gaussian)]
    if categories:
        logits = split_logits(parameters["class_logits"], categories)
        parts.append(ops.stack([categorical_kl(one) for one in logits], axis=1))
    return ops.concatenate(parts, axis=1)


def mixed_prior(continuous, categories):
    """N(0, 1) for the continuous codes, the uniform distribution over the classes of the others.

    Args:
        continuous: how many codes are Gaussian.
        categories: number of values of each categorical code.

    Returns:
        A tfd distribution with event shape (continuous + len(categories),).
    """
    parts = [distributions.standard_normal(continuous)] if continuous else []
    for count in categories:
        classes = tfd.Categorical(logits=np.zeros((1, count), "float32"), dtype="float32")
        parts.append(tfd.Independent(classes, 1))
    return parts[0] if len(parts) == 1 else tfd.Blockwise(parts)
