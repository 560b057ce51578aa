"""Networks of one layer, for tests that are about an objective and not about networks."""

import keras
from keras import layers


def encoder(image_shape, outputs, seed=1):
    """Images to `outputs` numbers."""
    dense = layers.Dense(outputs, kernel_initializer=keras.initializers.GlorotUniform(seed))
    return keras.Sequential([keras.Input(image_shape), layers.Flatten(), dense])


def decoder(inputs, image_shape, seed=2):
    """`inputs` numbers to logits of pixels."""
    pixels = 1
    for side in image_shape:
        pixels *= side
    dense = layers.Dense(pixels, kernel_initializer=keras.initializers.GlorotUniform(seed))
    return keras.Sequential([keras.Input((inputs,)), dense, layers.Reshape(image_shape)])
