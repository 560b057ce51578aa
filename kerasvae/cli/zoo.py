"""The command `kerasvae zoo`."""

from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from kerasvae.cli.console import console, say
from kerasvae.models.introspection import setting_label
from kerasvae.surgery.decomposition import LAYOUT
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
        "How far a score spreads: kerasvae zoo NAME. Try: kerasvae explore factor-vae-dsprites"
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


def _with_spread(mean: float | None, spread: float | None) -> str:
    return _number(mean, 2) + ("" if spread is None else f" ± {spread:.2f}")


def _show(described: dict) -> None:
    training, trained, data = described["training"], described["trained"], described["data"]
    side = "x".join(str(length) for length in data["image_shape"])
    label = setting_label(described["model"], described["arguments"])
    say(
        f"{label}, trained on {data['source']}: {data['images']:,} images of {side}\n"
        f"{training['steps']:,} steps of {training['batch_size']} images, "
        f"learning rate {training['learning_rate']:g}"
    )
    if trained["seconds"]:
        versions = trained["versions"]
        say(
            f"{trained['seconds']:,.0f} s on {trained['device']}; {versions['backend']}, "
            f"Keras {versions['keras']}"
        )
    sources = list(dict.fromkeys(row["source"] for row in described["published"]))
    console.print(_figures(described, sources))
    for number, source in enumerate(sources, start=1):
        say(f"[{number}] {source}")
    say(
        "Terms in nats per image, exact, ± standard error; scores ± standard deviation over draws "
        f"of images.\n{described['differs']}\nTried: {described['tried']}."
    )
    for miss in described["misses"]:
        say(f"Misses: {miss}")


def _figures(described: dict, sources: list[str]) -> Table:
    """Ours beside what was published, with the number of its source."""
    surgery, scores = described["evaluation"]["surgery"], described["evaluation"]["scores"]
    published = {
        row["figure"]: f"{row['value']} [{sources.index(row['source']) + 1}]"
        for row in described["published"]
    }
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False, pad_edge=False)
    for heading in ("", "ours", "published"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    ours = {
        term: _with_spread(surgery[term], surgery["standard_errors"][term])
        for term, _ in LAYOUT
        if term in surgery
    }
    ours |= {
        name: _with_spread(score.get("mean"), score.get("standard_deviation"))
        for name, score in scores.items()
    }
    for name, figure in ours.items():
        table.add_row(name, figure, escape(published.get(name, "")))
    return table
