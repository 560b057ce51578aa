"""What a trained run shows: figures of its images, and surgery."""

from pathlib import Path

import numpy as np

from kerasvae import plotting
from kerasvae.files import atomic_write
from kerasvae.runs.evaluation import mean_per_dimension_kl, sampled
from kerasvae.surgery import decompose

FIGURE_IMAGES = 1000  # sampled to find the active dimensions and a typical image
RECONSTRUCTED = 20
COLUMNS = 9
FRAMES = 17  # of an animation, one way


def draw_reconstructions(run, model, dataset) -> Path:
    """Write reconstructions.png of random images.

    Returns:
        Its path.
    """
    images = sampled(dataset, RECONSTRUCTED).images(slice(RECONSTRUCTED))
    figure = plotting.reconstructions(images, model.reconstruct(images))
    return _save(figure, run.path("reconstructions.png"))


def draw_traversals(
    run, model, dataset, image: int | None = None, span: float = 2.0, kl: np.ndarray | None = None
) -> Path:
    """Write traversals.png: each latent dimension moved on its own, those with most KL on top.

    Args:
        run: where to write.
        model: a trained model.
        dataset: the run's images.
        image: index of the image from whose code to move; by default that of a sample whose code
            is nearest to the prior's mean.
        span: dimensions move from -span to span, in standard deviations of the prior.
        kl: (D,) of each dimension, nats, where it is at hand; by default that of a sample.

    Returns:
        The figure's path.

    Raises:
        ValueError: no such image, or a span that is not positive.
    """
    images, values, labels = _traversed(model, dataset, image, span, COLUMNS, kl)
    return _save(plotting.traversals(images, values, labels), run.path("traversals.png"))


def draw_animation(run, model, dataset, image: int | None = None, span: float = 2.0) -> Path:
    """Write traversals.gif, in which all dimensions move at once; arguments as `draw_traversals`.

    Returns:
        The file's path.
    """
    images, _, labels = _traversed(model, dataset, image, span, FRAMES)
    with atomic_write(run.path("traversals.gif")) as temporary:
        plotting.traversal_gif(images, temporary, labels=labels)
    return run.path("traversals.gif")


def _traversed(model, dataset, image, span, count, kl=None):
    """Images (D, count, H, W, C) of all dimensions in the order of their KL, values, labels."""
    if not span > 0:
        raise ValueError(f"--range must be positive. Received: --range {span}")
    sample = sampled(dataset, FIGURE_IMAGES)
    parameters = model.posteriors(sample)
    kl = mean_per_dimension_kl(parameters) if kl is None else kl
    if image is None:
        code = parameters["loc"][np.argmin(np.square(parameters["loc"]).sum(axis=1))]
    elif 0 <= image < len(dataset):
        code = model.embed(dataset.images(image))[0]
    else:
        raise ValueError(
            f"--image: {dataset.name} has images 0..{len(dataset) - 1}. Received: --image {image}"
        )
    order = np.argsort(-kl, kind="stable")
    values = np.linspace(-span, span, count)
    labels = [f"z_{j}  {kl[j]:.2f} nats" for j in order]
    return model.traverse(code, values, order), values, labels


def surgery(run, model, dataset, samples: int = 10_000, seed: int = 0):
    """Decompose the KL over all images of the run; writes surgery.json and surgery.png.

    Args:
        run: where to write.
        model: a trained model.
        dataset: the run's images.
        samples: as for `kerasvae.surgery.decompose`.
        seed: as for `kerasvae.surgery.decompose`.

    Returns:
        A `kerasvae.surgery.decomposition.Decomposition`.
    """
    result = decompose(model, dataset, samples, seed)
    run.write_json("surgery.json", {"step": model.steps_taken, **result.to_dict()})
    _save(plotting.surgery_bars({run.config["model"]: result}), run.path("surgery.png"))
    return result


def _save(figure, path: Path) -> Path:
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png")
    return path
