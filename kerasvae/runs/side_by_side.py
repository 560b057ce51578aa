"""What runs show beside their numbers: pictures next to each other, and whether seeds agree."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerasvae import metrics
from kerasvae.runs.codes import read_codes
from kerasvae.runs.figures import RECONSTRUCTIONS, TRAVERSALS
from kerasvae.runs.pages import embedded_file


def agreement(rows: Sequence[dict]) -> dict[str, float | None]:
    """UDR of the runs of each setting: how far other seeds found the same codes.

    Args:
        rows: as `kerasvae.runs.comparison.read_rows` returns them.

    Returns:
        {setting: `kerasvae.metrics.udr` of its runs}; None for a setting with a single run, or
        with runs that kept no codes.
    """
    scores = {}
    for setting in dict.fromkeys(row["setting"] for row in rows):
        codes = [read_codes(Path(row["run"])) for row in rows if row["setting"] == setting]
        scores[setting] = None
        if len(codes) > 1 and None not in codes:
            same = all(np.array_equal(codes[0]["indices"], other["indices"]) for other in codes)
            if same:
                scores[setting] = _udr(codes)
    return scores


def _udr(codes: Sequence[dict]) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of few points: the page says how many
        return metrics.udr([one["loc"] for one in codes], [one["kl"] for one in codes]).score


def pictures(rows: Sequence[dict]) -> list[dict]:
    """Reconstructions and traversals of the first run of each setting, as a template takes them.

    Args:
        rows: as `kerasvae.runs.comparison.read_rows` returns them.

    Returns:
        {"setting", "seed", "reconstructions", "traversals"} for each setting that has one of the
        pictures; the other is None.
    """
    shown = []
    first = {row["setting"]: row for row in reversed(rows)}
    for setting in dict.fromkeys(row["setting"] for row in rows):
        folder, seed = Path(first[setting]["run"]), first[setting]["seed"]
        found = {"setting": setting, "seed": seed}
        for key, name in (("reconstructions", RECONSTRUCTIONS), ("traversals", TRAVERSALS)):
            path = folder / name
            caption = f"{key.capitalize()} of {setting}, seed {seed}"
            found[key] = embedded_file(path, caption) if path.is_file() else None
        if found["reconstructions"] or found["traversals"]:
            shown.append(found)
    return shown
