"""The base of models that learn from pairs: one posterior for what two images have in common."""

import keras
from keras import ops

from kerasvae.checks import check_choice, check_non_negative
from kerasvae.data.pair_sources import are_pairs, as_pairs
from kerasvae.models.autoencoder import VariationalAutoencoder
from kerasvae.models.shared_posteriors import AVERAGES


class PairVAE(VariationalAutoencoder):
    """The base of models that are trained on pairs of images and used on single ones.

    A pair is encoded as two images. Where a dimension is shared, both posteriors become their
    average; then each image draws its own code and pays its own terms, as in a VAE.

    Args:
        average: "gvae", the mean of means and of variances, or "ml-vae", the product of the two
            posteriors.
        beta: weight of the KL term, at least 0.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    References:
        Locatello et al. 2020, "Weakly-supervised disentanglement without compromises".
    """

    learns_from_pairs = True
    default_learning_rate = 1e-4

    # Whether a pair comes with what changed in it.
    needs_labels = False

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
        average="gvae",
        beta=1.0,
        **kwargs,
    ):
        self.average = check_choice("average", average, AVERAGES)
        self.beta = check_non_negative("beta", beta)
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

    # Pairs in

    def training_data(self, x, name):
        """Pairs, in any form that `kerasvae.data.pair_sources.as_pairs` takes."""
        return as_pairs(x, self.image_shape, name, self.needs_labels)

    def judged_data(self, x, name):
        """Pairs, or single images, whose terms are those of a VAE."""
        return self.training_data(x, name) if are_pairs(x) else super().judged_data(x, name)

    def prepare_fit(self, x, validation_split=0.0):
        """Refuse to split pairs: their second images are drawn from all images.

        Raises:
            ValueError: a validation_split.
        """
        if validation_split:
            raise ValueError(
                "validation_split cannot divide pairs. Give validation_data=Pairs(...) of other "
                f"images. Received: validation_split={validation_split}"
            )

    def images_of(self, data):
        """The pairs of a batch, with what changed if the model needs that; or single images."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if len(x.shape) == 4:
            return super().images_of(data)
        self._refuse_targets(None, sample_weight)
        return (x, y) if self.needs_labels else x

    # From pairs to terms

    def call(self, x, training=None):
        """One pass with sampled codes, over single images or over pairs.

        Args:
            x: images (batch, H, W, C); or pairs (batch, 2, H, W, C), where the model needs labels
                (pairs, changed) with changed (batch, K) of 0 and 1.
            training: whether layers such as dropout are at work.

        Returns:
            As for every model. For pairs there are 2 batch rows, first and second image in turn,
            and loc and scale are those after averaging.
        """
        pairs, changed = x if isinstance(x, tuple | list) else (x, None)
        if len(pairs.shape) == 4:
            return super().call(pairs, training)
        parameters = self.pair_posteriors(pairs, changed, training)
        z = self.draw(parameters)
        return {**parameters, "z": z, "logits": self.decode(z, training=training)}

    def pair_posteriors(self, pairs, changed=None, training=None):
        """The posteriors of both images of each pair, averaged where a dimension is shared.

        Args:
            pairs: (batch, 2, H, W, C).
            changed: (batch, K) of 0 and 1, for a model that needs labels.
            training: whether layers such as dropout are at work.

        Returns:
            {"loc": (2 batch, D), "scale": (2 batch, D)} float32, first and second image in turn.
        """
        own = self.encode(self._single(pairs), training)
        own = {name: ops.reshape(own[name], (-1, 2, self.latent_dim)) for name in own}
        first, second = ({name: own[name][:, i] for name in own} for i in (0, 1))  # (batch, D)
        shared = self.shared(first, second, changed)[:, None]  # (batch, 1, D)
        average = AVERAGES[self.average](first, second)
        together = {name: ops.where(shared, average[name][:, None], own[name]) for name in own}
        return {name: ops.reshape(together[name], (-1, self.latent_dim)) for name in own}

    def shared(self, first, second, changed=None):
        """Which dimensions the images of a pair share: (batch, D) bool.

        Args:
            first: {"loc": (batch, D), "scale": (batch, D)} of the first images.
            second: the same of the second images.
            changed: (batch, K) of 0 and 1, or None.
        """
        raise NotImplementedError("A model of pairs says what is shared().")

    def _single(self, x):
        """The images of pairs one by one, first and second in turn: (2 batch, H, W, C)."""
        pairs = x[0] if isinstance(x, tuple | list) else x
        return ops.reshape(pairs, (-1, *self.image_shape))

    def terms(self, x, outputs):
        """As for the VAE, one row per image: their mean is the mean over pairs of half the sum.

        Args:
            x: what `call` was given.
            outputs: what it returned.

        Returns:
            A dict with the keys `term_names`, each (batch,) float32 in nats, or (2 batch,).
        """
        return super().terms(self._single(x), outputs)

    def objective(self, terms):
        """reconstruction + beta kl, (images,) float32 in nats."""
        return terms["reconstruction"] + self.beta * terms["kl"]

    def get_config(self):
        """Every argument of the constructor."""
        return {**super().get_config(), "average": self.average, "beta": self.beta}
