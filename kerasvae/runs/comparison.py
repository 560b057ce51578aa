"""Runs side by side: one flat row of numbers each, and their mean and spread by setting."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from rich import box
from rich.table import Table

from kerasvae import plotting
from kerasvae.files import atomic_write
from kerasvae.models.introspection import setting_label
from kerasvae.runs import Run, side_by_side
from kerasvae.runs.pages import embedded, write_page
from kerasvae.surgery.decomposition import LAYOUT

SURGERY = tuple(name for name, _ in LAYOUT)
# The terms that scores are drawn against; marginal_kl is the sum of the last two.
TERMS = tuple(name for name in SURGERY if name != "marginal_kl")
TEXTS = ("run", "setting", "model", "data", "seed", "step", "images")
ENOUGH = 5  # runs with a score, before a scatter plot of it says anything
# What tells two runs of one setting apart without making them two settings.
NOT_SETTINGS = ("data", "seed", "log_every", "checkpoint_every", "devices")


def read_rows(folders: Iterable[Path | Run]) -> list[dict]:
    """Read the evaluations of runs into flat rows.

    Args:
        folders: of runs, each with its evaluation.json; or the runs themselves.

    Returns:
        A dict a run: run, setting, model, data, seed, step; loss and the objective's own terms as
        "logged NAME"; the terms of surgery, nats (None where it was refused); and each score under
        its metric's name, its parts as "METRIC PART", with "... sd" for the standard deviation over
        draws. Two runs have the same setting if they differ in nothing but the seed: settings that
        tell runs of one model apart are in the text.

    Raises:
        FileNotFoundError: no run in a folder, or none that was evaluated; says how to do it.
        ValueError: a damaged file; names the field.
    """
    runs = [one if isinstance(one, Run) else Run.open(Path(one)) for one in folders]
    measured = [run.read_evaluation() for run in runs]
    missing = [run for run, one in zip(runs, measured, strict=True) if one is None]
    if missing:
        commands = "; ".join(f"kerasvae evaluate {run.folder}" for run in missing)
        raise FileNotFoundError(f"Not evaluated yet. Do that first: {commands}")
    settings = _settings(runs, measured)
    return [flat_row(*one) for one in zip(runs, settings, measured, strict=True)]


def flat_row(run: Run, setting: str, measured: dict) -> dict:
    """One run as a row; see `read_rows`."""
    config = run.config
    row = {
        "run": str(run.folder),
        "setting": setting,
        "model": config["model"],
        "data": config["data"]["source"],
        "seed": config["arguments"]["seed"],
        "step": measured["step"],
        "images": measured["images"],
        "loss": measured["loss"],
        **{f"logged {name}": value for name, value in measured["terms"].items()},
        **{name: measured["surgery"].get(name) for name in SURGERY},
    }
    for metric, score in measured["scores"].items():
        named = {metric: score}
        for part, numbers in score.get("parts", {}).items():
            named[f"{metric} {part}"] = numbers
        for name, numbers in named.items():
            row[name] = numbers.get("mean")
            row[f"{name} sd"] = numbers.get("standard_deviation")
    return row


def _settings(runs: Sequence[Run], measured: Sequence[dict]) -> list[str]:
    """A label for each run: the model, its own weights, and what else tells its like apart."""
    ways = [_way(one) for one in measured]
    sources = [run.config["data"]["source"] for run in runs]
    labels = []
    for run, source, way in zip(runs, sources, ways, strict=True):
        model, settings = run.config["model"], run.settings()
        like = [other.settings() for other in runs if other.config["model"] == model]
        differs = [
            name
            for name, value in settings.items()
            if name not in NOT_SETTINGS and any(other.get(name) != value for other in like)
        ]
        label = setting_label(model, settings, also=differs)
        # Numbers of different images do not compare: they are never one setting.
        label = label if len(set(sources)) == 1 else f"{label} on {source}"
        # Neither do scores of different numbers of points.
        labels.append(label if len(set(ways)) == 1 else f"{label}, measured on {way}")
    return labels


def _way(measured: dict) -> str:
    """How a run was measured, as far as scores depend on it."""
    points = measured["settings"].get("points")
    drawn = "" if points is None else f", {min(points, measured['images']):,} points"
    return f"{measured['images']:,} images{drawn}"


def score_names(rows: Sequence[dict]) -> list[str]:
    """The columns that hold scores, in the order of the rows."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return [name for name in columns if f"{name} sd" in columns]


def summarise(rows: Sequence[dict]) -> list[dict]:
    """Mean and spread over the runs of each setting.

    Returns:
        A dict a setting, in the order of the first run: "setting", "runs" (how many), and for each
        term of surgery and each score (mean, standard deviation n - 1): the second is None for a
        single run, both are None where a run has no value.
    """
    result = []
    for setting in dict.fromkeys(row["setting"] for row in rows):
        like = [row for row in rows if row["setting"] == setting]
        summary = {"setting": setting, "runs": len(like)}
        for name in (*SURGERY, *score_names(rows)):
            summary[name] = mean_and_spread([row.get(name) for row in like])
        result.append(summary)
    return result


def mean_and_spread(values: Sequence[float | None]) -> tuple[float | None, float | None]:
    """Mean and standard deviation (n - 1).

    Example:
        >>> mean_and_spread([1.0, 3.0])
        (2.0, 1.4142135623730951)
        >>> mean_and_spread([1.0]), mean_and_spread([1.0, None])
        ((1.0, None), (None, None))
    """
    if any(value is None for value in values):
        return None, None
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None


def table(rows: Sequence[dict], shown: Sequence[str]) -> Table:
    """A rich table for 80 columns: a row of numbers for each setting, in the order of `summarise`.

    Settings are long, so the table has their numbers, from 1. In each cell stands the mean over the
    runs, and below it, where there are several, their standard deviation.
    """
    result = Table("", "runs", box=box.SIMPLE_HEAD, show_edge=False, collapse_padding=True)
    for name in shown:
        result.add_column(name.replace("_", " "), justify="right")
    for number, summary in enumerate(summarise(rows), 1):
        cells = [cell(*summary[name]).replace(" ± ", "\n±") for name in shown]
        result.add_row(str(number), str(summary["runs"]), *cells)
    return result


def cell(mean: float | None, spread: float | None, digits: int = 3) -> str:
    """A number with its spread.

    Example:
        >>> cell(0.1234, 0.0567), cell(12.345, None), cell(None, None)
        ('0.123 ± 0.057', '12.345', '–')
    """
    if mean is None:
        return "–"
    text = f"{mean:.{digits}f}"
    return text if spread is None else f"{text} ± {spread:.{digits}f}"


def write_comparison(folder: Path, rows: Sequence[dict]) -> list[Path]:
    """Write comparison.csv, a row a run, and comparison.html with tables and figures.

    Args:
        folder: where to write; it is made if it is not there.
        rows: as `read_rows` returns them.

    Returns:
        The paths of both.
    """
    names = score_names(rows)
    enough = [name for name in names if _count(rows, name) >= ENOUGH]
    figures = [
        embedded(
            plotting.score_against_terms(rows, name, TERMS),
            f"{name} of every run against the terms of surgery, nats per image.",
        )
        for name in enough
    ]
    write_csv(folder / "comparison.csv", rows)
    write_page(
        folder / "comparison.html",
        "comparison.html",
        title=f"{len(rows)} runs compared",
        summaries=summarise(rows),
        terms=SURGERY,
        scores=names,
        rows=rows,
        texts=TEXTS,
        cell=cell,
        mixed=any(", measured on " in row["setting"] for row in rows),
        udr=side_by_side.agreement(rows),
        pictures=side_by_side.pictures(rows),
        figures=figures,
    )
    return [folder / "comparison.csv", folder / "comparison.html"]


def _count(rows: Sequence[dict], name: str) -> int:
    return sum(row.get(name) is not None for row in rows)


def write_csv(path: Path, rows: Sequence[dict]) -> None:
    """Write rows as CSV, atomically; a column that a row lacks is empty there."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with atomic_write(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
