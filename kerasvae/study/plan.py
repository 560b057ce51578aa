"""What a study is to run: a YAML file, checked, and spread out into jobs."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kerasvae import data
from kerasvae.checks import check_choice, check_positive_int
from kerasvae.models import BY_NAME
from kerasvae.models.introspection import own_arguments, setting_label
from kerasvae.runs import load_images, new_config
from kerasvae.runs.checked import check_names, shown
from kerasvae.runs.measured import check_evaluation
from kerasvae.runs.schema import NETWORK, TRAINING, check_seed, training_settings
from kerasvae.study.document import read_document

KEYS = ("data", "data_option", "seeds", "training", "models", "evaluation")
# Settings of all models and of the training that a study may give; seeds have a key of their own.
COMMON = (*TRAINING, *NETWORK)
MAX_JOBS = 10_000


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
    content = read_document(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected the keys {', '.join(KEYS)}. Received: {shown(content)}")
    check_names("the file", content, KEYS)
    for key in ("data", "models"):
        if not content.get(key):
            raise ValueError(f"{path}: {key} is missing")
    options, training = _section(content, "data_option"), _section(content, "training", COMMON)
    evaluation = _section(content, "evaluation")
    check_evaluation(evaluation)
    models, seeds = _models(content["models"]), _seeds(content.get("seeds", 1))
    count = len(seeds) * sum(math.prod(map(len, lists.values())) for lists in models.values())
    if count > MAX_JOBS:
        raise ValueError(f"{path}: expected at most {MAX_JOBS:,} runs. Received: {count:,} runs")
    source = _source(path, content["data"])
    dataset = load_images(source, options)
    jobs = []
    for model, weights in _combinations(models):
        for seed in seeds:
            given = {"data": source, "data_option": options, **training, **weights, "seed": seed}
            jobs.append(Job(_folder_name(model, weights, seed), model, given, evaluation))
    twice = [name for name, times in Counter(job.name for job in jobs).items() if times > 1]
    if twice:
        raise ValueError(
            f"{path}: the same run is listed twice. Received: {shown(', '.join(twice))}"
        )
    for job in jobs[:: len(seeds)]:  # the seeds are checked, and nothing else differs in them
        new_config(job.model, job.given, dataset)  # refuses what the training or the model would
    return Plan(path.stem, tuple(jobs))


def _source(path: Path, source) -> str:
    """A data set's name, or a folder of images as an absolute path; relative ones from the file."""
    if not isinstance(source, str) or source in data.names():
        return check_choice("data", source, data.names())
    folder = path.parent / Path(source).expanduser()
    if not folder.is_dir():
        check_choice("data", source, data.names())  # the error names the nearest one
    return str(folder.resolve())


def _section(content: dict, key: str, known=None) -> dict:
    section = content.get(key) or {}
    check_names(key, section, known)
    return section


def _models(models) -> dict[str, dict[str, list]]:
    """The values of each weight of each model, as lists."""
    check_names("models", models, BY_NAME)
    lists = {}
    for model, weights in models.items():
        known = (*own_arguments(BY_NAME[model]), *NETWORK, *training_settings(model))
        check_names(model, weights or {}, known)
        lists[model] = {
            name: value if isinstance(value, list) else [value]
            for name, value in (weights or {}).items()
        }
        for name, values in lists[model].items():
            if not values:
                raise ValueError(f"{model}: expected values for {name}. Received: {name}=[]")
    return lists


def _combinations(models: dict[str, dict[str, list]]) -> Iterator[tuple[str, dict]]:
    """(model, its weights) for every combination of the values in lists."""
    for model, lists in models.items():
        for values in itertools.product(*lists.values()):
            yield model, dict(zip(lists, values, strict=True))


def _seeds(given) -> Sequence[int]:
    if isinstance(given, list):
        seeds = [check_seed("seeds", seed) for seed in given]
    else:
        seeds = range(check_positive_int("seeds", given))
    if not seeds:
        raise ValueError(f"seeds: expected a number, or a list of seeds. Received: {given!r}")
    return seeds


def _folder_name(model: str, weights: dict, seed: int) -> str:
    """A name that every file system takes, in which all weights of the file stand."""
    label = setting_label(model, weights, also=weights)
    return re.sub(r"[^\w.=-]+", "-", f"{label} seed={seed}")
