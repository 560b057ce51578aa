"""The command `kerasvae zoo`."""

from typing import Annotated

import typer
from rich import box
from rich.table import Table

from kerasvae.cli.console import console, say
from kerasvae.models.introspection import setting_label
from kerasvae.zoo import card, names

# Heading of a column, and the term or score in it; the headings are short, for 80 columns.
TERMS = {"rec.": "reconstruction", "KL": "kl", "TC": "total_correlation"}
SCORES = {"MIG": "mig", "DCI": "dci", "FactorVAE\nscore": "factor_vae_score"}


def zoo(
    name: Annotated[
        str | None, typer.Argument(help="Show the whole card of this model.", metavar="[NAME]")
    ] = None,
):
    """List the trained models; every command that takes RUN takes their names too."""
    if name is not None:
        _show(card(name))
        return
    console.print(_table())
    say(
        "\nrec.: reconstruction, TC: total correlation; nats per image, measured exactly.\n"
        "Commands write into a folder NAME where you are.\n"
        "How far a score spreads: kerasvae zoo NAME. Try: kerasvae explore beta-tcvae-dsprites"
    )


def _table() -> Table:
    table = Table("name", "steps", box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for heading in (*TERMS, *SCORES):
        table.add_column(heading, justify="right")
    for column in table.columns:
        column.no_wrap = True
    for name in names():
        described = card(name)
        evaluation = described["evaluation"]
        terms = [_number(evaluation["surgery"].get(term), 1) for term in TERMS.values()]
        scores = [
            _number(evaluation["scores"].get(score, {}).get("mean"), 2) for score in SCORES.values()
        ]
        table.add_row(name, f"{described['training']['steps']:,}", *terms, *scores)
    return table


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _score(score: dict) -> str:
    spread = score.get("standard_deviation")
    return _number(score.get("mean"), 2) + ("" if spread is None else f" ± {spread:.2f}")


def _show(described: dict) -> None:
    training, trained = described["training"], described["trained"]
    say(f"{setting_label(described['model'], described['arguments'])} on {described['data']}")
    say(f"training: {training}")
    say(f"made with: {trained}")
    say(f"tried: {described['tried']}")
    surgery, scores = described["evaluation"]["surgery"], described["evaluation"]["scores"]
    for term in ("reconstruction", "kl", "mutual_information", "total_correlation"):
        if term in surgery:
            say(f"  {term}  {surgery[term]:.2f} ± {surgery['standard_errors'][term]:.2f} nats")
    for score, numbers in scores.items():
        say(f"  {score}  {_score(numbers)}")
    for row in described["published"]:
        say(f"published: {row['figure']} {row['value']} ({row['source']})")
    say(f"differs: {described['differs']}")
    for miss in described["misses"]:
        say(f"misses: {miss}")
