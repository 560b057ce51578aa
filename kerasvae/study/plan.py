"""What a study is to run: a YAML file, checked, and spread out into jobs."""

import inspect
import itertools
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kerasvae import data
from kerasvae.checks import check_choice, check_count, check_positive_int
from kerasvae.models import BY_NAME, LatentVariableModel
from kerasvae.models.introspection import own_arguments, setting_label
from kerasvae.runs import load_images, new_config, scores
from kerasvae.runs.config import TRAINING_DEFAULTS
from kerasvae.runs.evaluation import evaluate

KEYS = ("data", "data_option", "seeds", "training", "models", "evaluation")
# Settings of all models and of the training that a study may give; seeds have a key of their own.
COMMON = (
    *TRAINING_DEFAULTS,
    "batch_size",
    "learning_rate",
    *(
        name
        for name in inspect.signature(LatentVariableModel).parameters
        if name not in ("image_shape", "encoder", "decoder", "seed", "kwargs")
    ),
)
EVALUATION = tuple(inspect.signature(evaluate).parameters)[3:]


@dataclass(frozen=True)
class Job:
    """One run of a study.

    Args:
        name: of its folder.
        model: name of the model, as `kerasvae train` knows it.
        given: settings as for `kerasvae.runs.new_config`, data set and seed among them.
        evaluation: arguments of `kerasvae.runs.evaluation.evaluate`.
    """

    name: str
    model: str
    given: dict[str, Any]
    evaluation: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict:
        """Plain numbers, lists and strings, as `json.dump` takes them."""
        return asdict(self)


@dataclass(frozen=True)
class Plan:
    """A study: its jobs, in the order of the file, seeds innermost."""

    name: str
    jobs: tuple[Job, ...]


def read_plan(path: Path) -> Plan:
    """Read a study's YAML file and check every run of it, before any of them starts.

    Every model of the file is built once for every combination of weights, so that a weight that
    it refuses is found now.

    Args:
        path: of a file with the keys data, data_option, seeds (a number, or a list), training
            (settings of all runs), models (by name, each with its weights; a list stands for
            several values, and lists are combined), evaluation (arguments of
            `kerasvae.runs.evaluation.evaluate`).

    Returns:
        The plan, named after the file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: what is wrong in it, by key.

    Example:
        A file of six runs::

            data: dsprites-mini
            seeds: 2
            training: {steps: 2000, latent_dim: 6}
            models:
              vae: {}
              beta-vae: {beta: [4, 16]}
    """
    content = _read(path)
    _check_keys("the file", content, KEYS)
    for key in ("data", "models"):
        if not content.get(key):
            raise ValueError(f"{path}: {key} is missing")
    source, options = content["data"], content.get("data_option") or {}
    if source not in data.names():
        folder = (path.parent / source).expanduser()
        if not folder.is_dir():
            check_choice("data", source, data.names())  # the error names the nearest one
        source = str(folder.resolve())
    training = _section(content, "training", COMMON)
    evaluation = _section(content, "evaluation", EVALUATION)
    scores.check_settings(
        evaluation.get("names", scores.NAMES),
        evaluation.get("points", 1),
        evaluation.get("draws", 1),
    )
    dataset = load_images(source, options)
    jobs = []
    for model, weights in _settings(content["models"]):
        for seed in _seeds(content.get("seeds", 1)):
            given = {"data": source, "data_option": options, **training, **weights, "seed": seed}
            jobs.append(Job(_folder_name(model, weights, seed), model, given, evaluation))
        new_config(model, given, dataset)  # refuses what the model refuses
    names = [job.name for job in jobs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{path}: the same run stands there twice. Received: {', '.join(twice)}")
    return Plan(path.stem, tuple(jobs))


def _read(path: Path) -> dict:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("A study needs PyYAML: pip install 'kerasvae[study]'") from error
    if not path.is_file():
        raise FileNotFoundError(f"Expected a study's YAML file. Received: {path}, which is no file")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected the keys {', '.join(KEYS)}. Received: {content!r}")
    return content


def _check_keys(where: str, given: dict, known) -> None:
    if not isinstance(given, dict):
        raise ValueError(f"{where}: expected names with values. Received: {given!r}")
    for name in given:
        check_choice(f"a key of {where}", name, known)


def _section(content: dict, key: str, known) -> dict:
    section = content.get(key) or {}
    _check_keys(key, section, known)
    return section


def _settings(models) -> list[tuple[str, dict]]:
    """(model, its weights) for every combination of the values in lists."""
    _check_keys("models", models, BY_NAME)
    settings = []
    for model, weights in models.items():
        weights = weights or {}
        _check_keys(model, weights, (*own_arguments(BY_NAME[model]), *COMMON))
        values = [value if isinstance(value, list) else [value] for value in weights.values()]
        settings += [
            (model, dict(zip(weights, some, strict=True))) for some in itertools.product(*values)
        ]
    return settings


def _seeds(given) -> list[int]:
    seeds = given if isinstance(given, list) else range(check_positive_int("seeds", given))
    if not seeds:
        raise ValueError(f"seeds: expected a number, or a list of seeds. Received: {given!r}")
    return [check_count("seeds", seed) for seed in seeds]


def _folder_name(model: str, weights: dict, seed: int) -> str:
    """A name that every file system takes, in which all weights of the file stand."""
    label = setting_label(model, weights, also=weights)
    return re.sub(r"[^\w.=-]+", "-", f"{label} seed={seed}")
