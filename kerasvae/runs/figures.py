"""What a trained model makes of its images, as figures."""

from pathlib import Path

import matplotlib.figure
import numpy as np

from kerasvae import plotting
from kerasvae.files import atomic_write
from kerasvae.runs.errors import ArgumentError
from kerasvae.runs.evaluation import mean_per_dimension_kl, sampled

FIGURE_IMAGES = 1000  # sampled to find the active dimensions and a typical image
RECONSTRUCTED = 20
COLUMNS = 9
FRAMES = 17  # of an animation, one way

RECONSTRUCTIONS = "reconstructions.png"
TRAVERSALS = "traversals.png"


def draw_reconstructions(model, dataset) -> matplotlib.figure.Figure:
    """Random images, each above its reconstruction."""
    images = sampled(dataset, RECONSTRUCTED).images(slice(RECONSTRUCTED))
    return plotting.reconstructions(images, model.reconstruct(images))


def draw_traversals(
    model, dataset, image: int | None = None, span: float = 2.0, kl: np.ndarray | None = None
) -> matplotlib.figure.Figure:
    """Each latent dimension moved on its own, those with most KL on top.

    Args:
        model: a trained model.
        dataset: the run's images.
        image: index of the image from whose code to move; by default that of a sample whose code
            is nearest to the prior's mean.
        span: dimensions move from -span to span, in standard deviations of the prior.
        kl: (D,) of each dimension, nats, where it is at hand; by default that of a sample. A model
            whose prior has no KL by dimension shows its dimensions in their own order.

    Raises:
        ValueError: no such image, or a span that is not positive.
    """
    images, values, labels = _traversed(model, dataset, image, span, COLUMNS, kl)
    return plotting.traversals(images, values, labels)


def write_animation(run, model, dataset, image: int | None = None, span: float = 2.0) -> Path:
    """Write traversals.gif, in which all dimensions move at once; arguments as `draw_traversals`.

    Returns:
        The file's path.
    """
    images, _, labels = _traversed(model, dataset, image, span, FRAMES)
    with atomic_write(run.path("traversals.gif")) as temporary:
        plotting.traversal_gif(images, temporary, labels=labels)
    return run.path("traversals.gif")


def ordered_dimensions(kl, count: int) -> tuple[np.ndarray, list[str]]:
    """Dimensions by their KL, the largest first, and a label for each.

    Args:
        kl: (D,) nats; None where a model has none by dimension, which keeps them in their order.
        count: D.

    Example:
        >>> ordered_dimensions([0.5, 2.0], 2)
        (array([1, 0]), ['z_1  2.00 nats', 'z_0  0.50 nats'])
        >>> ordered_dimensions(None, 2)
        (array([0, 1]), ['z_0', 'z_1'])
    """
    if kl is None:
        return np.arange(count), [f"z_{j}" for j in range(count)]
    order = np.argsort(-np.asarray(kl), kind="stable")
    return order, [f"z_{j}  {kl[j]:.2f} nats" for j in order]


def _traversed(model, dataset, image, span, count, kl=None):
    """Images (D, count, H, W, C) of all dimensions in the order of their KL, values, labels."""
    if not 0 < span < np.inf:
        raise ArgumentError(f"span must be positive and finite. Received: span={span}", "span")
    if image is not None and not 0 <= image < len(dataset):
        raise ArgumentError(
            f"image: {dataset.name} has images 0..{len(dataset) - 1}. Received: image={image}",
            "image",
        )
    sample = sampled(dataset, FIGURE_IMAGES)
    parameters = model.posteriors(sample)
    if kl is None and model.knows_dimension_kl:
        kl = mean_per_dimension_kl(parameters, model)
    if image is None:
        code = parameters["loc"][np.argmin(np.square(parameters["loc"]).sum(axis=1))]
    else:
        code = model.embed(dataset.images(image))[0]
    order, labels = ordered_dimensions(kl, model.latent_dim)
    values = np.linspace(-span, span, count)
    return model.traverse(code, values, order), values, labels
