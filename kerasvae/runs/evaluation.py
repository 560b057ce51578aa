"""Everything that can be measured of a trained run, as one dict that JSON takes."""

from collections.abc import Sequence

import keras
import numpy as np

from kerasvae.divergences import per_dimension_kl
from kerasvae.runs import locks, scores
from kerasvae.runs.codes import write_codes
from kerasvae.runs.measured import FILE, check_evaluation
from kerasvae.surgery import decompose

BATCH_SIZE = 256


def evaluate(
    run,
    model,
    dataset,
    images: int | None = None,
    names: Sequence[str] = scores.NAMES,
    points: int = 10_000,
    draws: int = 3,
    samples: int = 10_000,
) -> dict:
    """Measure a run: mean terms, KL by dimension, exact surgery, scores; writes evaluation.json.

    Every image is encoded once; all that follows reads the same posteriors.

    Args:
        run: a `kerasvae.runs.Run`, where to write.
        model: its trained model.
        dataset: its images.
        images: measure on so many of them, drawn at random; None for all.
        names: metrics, as for `kerasvae.runs.scores.score`, as are `points` and `draws`.
        samples: pairs of an image and a code, as for `kerasvae.surgery.decompose`.

    Returns:
        {"step", "images", "loss", "terms": {name: mean over images, nats},
        "per_dimension_kl": [nats], or None for a prior without a KL by dimension,
        "surgery": as `Decomposition.to_dict`, or {"refused": why},
        "scores": as `kerasvae.runs.scores.score` returns them, "settings": these arguments}

    Raises:
        ValueError: an unknown metric, or numbers that are not positive; before any work.
        InUseError: another process measures this run.
    """
    settings = dict(images=images, names=list(names), points=points, draws=draws, samples=samples)
    check_evaluation(settings)
    with locks.hold(run.folder, locks.MEASURING):
        return _evaluate(run, model, dataset, settings)


def _evaluate(run, model, dataset, settings) -> dict:
    """`evaluate`, while this process holds the run's lock."""
    images, samples = settings["images"], settings["samples"]
    run.tidy()
    model.prepare_fit(dataset)  # an objective may look at all images, as in training
    if images is not None:
        dataset = sampled(dataset, images)
    means = model.evaluate(dataset, batch_size=BATCH_SIZE, verbose=0, return_dict=True)
    parameters = model.posteriors(dataset, BATCH_SIZE)
    kl = mean_per_dimension_kl(parameters, model) if model.knows_dimension_kl else None
    result = {
        "step": model.steps_taken,
        "images": len(dataset),
        "loss": float(means["loss"]),
        "terms": {name: float(means[name]) for name in model.term_names},
        "per_dimension_kl": None if kl is None else kl.tolist(),
        "surgery": _surgery(model, dataset, samples, parameters),
        "scores": scores.score(
            parameters, dataset, settings["names"], settings["points"], settings["draws"]
        ),
        "settings": settings,
    }
    # Of another prior the KL to N(0, 1) is no term of the model, but tells which codes are alive.
    alive = mean_per_dimension_kl(parameters) if kl is None else kl
    write_codes(run.folder, parameters["loc"], alive)
    run.write_json(FILE, result)
    return result


def _surgery(model, dataset, samples, parameters) -> dict:
    if not model.has_standard_normal_prior:
        return {"refused": "the prior of this model is not N(0, I)"}
    return decompose(model, dataset, samples, parameters=parameters).to_dict()


def mean_per_dimension_kl(parameters: dict[str, np.ndarray], model=None) -> np.ndarray:
    """KL(q(z_j|x) || p(z_j)), the mean over images: (D,) float64, nats.

    Args:
        parameters: as the model's `posteriors` returns them.
        model: that says how far a code is from its prior; None for the prior N(0, 1).
    """
    distance = per_dimension_kl if model is None else model.dimension_kl
    values = keras.ops.convert_to_numpy(distance(parameters))
    return values.mean(axis=0, dtype="float64")


def sampled(dataset, count: int, seed: int = 0):
    """The data set itself, or `count` images drawn from it without replacement if it has more."""
    if count >= len(dataset):
        return dataset
    # Not every n-th image: that would pick the same values of a grid's factors again and again.
    indices = np.random.default_rng(seed).choice(len(dataset), count, replace=False)
    return dataset.subset(np.sort(indices))
