"""The cards: what a model of the zoo is, how it was made and what it measures."""

import json
from pathlib import Path

from kerasvae.checks import check_choice

FOLDER = Path(__file__).parent / "weights"


def names(folder: Path = FOLDER) -> tuple[str, ...]:
    """The models that are there, weights and card, in alphabetical order.

    Args:
        folder: where to look; by default the package's own.

    Example:
        >>> names(Path("nowhere"))
        ()
    """
    cards = {path.stem for path in folder.glob("*.json")}
    return tuple(sorted(cards & {path.stem for path in folder.glob("*.npz")}))


def card(name: str, folder: Path = FOLDER) -> dict:
    """Everything that is known about a model of the zoo.

    Args:
        name: one of `names()`.
        folder: where to look; by default the package's own.

    Returns:
        A dict with
        model, arguments: of the constructor;
        data, training: as in a run's config.json, with the steps that were taken;
        trained: {"device", "seconds", "versions"}, None where it was not recorded;
        tried: what else was tried before this setting was chosen;
        weights: {"sha256", "bytes", "parameters"} and how far their rounding moved what the model
        gives: {"logit_error", "relative_logit_error", "code_error", "spread_error"}, explained by
        `differences` in zoo/pack.py; "note" where that was not measured in this way;
        evaluation: as `kerasvae.runs.evaluation.evaluate` returns it, of the weights that ship;
        information: {"points", "bins", "factors", "matrix"}: what each dimension tells about each
        factor, (D, K), as a share of the factor's entropy;
        history: rows of history.csv, means of the logged terms, evenly thinned;
        published: [{"figure", "value", "source"}]; differs: why ours need not be the same;
        misses: what a model of this kind should show, but this one does not (`criteria`).

    Raises:
        ValueError: an unknown name, or a damaged card.
    """
    path = folder / f"{check_choice('name', name, names(folder))}.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content["model"], content["arguments"], content["weights"]["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is damaged ({error!r}). It is a file of the package: install kerasvae again."
        ) from error
    return content
