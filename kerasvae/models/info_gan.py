"""InfoGAN: a generator whose code can be read back from its images.

Chapter 9: tutorials/09_infogan.ipynb.
"""

import math

import keras
import numpy as np
from keras import ops

from kerasvae import distributions
from kerasvae.backend import tfp_seed
from kerasvae.checks import check_count, check_non_negative, check_positive_int
from kerasvae.distributions import tfd
from kerasvae.estimators import discriminator_terms
from kerasvae.models.class_codes import (
    likeliest_and_spread,
    mixed_dimension_kl,
    mixed_prior,
    one_hot_classes,
    split_logits,
)
from kerasvae.models.latent_variable_model import LatentVariableModel
from kerasvae.training.players import Player

_GAUSSIAN_ENTROPY = 0.5 * math.log(2 * math.pi * math.e)  # of N(0, 1), in nats


@keras.saving.register_keras_serializable("kerasvae")
class InfoGAN(LatentVariableModel):
    """The InfoGAN: a GAN that keeps its codes c readable, by a bound on I(c; image).

    Formula:
        generator: -log D(G(c, noise)) - weighted bound
        discriminator with Q head: discriminator_loss - weighted bound

        weighted bound = lambda_info (bound of the class codes)
                         + lambda_continuous (bound of the continuous codes)
        bound = E log Q(c|G(c, noise)) + H(c) <= I(c; G(c, noise))
        mutual_information_bound: the two bounds' sum, as it is logged
        discriminator_loss = 1/2 (-log D(x) - log(1 - D(G(c, noise))))

    The encoder is the discriminator: it returns the logit of D, and the parameters of Q(c|x),
    Gaussian for continuous codes and categorical for the others. So a code has a posterior as in
    a VAE, and every view, plot and metric works on it. Continuous codes are N(0, 1) here, as in
    the VAEs, where the paper draws them from the uniform distribution.

    The generator that is built here has batch normalization. On 8x8 digits, dropout in a
    discriminator of your own also helped (chapter 9 of the tutorials).

    Args:
        categories: number of values of each categorical code, for instance [10]. These codes are
            the last of the `latent_dim` codes; their value is the number of the class.
        noise_dim: how many numbers of incompressible noise the generator gets besides the code.
        lambda_info: weight of the class codes' bound, at least 0; the paper: 1.
        lambda_continuous: weight of the continuous codes' bound, at least 0. The paper advises a
            smaller weight than lambda_info, so that a differential entropy, which has no upper
            limit, does not outweigh the game.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`. The likelihood is
            only for reconstructions.
            An `encoder` of your own returns (batch, 1 + 2 continuous codes + all categories), a
            `decoder` takes (batch, continuous codes + all categories + noise_dim).

    Raises:
        ValueError: more categorical codes than codes, or a negative weight.

    References:
        Chen et al. 2016, "InfoGAN: Interpretable representation learning by information maximizing
        generative adversarial nets", equations 5 and 6.

    Example:
        >>> model = InfoGAN((8, 8, 1), 3, "mlp", categories=[10], noise_dim=4)
        >>> model.embed(np.zeros((5, 8, 8, 1), "float32")).shape
        (5, 3)
    """

    term_names = (
        "generator_loss",
        "mutual_information_bound",
        "discriminator_loss",
        "discriminator_accuracy",
    )
    default_learning_rate = 2e-4
    encoder_activation = "leaky_relu"
    decoder_normalized = True

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
        categories=(),
        noise_dim=62,
        lambda_info=1.0,
        lambda_continuous=0.1,
        **kwargs,
    ):
        self.categories = tuple(check_positive_int("categories", k) for k in categories)
        self.noise_dim = check_count("noise_dim", noise_dim)
        self.lambda_info = check_non_negative("lambda_info", lambda_info)
        self.lambda_continuous = check_non_negative("lambda_continuous", lambda_continuous)
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

    @property
    def continuous(self):
        """How many codes are continuous; they come first."""
        return check_count("latent_dim - len(categories)", self.latent_dim - len(self.categories))

    @property
    def encoder_outputs(self):
        """The logit of D, means and log-variances of Q, and a logit for each class."""
        return 1 + 2 * self.continuous + sum(self.categories)

    @property
    def decoder_inputs(self):
        """Continuous codes, a one-hot vector for each categorical one, and the noise."""
        return self.continuous + sum(self.categories) + self.noise_dim

    @property
    def prior(self):
        """p(c): N(0, 1) for continuous codes, uniform over the classes of the others."""
        return mixed_prior(self.continuous, self.categories)

    @property
    def has_standard_normal_prior(self):
        """Whether all codes are continuous."""
        return not self.categories

    @property
    def code_entropy(self):
        """H(c) in nats."""
        return self.continuous * _GAUSSIAN_ENTROPY + sum(map(math.log, self.categories))

    def encode(self, x, training=None):
        """Q(c|x): {"loc": (batch, D), "scale": (batch, D)} float32 tensors.

        Of a categorical code, loc is the number of the likeliest class, and scale the root mean
        square distance of the class from it under Q, at least 1e-3; "class_logits" (batch, sum of
        categories) is there where there are such codes.
        """
        return self._code_parameters(self.encoder(x, training=training))

    def _code_parameters(self, raw):
        parameters = distributions.posterior_parameters(self._gaussian(raw))
        if not self.categories:
            return parameters
        logits = self._class_logits(raw)
        classes = likeliest_and_spread(logits, self.categories)
        joined = {k: ops.concatenate([parameters[k], classes[k]], axis=1) for k in classes}
        return {**joined, "class_logits": logits}

    knows_dimension_kl = True

    def dimension_kl(self, parameters):
        """KL of each code to its prior, (batch, D) nats, from what `encode` returned."""
        return mixed_dimension_kl(parameters, self.categories)

    def _gaussian(self, raw):
        """Means and log-variances of the continuous codes, from the encoder's output."""
        return raw[:, 1 : 1 + 2 * self.continuous]

    def _class_logits(self, raw):
        return raw[:, 1 + 2 * self.continuous :]

    def log_q(self, codes, raw):
        """log Q(c|x) of codes (batch, D) from the encoder's output for x: (batch,) nats."""
        return sum(self._log_q_parts(codes, raw))

    def _log_q_parts(self, codes, raw):
        """log Q of the continuous codes, and of the class codes: two of (batch,)."""
        parameters = distributions.posterior_parameters(self._gaussian(raw))
        continuous = distributions.posterior(parameters).log_prob(codes[:, : self.continuous])
        classes = ops.zeros_like(continuous)
        by_code = split_logits(self._class_logits(raw), self.categories)
        for column, logits in enumerate(by_code, start=self.continuous):
            found = tfd.Categorical(logits=logits).log_prob(ops.cast(codes[:, column], "int32"))
            classes = classes + found
        return continuous, classes

    def _bounds(self, codes, raw):
        """The bound, and the bound as the objective weighs it: two of (batch,) nats."""
        continuous, classes = self._log_q_parts(codes, raw)
        continuous = continuous + self.continuous * _GAUSSIAN_ENTROPY
        classes = classes + sum(map(math.log, self.categories))
        weighted = self.lambda_continuous * continuous + self.lambda_info * classes
        return continuous + classes, weighted

    def decode(self, z, noise=None, training=None):
        """Logits of the pixels, (batch, H, W, C) float32, for codes (batch, D).

        Args:
            z: codes; the value of a categorical one is rounded to the nearest class.
            noise: (batch, noise_dim), by default its mean, 0.
            training: whether layers such as dropout are at work.
        """
        z = ops.cast(z, "float32")
        if noise is None:
            noise = ops.zeros((ops.shape(z)[0], self.noise_dim))
        parts = [z[:, : self.continuous]]
        if self.categories:
            parts.append(one_hot_classes(z[:, self.continuous :], self.categories))
        inputs = ops.concatenate([*parts, noise], axis=1)
        return ops.cast(self.decoder(inputs, training=training), "float32")

    def sample(self, n, seed=0, batch_size=256):
        """Images of n draws of code and noise, (n, H, W, C) float32.

        Args:
            n: how many.
            seed: whole number; the same seed gives the same images.
            batch_size: images made at a time.
        """
        check_positive_int("n", n)
        generator = keras.random.SeedGenerator(seed)
        parts = [
            ops.convert_to_numpy(self._draw(min(batch_size, n - start), generator, False)[1])
            for start in range(0, n, batch_size)
        ]
        return np.concatenate(parts)

    def _draw(self, n, generator, training):
        """Codes from the prior, (n, D), and the images the generator makes of them and noise."""
        codes = self.prior.sample(n, seed=tfp_seed(generator))
        noise = keras.random.normal((n, self.noise_dim), seed=generator)
        logits = self.decode(codes, noise, training)
        return codes, self.pixel_distribution(logits).mean()

    # The two players

    def players(self):
        """The generator, and the discriminator with its Q head."""
        return {
            "generator": Player(
                self.variables_outside(self.encoder),
                self.generator_loss,
                lambda rate: keras.optimizers.Adam(5 * rate, beta_1=0.5),
                lambda: self.losses_outside(self.encoder),
            ),
            "discriminator": Player(
                self.encoder.trainable_variables,
                self.discriminator_loss,
                lambda rate: keras.optimizers.Adam(rate, beta_1=0.5),
                lambda: self.encoder.losses,
            ),
        }

    def generator_loss(self, x, training=True):
        """Mean loss of the generator on as many draws as the batch has images, scalar."""
        codes, images = self._draw(ops.shape(x)[0], self.seed_generator, training)
        raw = self.encoder(images, training=training)
        bound, weighted_bound = self._bounds(codes, raw)
        terms = {
            "generator_loss": ops.softplus(-raw[:, 0]),
            "mutual_information_bound": bound,
        }
        self.track(terms)
        return ops.mean(terms["generator_loss"] - weighted_bound)

    def discriminator_loss(self, x, training=True):
        """Mean loss of the discriminator and its Q head, scalar; the generator gets none of it."""
        codes, images = self._draw(ops.shape(x)[0], self.seed_generator, training)
        images = ops.stop_gradient(images)
        real = self.encoder(x, training=training)
        drawn = self.encoder(images, training=training)
        terms = discriminator_terms(real[:, 0], drawn[:, 0])
        self.track(terms)
        _, weighted_bound = self._bounds(codes, drawn)
        return ops.mean(terms["discriminator_loss"] - weighted_bound)

    def get_config(self):
        """Every argument of the constructor."""
        return {
            **super().get_config(),
            "categories": self.categories,
            "noise_dim": self.noise_dim,
            "lambda_info": self.lambda_info,
            "lambda_continuous": self.lambda_continuous,
        }
