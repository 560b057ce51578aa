"""evaluation.json: what may be asked of an evaluation, and whether a file holds the answers."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from kerasvae.checks import check_choice, check_count, check_positive_int
from kerasvae.runs import scores
from kerasvae.runs.checked import check_kind, check_names, read_checked

FILE = "evaluation.json"


def _check_images(name: str, value) -> None:
    if value is not None:
        check_positive_int(name, value)


def _check_metrics(name: str, value) -> None:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"{name} must be a list of metrics. Received: {name}={value!r}")
    for metric in value:
        check_choice("metric", metric, scores.NAMES)
    if len(set(value)) < len(value):
        raise ValueError(f"{name} must hold each metric once. Received: {name}={list(value)!r}")


# The arguments of an evaluation, and what each may be.
SETTINGS: dict[str, Callable] = {
    "images": _check_images,
    "names": _check_metrics,
    "points": check_positive_int,
    "draws": check_positive_int,
    "samples": check_positive_int,
}


def check_evaluation(settings: Mapping) -> None:
    """Refuse arguments of `kerasvae.runs.evaluation.evaluate` before any work.

    Args:
        settings: some of those named in `SETTINGS`.

    Raises:
        ValueError: an unknown argument or metric, or a number that is not positive.

    Example:
        >>> check_evaluation({"draws": 0})
        Traceback (most recent call last):
            ...
        ValueError: draws must be a positive whole number. Received: draws=0
    """
    check_names("evaluation", settings, SETTINGS)
    for name, value in settings.items():
        SETTINGS[name](name, value)


def read_evaluation(folder: Path) -> dict:
    """What `kerasvae.runs.evaluation.evaluate` wrote into a run's folder.

    Raises:
        DamagedFileError: names the field that is missing or wrong.
        OSError: no such file, or the system does not let it be read.
    """
    remedy = f"Measure the run again: kerasvae evaluate {folder}"
    return read_checked(folder / FILE, lambda text: check_measured(json.loads(text)), remedy)


def check_measured(measured: dict) -> dict:
    """Return an evaluation if it has what reports and comparisons read.

    Args:
        measured: as `kerasvae.runs.evaluation.evaluate` returns it.

    Raises:
        ValueError: names the field that is missing or wrong.
    """
    needed = ("step", "images", "loss", "terms", "surgery", "scores", "settings")
    check_names("the evaluation", measured, needed=needed)
    check_count("step", measured["step"])
    check_positive_int("images", measured["images"])
    check_kind("loss", measured["loss"], 1.0)
    check_names("settings", measured["settings"])
    check_names("terms", measured["terms"])
    check_names("surgery", measured["surgery"])
    check_names("scores", measured["scores"])
    for name, value in measured["terms"].items():
        check_kind(f"terms: {name}", value, 1.0)
    if "refused" not in measured["surgery"]:
        _check_surgery(measured["surgery"])
    for metric, score in measured["scores"].items():
        check_names(f"scores: {metric}", score)
        if "refused" not in score:
            _check_score(metric, score)
    return measured


def _check_surgery(surgery: dict) -> None:
    names = ("kl", "mutual_information", "marginal_kl", "total_correlation", "dimension_wise_kl")
    check_names("surgery", surgery, needed=names)
    for name in names:
        check_kind(f"surgery: {name}", surgery[name], 1.0)


def _check_score(metric: str, score: dict) -> None:
    check_names(f"scores: {metric}: parts", score.get("parts", {}))
    for name, values in {metric: score, **score.get("parts", {})}.items():
        check_names(f"scores: {name}", values, needed=("mean", "standard_deviation"))
        check_kind(f"scores: {name}: mean", values["mean"], 1.0)
        if values["standard_deviation"] is not None:
            check_kind(f"scores: {name}: standard_deviation", values["standard_deviation"], 1.0)
