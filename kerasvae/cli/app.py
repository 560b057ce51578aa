"""The command line; `kerasvae --help` lists its commands."""

import logging
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import typer.core
from rich import box
from rich.table import Table

from kerasvae import data, plotting
from kerasvae.cli import train as train_command
from kerasvae.cli.console import complain, console, explained, say
from kerasvae.cli.options import one_of
from kerasvae.cli.study import show_table, study
from kerasvae.cli.zoo import zoo
from kerasvae.course.students import copy_course
from kerasvae.runs import comparison, evaluation, figures, locks, model_card, scores, versions
from kerasvae.runs import report as run_report
from kerasvae.runs.errors import InUseError
from kerasvae.surgery import decompose
from kerasvae.zoo import open_run


class Commands(typer.core.TyperGroup):
    """The commands in the order in which they are used."""

    def list_commands(self, ctx) -> list[str]:
        """Typer puts groups last."""
        return ["train", *(name for name in self.commands if name != "train")]


app = typer.Typer(
    cls=Commands,
    help="Disentanglement with variational autoencoders: train, look, measure, learn.",
    epilog="Begin with: kerasvae train vae --data dsprites-mini --steps 4000 --out runs/vae",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(train_command.app, name="train")

# Errors that a user can cause; any other error is a bug, and shows its traceback.
EXPECTED = (ValueError, OSError, FloatingPointError, ModuleNotFoundError, InUseError)

RunFolder = Annotated[
    Path,
    typer.Argument(
        help="Folder of a run, or name of a trained model: see 'kerasvae zoo'.", metavar="RUN"
    ),
]


@app.command(epilog="Example: kerasvae traverse runs/vae --image 100 --range 3")
def traverse(
    run_folder: RunFolder,
    image: Annotated[
        int | None,
        typer.Option(
            help="Start from the code of image N; if not given, of a typical one.",
            metavar="N",
            min=0,
        ),
    ] = None,
    span: Annotated[
        float, typer.Option("--range", help="Move each dimension from -R to R.", metavar="R")
    ] = 2.0,
    gif: Annotated[bool, typer.Option("--gif", help="Also write an animation.")] = False,
):
    """Draw what each latent dimension does, with the highest KL on top."""
    with _trained(run_folder) as (run, model, dataset):
        figure = figures.draw_traversals(model, dataset, image, span)
        say(str(run.save_figure(figures.TRAVERSALS, figure)))
        if gif:
            say(str(figures.write_animation(run, model, dataset, image, span)))


@app.command(epilog="Example: kerasvae evaluate runs/vae --draws 5")
def evaluate(
    run_folder: RunFolder,
    images: Annotated[
        int | None,
        typer.Option(help="Use only N images, drawn at random.", metavar="N", min=1),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="A metric; repeat the option for several. Default: all.", metavar="NAME"),
    ] = None,
    points: Annotated[
        int, typer.Option(help="Images in each draw for the metrics.", metavar="N", min=1)
    ] = 10_000,
    draws: Annotated[
        int, typer.Option(help="Draws, which give the spread of every score.", metavar="N", min=1)
    ] = 3,
    samples: Annotated[
        int, typer.Option(help="Pairs of an image and a code that surgery draws.", metavar="N")
    ] = 10_000,
):
    """Compute terms, exact surgery and every score; write evaluation.json, a report and a card."""
    for name in metric or []:
        one_of("metric", scores.NAMES)(name)
    with _trained(run_folder) as (run, model, dataset), console.status("evaluating"):
        result = evaluation.evaluate(
            run, model, dataset, images, metric or scores.NAMES, points, draws, samples
        )
        pages = [run_report.write_report(run, model, dataset, result)]
        if run.path("model.keras").is_file():  # a model of the zoo has its card in the package
            pages.append(model_card.write_card(run, result))
    for table in run_report.tables(result, str(run.folder)):
        console.print(table)
    for path in (run.path(evaluation.FILE), *pages):
        say(str(path))


@app.command(epilog="Example: kerasvae compare runs/*")
def compare(
    run_folders: Annotated[
        list[Path],
        typer.Argument(help="Folders of evaluated runs, or names from the zoo.", metavar="RUN..."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to.", metavar="FOLDER")] = Path(
        "comparison"
    ),
):
    """Set evaluated runs side by side; write comparison.csv and comparison.html."""
    rows = comparison.read_rows(map(open_run, run_folders))
    show_table(rows)
    for path in comparison.write_comparison(out, rows):
        say(str(path))


app.command(epilog="Example: kerasvae study study.yml --workers 2")(study)


@app.command(epilog="Example: kerasvae surgery runs/vae --samples 10000")
def surgery(
    run_folder: RunFolder,
    samples: Annotated[
        int, typer.Option(help="Pairs of an image and a code to estimate from.", metavar="N")
    ] = 10_000,
    seed: Annotated[int, typer.Option(help="Seed of the pairs.", metavar="N", min=0)] = 0,
):
    """Split the KL over all images; print a table, write surgery.json and surgery.png."""
    with _trained(run_folder) as (run, model, dataset):
        result = decompose(model, dataset, samples, seed)
        run.write_json("surgery.json", {"step": model.steps_taken, **result.to_dict()})
        bars = plotting.surgery_bars({run.config["model"]: result})
        page = run.save_figure("surgery.png", bars)
    console.print(result.table())
    for path in (run.path("surgery.json"), page):
        say(str(path))


@contextmanager
def _trained(folder: Path):
    """A run, its model and its images; while they are in use, nobody may replace the run."""
    run = open_run(folder)  # refuses what is not a run, before a lock is written
    with locks.hold(run.folder, locks.MEASURING):
        run = open_run(folder)
        run.tidy()
        model = run.load_model()
        step, steps = model.steps_taken, run.config["training"]["steps"]
        if step < steps:
            say(f"This run is at step {step:,} of {steps:,}.")
        yield run, model, run.dataset()


@app.command(epilog="Example: kerasvae explore runs/vae")
def explore(
    run_folder: RunFolder,
    port: Annotated[
        int, typer.Option(help="Port of the page; 0 for any free one.", metavar="N")
    ] = 8866,
    browser: Annotated[bool, typer.Option(help="Open the page in your browser.")] = True,
):
    """Move the latent dimensions by hand: a local web page with sliders and images."""
    from kerasvae.cli.explore import explore  # needs the extra `tutorials`

    explore(run_folder, port, browser)


app.command(epilog="Example: kerasvae zoo beta-tcvae-dsprites")(zoo)


@app.command()
def datasets():
    """List the data sets with known factors."""
    infos = data.describe()
    headings = ("name", "images", "factors", "download", "licence")
    table = Table(*headings, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.columns[0].no_wrap = True
    for column in (3, 4):  # factors take what these leave, and at 80 columns no word is cut
        words = [word for info in infos for word in getattr(info, headings[column]).split()]
        table.columns[column].width = max(map(len, words))
    for info in infos:
        images = f"{info.images:,}\n{'x'.join(map(str, info.image_shape))}"
        factors = ", ".join(f"{name}={size}" for name, size in info.factors.items())
        table.add_row(info.name, images, factors, info.download, info.licence)
    console.print(table)
    say(
        "For a data set that needs a download: --data-option download=true, or --data-option "
        "path=YOUR_COPY. For your own images: --data FOLDER --image-size 64, "
        "or --data FILE.npz."
    )


@app.command(epilog="Example: kerasvae tutorials 01 02")
def tutorials(
    numbers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NN ...]", help="Numbers of chapters; default: all."),
    ] = None,
    tier: Annotated[
        str,
        typer.Option(
            help="quick: about a minute per chapter on a CPU; full: for a GPU.",
            metavar="quick|full",
            callback=one_of("tier", ("quick", "full")),
        ),
    ] = "quick",
    copy_to: Annotated[
        Path | None,
        typer.Option(help="Copy the course to a new folder; run nothing.", metavar="FOLDER"),
    ] = None,
):
    """Run the chapters into build/tutorials, as notebooks and HTML."""
    if copy_to is not None:
        if numbers:
            raise typer.BadParameter(
                f"--copy-to copies all chapters. Received: {' '.join(numbers)}"
            )
        say(f"The course is in {copy_course(copy_to)}. There, run: kerasvae tutorials 01")
        return
    from kerasvae.course.notebooks import run_tutorials  # needs the extra `tutorials`

    raise typer.Exit(run_tutorials(numbers or [], tier))


def _show_versions(wanted: bool):
    if wanted:
        say("  ".join(f"{name} {value}" for name, value in versions().items()))
        raise typer.Exit


@app.callback()
def _app(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the versions and exit.", callback=_show_versions, is_eager=True
        ),
    ] = False,
):
    pass


def main() -> None:
    """Run the command line: wrong usage ends with status 2, other errors with 1, in one line."""
    # Not for users: how often TensorFlow compiles.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        status = app(standalone_mode=False)
    except typer.TyperException as error:
        status = complain(error.format_message(), error.exit_code)
    except EXPECTED as error:
        status = complain(explained(error), 1)
    except typer.Abort:
        status = complain("stopped", 130)
    sys.exit(status)


if __name__ == "__main__":
    main()
