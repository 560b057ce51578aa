"""JointVAE: a VAE with class codes beside the continuous ones.

Chapter 9: tutorials/09_infogan.ipynb.
"""

import math

import keras
from keras import ops

from kerasvae import distributions
from kerasvae.checks import check_count, check_non_negative, check_positive_int
from kerasvae.models.autoencoder import VariationalAutoencoder
from kerasvae.models.class_codes import (
    gumbel_softmax,
    likeliest_and_spread,
    mixed_dimension_kl,
    mixed_prior,
    one_hot_classes,
    split_logits,
)
from kerasvae.training.schedules import linear_ramp


@keras.saving.register_keras_serializable("kerasvae")
class JointVAE(VariationalAutoencoder):
    """The JointVAE: continuous factors in Gaussian codes, classes in categorical ones.

    Formula:
        reconstruction + gamma |mean(kl_continuous) - C_z| + gamma |mean(kl_categorical) - C_c|

        kl_continuous = KL(q(z|x) || N(0, I)), kl_categorical = sum over categorical codes of
        KL(q(c|x) || uniform), both exact. C_z and C_c grow in a straight line from 0 over
        `capacity_steps` steps, C_c to no more than the sum of log K, the most that the classes
        can tell. Each kind has a capacity of its own, or the classes would stay unused: a
        continuous code can always say more. Means are over the batch, inside the absolute value.

    In training a class code is a Gumbel-softmax draw, shares near a one-hot vector, through which
    the gradient passes; otherwise it is a class, drawn from q(c|x). As in `InfoGAN`, the
    categorical codes are the last of the `latent_dim` codes, and a code's value is the number of
    its class; `embed` gives the likeliest.

    Args:
        categories: number of values of each categorical code, for instance [3].
        gamma: weight of the distances from the capacities, at least 0.
        capacity: C_z at the end, in nats.
        categorical_capacity: C_c at the end, in nats; a value above the sum of log K is cut down to
            that sum. None for the whole sum.
        capacity_steps: training steps over which the capacities grow.
        temperature: temperature of the Gumbel-softmax draws, above 0.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`. The defaults here
            are those for dSprites, for which the paper has six continuous codes: latent_dim=7.
            An `encoder` of your own returns (batch, 2 continuous codes + all categories), means,
            log-variances, logits; a `decoder` takes (batch, continuous codes + all categories).

    Raises:
        ValueError: more categorical codes than codes, a negative weight or capacity, a temperature
            of 0.

    References:
        Dupont 2018, "Learning disentangled joint continuous and discrete representations".

    Example:
        >>> import numpy as np
        >>> model = JointVAE((8, 8, 1), 3, "mlp", categories=[4], capacity_steps=100)
        >>> codes = model.embed(np.zeros((5, 8, 8, 1), "float32"))
        >>> codes.shape, bool(np.isin(codes[:, 2], range(4)).all())
        ((5, 3), True)
    """

    term_names = ("reconstruction", "kl_continuous", "kl_categorical")

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
        categories=(3,),
        gamma=150.0,
        capacity=40.0,
        categorical_capacity=None,
        capacity_steps=300_000,
        temperature=0.67,
        **kwargs,
    ):
        self.categories = tuple(check_positive_int("categories", k) for k in categories)
        if not self.categories:
            raise ValueError(
                "categories must name at least one categorical code, for instance [3]; "
                "without one, this is the AnnealedVAE. Received: categories=[]"
            )
        self.gamma = check_non_negative("gamma", gamma)
        self.capacity = check_non_negative("capacity", capacity)
        if categorical_capacity is not None:
            check_non_negative("categorical_capacity", categorical_capacity)
        self.categorical_capacity = categorical_capacity
        self.capacity_steps = check_count("capacity_steps", capacity_steps)
        self.temperature = check_non_negative("temperature", temperature)
        if self.temperature == 0:
            raise ValueError("temperature must be above 0. Received: temperature=0")
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

    # Codes, as the prior and the networks see them

    has_standard_normal_prior = False

    @property
    def continuous(self):
        """How many codes are continuous; they come first."""
        return check_count("latent_dim - len(categories)", self.latent_dim - len(self.categories))

    @property
    def encoder_outputs(self):
        """Means and log-variances, and a logit for each class."""
        return 2 * self.continuous + sum(self.categories)

    @property
    def decoder_inputs(self):
        """Continuous codes, and a vector of shares for each categorical one."""
        return self.continuous + sum(self.categories)

    @property
    def prior(self):
        """p(z, c): N(0, 1) for continuous codes, uniform over the classes of the others."""
        return mixed_prior(self.continuous, self.categories)

    def encode(self, x, training=None):
        """q(z, c|x) of images.

        Returns:
            {"loc": (batch, D), "scale": (batch, D), "class_logits": (batch, all categories)},
            float32. Of a categorical code, loc is the number of the likeliest class, and scale the
            root mean square distance of the class from it, at least 1e-3.
        """
        raw = self.encoder(x, training=training)
        class_logits = ops.cast(raw[:, 2 * self.continuous :], "float32")
        gaussian = distributions.posterior_parameters(raw[:, : 2 * self.continuous])
        classes = likeliest_and_spread(class_logits, self.categories)
        both = {k: ops.concatenate([gaussian[k], classes[k]], axis=1) for k in gaussian}
        return {**both, "class_logits": class_logits}

    def class_probabilities(self, images, batch_size=256):
        """q(c|x) of images.

        Args:
            images: (n, H, W, C) float in [0, 1], or any form that `kerasvae.data.as_dataset` takes.
            batch_size: images encoded at a time.

        Returns:
            A list with (n, K) float32 for each categorical code, numpy.
        """
        logits = self.posteriors(images, batch_size)["class_logits"]
        return [ops.convert_to_numpy(ops.softmax(one)) for one in self._classes(logits)]

    def _classes(self, class_logits):
        return split_logits(class_logits, self.categories)

    knows_dimension_kl = True

    def dimension_kl(self, parameters):
        """KL of each code to its prior, (batch, D) nats, from what `encode` returned."""
        return mixed_dimension_kl(parameters, self.categories)

    def call(self, x, training=None):
        """As for every model, with "class_logits". "z" ends in the numbers of the classes."""
        parameters = self.encode(x, training)
        loc, scale = (parameters[name][:, : self.continuous] for name in ("loc", "scale"))
        z = loc + scale * keras.random.normal(ops.shape(loc), seed=self.seed_generator)
        shares = [
            gumbel_softmax(logits, self.temperature, self.seed_generator)
            for logits in self._classes(parameters["class_logits"])
        ]
        drawn = [ops.cast(ops.argmax(one, axis=1), "float32")[:, None] for one in shares]
        codes = ops.concatenate([z, *drawn], axis=1)
        if training:
            inputs = ops.concatenate([z, *shares], axis=1)
            logits = ops.cast(self.decoder(inputs, training=training), "float32")
        else:
            logits = self.decode(codes, training)
        return {**parameters, "z": codes, "logits": logits}

    def decode(self, z, training=None):
        """Logits of the pixels, (batch, H, W, C) float32, for codes (batch, D).

        Args:
            z: codes; the value of a categorical one is rounded to the nearest class.
            training: whether layers such as dropout are at work.
        """
        z = ops.cast(z, "float32")
        classes = one_hot_classes(z[:, self.continuous :], self.categories)
        inputs = ops.concatenate([z[:, : self.continuous], classes], axis=1)
        return ops.cast(self.decoder(inputs, training=training), "float32")

    # The objective

    def terms(self, x, outputs):
        """reconstruction, kl_continuous and kl_categorical, each (batch,) float32 in nats."""
        kl = self.dimension_kl(outputs)
        return {
            "reconstruction": self.reconstruction(x, outputs),
            "kl_continuous": ops.sum(kl[:, : self.continuous], axis=1),
            "kl_categorical": ops.sum(kl[:, self.continuous :], axis=1),
        }

    def current_capacities(self):
        """C_z and C_c at this training step, two scalar tensors in nats."""
        most = sum(math.log(count) for count in self.categories)
        given = self.categorical_capacity
        ends = (self.capacity, most if given is None else ops.minimum(given, most))
        return tuple(linear_ramp(self.step, 0.0, end, self.capacity_steps) for end in ends)

    def objective(self, terms):
        """The formula of the class, (batch,) float32 in nats."""
        continuous, categorical = self.current_capacities()
        excess = ops.abs(ops.mean(terms["kl_continuous"]) - continuous)
        excess = excess + ops.abs(ops.mean(terms["kl_categorical"]) - categorical)
        return terms["reconstruction"] + self.gamma * excess

    def get_config(self):
        """Every argument of the constructor."""
        names = ("categories", "gamma", "capacity", "categorical_capacity", "capacity_steps")
        own = {name: getattr(self, name) for name in (*names, "temperature")}
        return {**super().get_config(), **own}
