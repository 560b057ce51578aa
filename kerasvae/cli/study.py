"""The command `kerasvae study FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from kerasvae.cli.console import console, say
from kerasvae.cli.options import one_of
from kerasvae.runs import comparison
from kerasvae.study import engines, read_plan, run_study
from kerasvae.study.results import FILE

# What a terminal has room for; comparison.html shows everything.
SHOWN = ("reconstruction", "mutual_information", "total_correlation", "mig", "dci", "sap")


def study(
    file: Annotated[Path, typer.Argument(help="The study's YAML file.", metavar="FILE")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write to; runs/NAME if not given.", metavar="FOLDER"),
    ] = None,
    workers: Annotated[int, typer.Option(help="Runs to train at a time.", metavar="N", min=1)] = 1,
    retries: Annotated[
        int, typer.Option(help="Further attempts at a run that was killed.", metavar="N", min=0)
    ] = 1,
    engine: Annotated[
        str,
        typer.Option(
            help="local: processes here; population: runs that fit together, as one program; "
            "ray: a Ray cluster.",
            metavar="local|population|ray",
            callback=one_of("engine", engines.NAMES),
        ),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="Address of a running Ray cluster, or auto.", metavar="ADDRESS"),
    ] = None,
    gpus: Annotated[
        float, typer.Option(help="GPUs that each run asks Ray for.", metavar="X", min=0)
    ] = 0.0,
):
    """Train many models, weights and seeds; a stopped study goes on where it stopped.

    Writes a folder for each run, results.parquet with a row for each, and comparison.html.
    """
    plan = read_plan(file)
    out = out or Path("runs") / plan.name
    how = "those that fit together" if engine == "population" else workers
    say(f"{plan.name}: {len(plan.jobs)} runs into {out}, {how} at a time ({engine})")
    over = 0

    def report(outcome):
        nonlocal over
        over += 1
        took = f"{outcome.seconds:.0f} s" if outcome.attempts else "there already"
        again = f", {outcome.attempts} attempts" if outcome.attempts > 1 else ""
        error = f": {outcome.error}" if outcome.error else ""
        counted = f"{over} of {len(plan.jobs)}"
        say(f"{counted}  {outcome.name}  {outcome.status}, {took}{again}{error}")

    try:
        rows = run_study(plan, out, workers, retries, engine, address, gpus, report)
    except KeyboardInterrupt:
        say("Stopped. To go on, run the same command again.")
        raise typer.Exit(130) from None
    done = [out / row["run"] for row in rows if row["status"] == "done"]
    paths = [out / FILE]
    if done:
        measured = comparison.read_rows(done)
        show_table(measured)
        paths += comparison.write_comparison(out, measured)
    for path in paths:
        say(str(path))
    failed = [row["run"] for row in rows if row["status"] != "done"]
    if failed:
        say(f"Not done: {', '.join(failed)}. See {out / 'logs'}. To retry, run the command again.")
        raise typer.Exit(1)


def show_table(rows: list[dict]) -> None:
    """Print the comparison of some runs, as far as a terminal has room."""
    for number, setting in enumerate(dict.fromkeys(row["setting"] for row in rows), 1):
        say(f"{number}  {setting}")
    shown = [name for name in SHOWN if any(row.get(name) is not None for row in rows)]
    say("\nTerms in nats per image, and scores:")
    console.print(comparison.table(rows, shown))
