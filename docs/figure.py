"""The figure of the README: what a VAE and a beta-VAE write into their codes.

    python docs/figure.py

trains both on dsprites-mini (some minutes on two cores) and writes docs/figure.png.
"""

from pathlib import Path

import keras
import numpy as np
from matplotlib import pyplot as plt

import kerasvae as kv

STEPS, BATCH, LATENT_DIM = 4_000, 128, 6
VALUES = np.linspace(-2, 2, 7)


def trained(model_class, **weights):
    """A model after STEPS steps, the same seeds for each."""
    keras.utils.set_random_seed(0)
    model = model_class(dataset.image_shape, LATENT_DIM, "mlp", seed=0, **weights)
    model.compile(keras.optimizers.Adam(1e-3), steps_per_execution=20)
    model.fit(dataset, batch_size=BATCH, steps_per_epoch=STEPS, verbose=0)
    return model


def column(axes, model, title):
    """Traversals of one model in one column of axes, the most used dimensions on top."""
    result = kv.surgery.decompose(model, dataset, samples=5_000)
    code = np.zeros(LATENT_DIM, "float32")
    for axis, dimension in zip(axes, np.argsort(-result.per_dimension_kl), strict=True):
        strip = model.traverse(code, VALUES, [dimension])[0]  # (S, H, W, 1)
        axis.imshow(np.concatenate(strip[..., 0], axis=1), cmap="gray", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
        kl = result.per_dimension_kl[dimension]
        axis.set_ylabel(f"{kl:.1f}", rotation=0, ha="right", va="center")
    axes[0].set_title(
        f"{title}\nreconstruction {result.reconstruction:.0f}, mutual information "
        f"{result.mutual_information:.1f},\ntotal correlation {result.total_correlation:.1f} nats",
        fontsize=10,
    )
    axes[-1].set_xlabel("one dimension from -2 to 2; left: its KL in nats", fontsize=9)


if __name__ == "__main__":
    dataset = kv.data.load("dsprites-mini")
    figure, grid = plt.subplots(LATENT_DIM, 2, figsize=(9, 4.6), layout="constrained")
    column(grid[:, 0], trained(kv.VAE), "VAE")
    column(grid[:, 1], trained(kv.BetaVAE, beta=4.0), "beta-VAE, beta = 4")
    figure.savefig(Path(__file__).with_name("figure.png"), dpi=110)
