"""The VAE with annealed capacity: the KL is held at a value that grows.

Chapter 2: tutorials/02_beta_vae.ipynb.
"""

import keras
from keras import ops

from kerasvae.checks import check_count, check_non_negative
from kerasvae.models.autoencoder import VariationalAutoencoder
from kerasvae.training.schedules import linear_ramp


@keras.saving.register_keras_serializable("kerasvae")
class AnnealedVAE(VariationalAutoencoder):
    """The annealed VAE: the mean KL follows a capacity that grows during training.

    Formula:
        reconstruction + gamma |mean(kl) - C(step)|

        C grows in a straight line from 0 to `capacity` nats over `capacity_steps` steps. The mean
        is over the batch and inside the absolute value: the data set as a whole has a capacity,
        and some images may take more of it than others.

    Args:
        gamma: weight of the distance from the capacity, at least 0.
        capacity: C at the end, in nats.
        capacity_steps: training steps over which C grows. The count of steps is saved with the
            model, so a loaded model goes on where it was.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    Raises:
        ValueError: a negative weight, capacity or number of steps.

    References:
        Burgess et al. 2018, "Understanding disentangling in beta-VAE", equation 8.

    Example:
        >>> model = AnnealedVAE((8, 8, 1), 2, "mlp", capacity=10.0, capacity_steps=100)
        >>> float(model.current_capacity())
        0.0
    """

    def __init__(
        self,
        image_shape=(64, 64, 1),
        latent_dim=10,
        architecture=None,
        likelihood="bernoulli",
        likelihood_scale=1.0,
        encoder=None,
        decoder=None,
        seed=None,
        *,
        gamma=1000.0,
        capacity=25.0,
        capacity_steps=100_000,
        **kwargs,
    ):
        self.gamma = check_non_negative("gamma", gamma)
        self.capacity = check_non_negative("capacity", capacity)
        self.capacity_steps = check_count("capacity_steps", capacity_steps)
        super().__init__(
            image_shape,
            latent_dim,
            architecture,
            likelihood,
            likelihood_scale,
            encoder,
            decoder,
            seed,
            **kwargs,
        )

    def current_capacity(self):
        """C at this training step, a scalar tensor in nats."""
        return linear_ramp(self.step, 0.0, self.capacity, self.capacity_steps)

    def objective(self, terms):
        """reconstruction + gamma |mean(kl) - C|, (batch,) float32 in nats."""
        excess = ops.abs(ops.mean(terms["kl"]) - self.current_capacity())
        return terms["reconstruction"] + self.gamma * excess

    def get_config(self):
        """Every argument of the constructor."""
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "capacity": self.capacity,
            "capacity_steps": self.capacity_steps,
        }
