"""Every metric of one set of codes, over several draws: what reports and studies collect."""

import warnings
from collections.abc import Sequence

import numpy as np

from kerasvae import metrics
from kerasvae.checks import check_choice, check_positive_int


def of_one_model() -> tuple[str, ...]:
    """The metrics of `kerasvae.metrics.BY_NAME` that need no second model, in its order."""
    return tuple(name for name, row in metrics.BY_NAME.items() if row.given != "models")


NAMES = of_one_model()


def score(
    parameters: dict[str, np.ndarray],
    dataset,
    names: Sequence[str] = NAMES,
    points: int = 10_000,
    draws: int = 3,
) -> dict[str, dict]:
    """Score the codes of a data set by several metrics, each on several draws of images.

    Formula:
        mean and standard_deviation (n - 1) over the draws. Draw s takes `points` images without
        replacement and seeds the metric with s, so its spread is that of a score which one has
        from so many points. Where `points` is the whole data set, only what a metric draws itself
        is left of it: nothing for mig and modularity, whose standard deviation is 0 then.

    Args:
        parameters: {"loc": (N, D), "scale": (N, D)} of q(z|x) for every image, as a model's
            `posteriors(dataset)` returns them.
        dataset: the N images, a `kerasvae.data.FactorDataset`; of a data set without factors only
            the metrics of codes alone are scored.
        names: of `kerasvae.metrics.BY_NAME`, those of one model or some of them.
        points: images in a draw, at most; all images if there are fewer.
        draws: how many.

    Returns:
        For each metric {"mean", "standard_deviation", "draws": [scores], "parts": {name: the same
        three}, "matrix": (D, K) of the first draw or None, "settings", "warnings": [text]}, or
        {"refused": why} where a metric is not applicable to this data set, for instance modularity
        of one factor. Plain numbers and lists, as JSON takes them.

    Raises:
        ValueError: an unknown name, or parameters that do not fit, with NaN for instance.

    Example:
        >>> from kerasvae.data import load
        >>> grid = load("dsprites-mini")
        >>> loc = grid.factors(range(len(grid))).astype("float32")  # a perfect code
        >>> result = score({"loc": loc, "scale": np.full_like(loc, 0.01)}, grid, ["mig"], draws=2)
        >>> result["mig"]["draws"]
        [1.0, 1.0]
    """
    check_settings(names, points, draws)
    if len(parameters["loc"]) != len(dataset):
        raise ValueError(
            f"parameters: expected a row for each of the {len(dataset)} images of {dataset.name}. "
            f"Received: {len(parameters['loc'])} rows"
        )
    return {name: _score(name, parameters, dataset, points, draws) for name in names}


def check_settings(names: Sequence[str], points: int, draws: int) -> None:
    """Refuse what `score` would refuse, before the work that comes before it.

    Raises:
        ValueError: an unknown metric, or a number that is not positive.
    """
    for name in names:
        check_choice("metric", name, of_one_model())
    check_positive_int("points", points)
    check_positive_int("draws", draws)


def _score(name, parameters, dataset, points, draws) -> dict:
    has_factors = hasattr(dataset, "factor_names")
    if not has_factors and metrics.BY_NAME[name].given != "codes":
        return {"refused": f"{dataset.name} has no known factors"}
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            results = [_measure(name, parameters, dataset, points, seed) for seed in range(draws)]
    except metrics.NotApplicable as error:
        return {"refused": str(error)}
    first = results[0].to_dict()
    return {
        **_summary([result.score for result in results]),
        "parts": {
            part: _summary([result.parts[part] for result in results])
            for part in metrics.BY_NAME[name].parts
        },
        "matrix": first["matrix"],
        "settings": first["settings"],
        "warnings": sorted({str(warning.message) for warning in caught}),
    }


def _measure(name, parameters, dataset, points, seed):
    """One metric on one draw, a `kerasvae.metrics.Result`."""
    row, loc = metrics.BY_NAME[name], parameters["loc"]
    metric = row.function
    if row.given == "data set":
        return metric(loc, dataset, seed=seed)
    if row.given == "posterior":  # its densities are those of the whole data set
        factors = dataset.factors(slice(None))
        return metric(loc, factors, seed=seed, scale=parameters["scale"])
    count = min(points, len(dataset))
    drawn = np.sort(np.random.default_rng(seed).choice(len(dataset), count, replace=False))
    if row.given == "codes":
        return metric(loc[drawn], seed=seed)
    return metric(loc[drawn], dataset.factors(drawn), seed=seed)


def _summary(values: list[float]) -> dict:
    return {
        "mean": float(np.mean(values)),
        "standard_deviation": float(np.std(values, ddof=1)) if len(values) > 1 else None,
        "draws": [float(value) for value in values],
    }
