"""What a trained run shows: figures, an evaluation over its images, and surgery."""

from pathlib import Path

import keras
import numpy as np

from kerasvae import plotting
from kerasvae.checks import check_positive_int
from kerasvae.data import ImageDataset
from kerasvae.data.cache import written_whole
from kerasvae.divergences import per_dimension_kl
from kerasvae.surgery import decompose

BATCH_SIZE = 256
FIGURE_IMAGES = 1000  # sampled to find the active dimensions and a typical image
RECONSTRUCTED = 20
COLUMNS = 9


def sampled(dataset, count: int, seed: int = 0):
    """The data set itself, or `count` images drawn from it without replacement if it has more."""
    if count >= len(dataset):
        return dataset
    # Not every n-th image: that would pick the same values of a grid's factors again and again.
    indices = np.random.default_rng(seed).choice(len(dataset), count, replace=False)
    return ImageDataset(dataset.images(np.sort(indices)), name=dataset.name)


def mean_per_dimension_kl(parameters: dict[str, np.ndarray]) -> np.ndarray:
    """KL(q(z_j|x) || N(0, 1)), the mean over images: (D,) float64, nats."""
    values = keras.ops.convert_to_numpy(per_dimension_kl(parameters))
    return values.mean(axis=0, dtype="float64")


def draw_reconstructions(run, model, dataset) -> Path:
    """Write reconstructions.png of random images.

    Returns:
        Its path.
    """
    images = sampled(dataset, RECONSTRUCTED).images(slice(RECONSTRUCTED))
    figure = plotting.reconstructions(images, model.reconstruct(images))
    return _save(figure, run.path("reconstructions.png"))


def draw_traversals(run, model, dataset, image: int | None = None, span: float = 2.0) -> Path:
    """Write traversals.png: each latent dimension moved on its own, those with most KL on top.

    Args:
        run: where to write.
        model: a trained model.
        dataset: the run's images.
        image: index of the image from whose code to move; by default that of a sample whose code
            is nearest to the prior's mean.
        span: dimensions move from -span to span, in standard deviations of the prior.

    Returns:
        The figure's path.

    Raises:
        ValueError: no such image, or a span that is not positive.
    """
    if not span > 0:
        raise ValueError(f"--range must be positive. Received: --range {span}")
    sample = sampled(dataset, FIGURE_IMAGES)
    parameters = model.posteriors(sample)
    kl = mean_per_dimension_kl(parameters)
    if image is None:
        code = parameters["loc"][np.argmin(np.square(parameters["loc"]).sum(axis=1))]
    elif 0 <= image < len(dataset):
        code = model.embed(dataset.images(image))[0]
    else:
        raise ValueError(
            f"--image: {dataset.name} has images 0..{len(dataset) - 1}. Received: --image {image}"
        )
    order = np.argsort(-kl, kind="stable")
    values = np.linspace(-span, span, COLUMNS)
    figure = plotting.traversals(
        model.traverse(code, values, order),
        values,
        [f"z_{j}  {kl[j]:.2f} nats" for j in order],
    )
    return _save(figure, run.path("traversals.png"))


def evaluate(run, model, dataset, images: int | None = None) -> dict:
    """Mean terms and the KL of each dimension over the run's images; writes evaluation.json.

    Args:
        run: where to write.
        model: a trained model.
        dataset: the run's images.
        images: evaluate on so many of them, drawn at random; None for all.

    Returns:
        {"step", "images", "loss", "terms": {name: mean over images}, "per_dimension_kl": [nats]}
    """
    model.prepare_fit(dataset)  # an objective may look at all images, as in training
    if images is not None:
        dataset = sampled(dataset, check_positive_int("--images", images))
    means = model.evaluate(dataset, batch_size=BATCH_SIZE, verbose=0, return_dict=True)
    result = {
        "step": model.steps_taken,
        "images": len(dataset),
        "loss": float(means["loss"]),
        "terms": {name: float(means[name]) for name in model.term_names},
        "per_dimension_kl": mean_per_dimension_kl(model.posteriors(dataset, BATCH_SIZE)).tolist(),
    }
    run.write_json("evaluation.json", result)
    return result


def surgery(run, model, dataset, samples: int = 10_000, seed: int = 0):
    """Decompose the KL over all images of the run; writes surgery.json and surgery.png.

    Args:
        run: where to write.
        model: a trained model.
        dataset: the run's images.
        samples: as for `kerasvae.surgery.decompose`.
        seed: as for `kerasvae.surgery.decompose`.

    Returns:
        A `kerasvae.decomposition.Decomposition`.
    """
    result = decompose(model, dataset, samples, seed)
    run.write_json("surgery.json", {"step": model.steps_taken, **result.to_dict()})
    _save(plotting.surgery_bars({run.config["model"]: result}), run.path("surgery.png"))
    return result


def _save(figure, path: Path) -> Path:
    with written_whole(path) as temporary:
        figure.savefig(temporary, format="png")
    return path
