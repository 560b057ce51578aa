"""Group VAE: pairs of images, and what changed between them.

Chapter 13: tutorials/13_what_a_pair_gives_away.ipynb.
"""

import keras
from keras import ops

from kerasvae.models.pair_vae import PairVAE


@keras.saving.register_keras_serializable("kerasvae")
class GVAE(PairVAE):
    """The group VAE with labels: each pair of images says which factors changed.

    Formula:
        1/2 sum over both images of (reconstruction + beta kl)

        with one posterior for both images in each dimension that they share. Latent dimension k
        stands for factor k: it is shared unless the label says that factor k changed. Dimensions
        beyond the factors are always shared. The posterior of a shared dimension is as in
        `AdaGVAE`: average="gvae" or "ml-vae", which makes it the ML-VAE.

    It is trained on labelled pairs, `fit(kerasvae.data.Pairs(dataset, changed=1, labelled=True))`,
    or on your own `Pairs((first, second), changed=mask, labelled=True)`. Everything else takes
    single images, and their terms are those of a VAE.

    Args:
        average: "gvae", the mean of means and of variances, or "ml-vae", the product of the two
            posteriors.
        beta: weight of the KL term, at least 0.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    Raises:
        ValueError: an unknown average or a negative beta; in `fit`, single images, pairs without
            labels, or more factors than latent dimensions.

    References:
        Hosoya 2019, "Group-based learning of disentangled representations with generalizability
        for novel contents"; Bouchacourt et al. 2018, "Multi-level variational autoencoder"; in
        this form Locatello et al. 2020.

    Example:
        >>> from kerasvae.data import Pairs, load
        >>> sprites = load("dsprites-mini")
        >>> model = GVAE(sprites.image_shape, 6, "mlp")
        >>> model.compile()
        >>> pairs = Pairs(sprites, changed=2, labelled=True)
        >>> sorted(model.fit(pairs, steps_per_epoch=2, verbose=0).history)
        ['kl', 'loss', 'reconstruction']
    """

    needs_labels = True

    def training_data(self, x, name):
        """Labelled pairs of no more factors than there are latent dimensions."""
        pairs = super().training_data(x, name)
        if len(pairs.factor_names) > self.latent_dim:
            raise ValueError(
                f"latent_dim must be at least the number of factors, {len(pairs.factor_names)}: "
                f"each has a dimension of its own. Received: latent_dim={self.latent_dim}"
            )
        return pairs

    def shared(self, first, second, changed=None):
        """Which dimensions the images of a pair share: those whose factor did not change."""
        if changed is None:
            raise ValueError(
                "GVAE needs to know what changed in each pair: call it with (pairs, changed), "
                "changed (batch, factors) of 0 and 1. Received: pairs alone"
            )
        rest = self.latent_dim - changed.shape[1]
        same = ops.cast(changed, "float32") < 0.5  # (batch, K)
        return ops.pad(same, ((0, 0), (0, rest)), constant_values=True)
