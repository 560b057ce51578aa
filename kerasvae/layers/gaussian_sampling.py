"""The reparametrised draw as a layer."""

import keras

from kerasvae.distributions import posterior, sample
from kerasvae.training.random_state import SavedSeed


@keras.saving.register_keras_serializable("kerasvae")
class GaussianSampling(SavedSeed, keras.layers.Layer):
    """Draws z from a Gaussian so that gradients reach its mean and its scale.

    Formula:
        z = loc + scale * epsilon, epsilon from N(0, I)

    Args:
        seed: whole number for the draws, or None.
        **kwargs: as for any Keras layer.

    Call arguments:
        inputs: the pair (loc, scale), each (batch, D); scale positive.

    Returns:
        z, (batch, D) float32.

    Raises:
        ValueError: the inputs are not a pair of equal shapes.

    References:
        Kingma & Welling 2014, section 2.4.

    Example:
        >>> import numpy as np
        >>> z = GaussianSampling(seed=0)((np.zeros((2, 3)), np.ones((2, 3))))
        >>> tuple(z.shape)
        (2, 3)
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.autocast = False  # a half-precision scale would round the noise

    def build(self, input_shape):
        """Check the shapes; there are no weights."""
        shapes = [tuple(shape) for shape in input_shape if isinstance(shape, list | tuple)]
        if len(shapes) != 2 or len(input_shape) != 2 or shapes[0] != shapes[1]:
            raise ValueError(
                "GaussianSampling takes the pair (loc, scale), two tensors of one shape. "
                f"Received: shapes {input_shape}"
            )

    def call(self, inputs):
        """One draw for each image of the batch."""
        loc, scale = (keras.ops.cast(value, "float32") for value in inputs)
        return sample(posterior({"loc": loc, "scale": scale}), self.seed_generator)

    def compute_output_spec(self, inputs):
        """Shape and dtype of z."""
        return keras.KerasTensor(inputs[0].shape, dtype="float32")

    def get_config(self):
        """Every argument of the constructor."""
        return {**super().get_config(), "seed": self.seed}
