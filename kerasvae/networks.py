"""Encoders, decoders and discriminators, as plain Keras models.

An encoder maps images (batch, H, W, C) to raw parameters (batch, 2 D): mean and log-variance.
A decoder maps codes (batch, D) to logits (batch, H, W, C). Both end in float32, so that a
mixed-precision policy speeds up the network and leaves the arithmetic of the losses exact.
"""

import math
import re

import keras
from keras import layers

from kerasvae.checks import check_choice

# The stride-2 stacks halve the image four times; below 28 nothing is left to convolve.
MIN_SIZE, MAX_SIZE = 28, 128

# Below this size the mlp is both better and faster on a processor, and is the default.
SMALLEST_FOR_CONVOLUTIONS = 48

# name: (encoder convolutions as (filters, kernel), encoder dense, decoder dense before the
# reshape, decoder deconvolution filters before the last); every convolution has stride 2.
CONVOLUTIONAL = {
    "burgess": ([(32, 4)] * 4, [256, 256], [256, 256], [32, 32, 32]),
    "locatello": ([(32, 4), (32, 4), (64, 2), (64, 2)], [256], [256], [64, 32, 32]),
}
ARCHITECTURES = (*CONVOLUTIONAL, "mlp")

# What a network of each role returns, in words.
MEANINGS = {
    "encoder": "means, then log-variances",
    "decoder": "logits of the pixels",
    "discriminator": "logits of class 0 and class 1",
}

# Output activations after which a number is not a logit any more; layers that only pass on.
BOUNDED = ("sigmoid", "hard_sigmoid", "softmax", "tanh", "hard_tanh", "relu", "relu6", "softplus")
PASSING = (layers.Reshape, layers.Flatten, layers.Permute, layers.Cropping2D, layers.Dropout)


def suited_architecture(image_shape):
    """The default network for images of a shape.

    Args:
        image_shape: (H, W, C).

    Returns:
        "burgess" for square images of 48 to 128 pixels, else "mlp".

    Raises:
        ValueError: images too large for any of them.

    Example:
        >>> suited_architecture((64, 64, 3)), suited_architecture((32, 32, 1))
        ('burgess', 'mlp')
    """
    height, width = image_shape[:2]
    if max(height, width) > MAX_SIZE:
        raise ValueError(
            f"The networks are made for images of up to {MAX_SIZE} pixels. Shrink the images, for "
            "instance with from_images(folder, image_size=64), or ask for architecture='mlp'. "
            f"Received: images of {height}x{width}"
        )
    return "burgess" if height == width >= SMALLEST_FOR_CONVOLUTIONS else "mlp"


def build_encoder(architecture, image_shape, outputs, activation="relu", dtype=None):
    """An encoder by name.

    Args:
        architecture: "burgess", "locatello" or "mlp".
        image_shape: (H, W, C); the convolutional ones need square images of 28 to 128 pixels.
        outputs: numbers for each image; 2 D for the parameters of a Gaussian q(z|x).
        activation: activation of the hidden layers.
        dtype: their dtype policy; None for Keras's global one.

    Returns:
        A keras.Model from (batch, H, W, C) to (batch, outputs) float32.

    Raises:
        ValueError: unknown name, or images that a stride-2 stack does not fit.

    References:
        Burgess et al. 2018, appendix A (burgess); Locatello et al. 2019, table 1 (locatello);
        Chen et al. 2018, appendix (mlp).
    """
    check_architecture(architecture, image_shape)
    images = keras.Input(image_shape, name="images")
    x = images
    if architecture == "mlp":
        x = layers.Flatten(dtype=dtype)(x)
        dense = [1200, 1200]
    else:
        convolutions, dense, _, _ = CONVOLUTIONAL[architecture]
        for filters, kernel in convolutions:
            x = layers.Conv2D(
                filters, kernel, strides=2, padding="same", activation=activation, dtype=dtype
            )(x)
        x = layers.Flatten(dtype=dtype)(x)
    for units in dense:
        x = layers.Dense(units, activation=activation, dtype=dtype)(x)
    parameters = layers.Dense(outputs, dtype="float32", name="parameters")(x)
    return keras.Model(images, parameters, name="encoder")


def build_decoder(architecture, latent_dim, image_shape, dtype=None, normalized=False):
    """A decoder by name, the mirror of the encoder of that name.

    Args:
        architecture: "burgess", "locatello" or "mlp".
        latent_dim: D.
        image_shape: (H, W, C).
        dtype: dtype policy of the hidden layers; None for Keras's global one.
        normalized: whether batch normalization precedes the activation of each hidden layer, as
            in the generators of GANs.

    Returns:
        A keras.Model from (batch, D) to logits (batch, H, W, C) float32.

    Raises:
        ValueError: unknown name, or images that a stride-2 stack does not fit.

    References:
        As for `build_encoder`.
    """
    check_architecture(architecture, image_shape)

    def hidden(x, layer, activation, **options):
        """A hidden layer and its activation, with batch normalization between them on request."""
        if not normalized:
            return layer(activation=activation, dtype=dtype, **options)(x)
        # No bias before the normalization, which would take it away again.
        x = layer(use_bias=False, dtype=dtype, **options)(x)
        x = layers.BatchNormalization(momentum=0.9, dtype=dtype)(x)
        return layers.Activation(activation, dtype=dtype)(x)

    codes = keras.Input((latent_dim,), name="codes")
    x = codes
    if architecture == "mlp":
        for _ in range(3):
            x = hidden(x, layers.Dense, "tanh", units=1200)
        x = layers.Dense(math.prod(image_shape), dtype="float32")(x)
        logits = layers.Reshape(image_shape, dtype="float32", name="logits")(x)
        return keras.Model(codes, logits, name="decoder")

    _, _, dense, filters = CONVOLUTIONAL[architecture]
    sides = _sides(image_shape[0], len(filters) + 1)  # e.g. 64, 32, 16, 8, 4
    for units in dense:
        x = hidden(x, layers.Dense, "relu", units=units)
    x = hidden(x, layers.Dense, "relu", units=sides[-1] ** 2 * filters[0])
    x = layers.Reshape((sides[-1], sides[-1], filters[0]), dtype=dtype)(x)
    for count, side in zip(filters, sides[-2:0:-1], strict=True):
        deconvolution = {"filters": count, "kernel_size": 4, "strides": 2, "padding": "same"}
        x = hidden(x, layers.Conv2DTranspose, "relu", **deconvolution)
        x = _crop(x, side)
    x = layers.Conv2DTranspose(image_shape[-1], 4, strides=2, padding="same", dtype="float32")(x)
    return keras.Model(codes, _crop(x, sides[0]), name="decoder")


def build_discriminator(latent_dim, hidden, activation, dtype=None):
    """A discriminator of codes: two logits, of class 0 and class 1.

    Args:
        latent_dim: D.
        hidden: units of each hidden layer, for instance [1000] * 6.
        activation: activation of the hidden layers.
        dtype: their dtype policy; None for Keras's global one.

    Returns:
        A keras.Model from (batch, D) to (batch, 2) float32.

    References:
        Kim & Mnih 2018, appendix B; Makhzani et al. 2015, appendix A.
    """
    x = codes = keras.Input((latent_dim,), name="codes")
    for units in hidden:
        x = layers.Dense(units, activation=activation, dtype=dtype)(x)
    logits = layers.Dense(2, dtype="float32", name="logits")(x)
    return keras.Model(codes, logits, name="discriminator")


def check_architecture(architecture, image_shape):
    """Refuse an unknown name, or images that the named network cannot take.

    Args:
        architecture: "burgess", "locatello" or "mlp".
        image_shape: (H, W, C).

    Raises:
        ValueError: says which sizes fit, and that "mlp" takes any.
    """
    check_choice("architecture", architecture, ARCHITECTURES)
    height, width = image_shape[:2]
    if architecture != "mlp" and not (height == width and MIN_SIZE <= height <= MAX_SIZE):
        raise ValueError(
            f"The {architecture} network takes square images of {MIN_SIZE} to {MAX_SIZE} pixels. "
            "Resize the images, use architecture='mlp', which takes any size, or pass an "
            f"encoder and a decoder of your own. Received: image_shape={image_shape}"
        )


def check_custom(role, network, input_shape, output_shape):
    """Refuse a user's network whose shapes do not fit the model.

    Args:
        role: "encoder", "decoder" or "discriminator", for the message.
        network: a keras.Model, or None.
        input_shape: shape of one example that goes in.
        output_shape: shape of one example that must come out.

    Raises:
        ValueError: not a Keras model, or one with other shapes.
    """
    if not isinstance(network, keras.Model):
        raise ValueError(
            f"{role}: expected a keras.Model from {input_shape} to {output_shape}. "
            f"Received: {role}={network!r}"
        )
    try:
        result = network(keras.KerasTensor((None, *input_shape)))
    except Exception as error:
        raise ValueError(
            f"{role}: it must take inputs of shape (batch, {', '.join(map(str, input_shape))}), "
            f"and calling it with such an input failed: {error}"
        ) from error
    received = getattr(result, "shape", None)
    if received is None or tuple(received[1:]) != tuple(output_shape):
        meaning = MEANINGS[role]
        raise ValueError(
            f"{role}: its output must have shape (batch, {', '.join(map(str, output_shape))})"
            f" ({meaning}). Received: {received if received is not None else type(result)}"
        )
    if role in ("decoder", "discriminator") and (found := output_activation(network)) in BOUNDED:
        raise ValueError(
            f"{role}: it must return {MEANINGS[role]}, any real numbers, to which the model "
            f"applies the sigmoid or softmax itself. Take the activation off its last layer. "
            f"Received: a network that ends in {found}"
        )


def output_activation(network):
    """Name of the activation that a network ends in.

    Args:
        network: a keras.Model; if it is a subclass, its last layer cannot be seen.

    Returns:
        For instance "sigmoid" or "linear"; None where it cannot be told.

    Example:
        >>> codes = keras.Input((2,))
        >>> shaped = layers.Reshape((2, 2, 1))(layers.Dense(4, activation="sigmoid")(codes))
        >>> output_activation(keras.Model(codes, shaped))
        'sigmoid'
    """
    if not isinstance(network, keras.Model) or not getattr(network, "outputs", None):
        return None
    tensor = network.outputs[0]
    while tensor is not None:
        operation, node, position = tensor._keras_history
        if isinstance(operation, keras.Model):
            return output_activation(operation)
        if isinstance(operation, PASSING):
            tensor = operation._inbound_nodes[node].input_tensors[0]
            continue
        activation = getattr(operation, "activation", None)
        if activation is None:  # an operation of keras.ops, or another layer: ReLU, Softmax, ...
            return _snake_case(type(operation).__name__)
        return getattr(activation, "__name__", None)
    return None


def _snake_case(name):
    """ReLU, HardSigmoid, Softmax as the activations of that name are called."""
    parts = re.findall(r"ReLU6?|[A-Z][a-z0-9]*", name)
    return "_".join(parts).lower()


def _sides(size, halvings):
    """Side lengths of the feature maps from the image down, rounding up as "same" padding does."""
    sides = [size]
    for _ in range(halvings):
        sides.append(math.ceil(sides[-1] / 2))
    return sides


def _crop(x, side):
    """Cut the row and column that a deconvolution adds where the mirrored side was odd."""
    excess = x.shape[1] - side
    return layers.Cropping2D(((0, excess), (0, excess)), dtype=x.dtype)(x) if excess else x
