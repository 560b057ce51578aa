"""The command `kerasvae train MODEL`, with a subcommand for every model."""

import shlex
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import keras
import typer

from kerasvae import distributions, networks
from kerasvae.cli.console import console, say
from kerasvae.cli.options import (
    data_options,
    data_source,
    json_value,
    model_command,
    one_of,
    option,
    setting,
)
from kerasvae.models import BY_NAME
from kerasvae.runs import (
    Run,
    check_free,
    figures,
    load_images,
    locks,
    loggers,
    new_config,
    session,
    versions,
)
from kerasvae.runs.progress import ProgressDisplay

app = typer.Typer(
    help="Train a model into a run folder. 'kerasvae train MODEL --help' lists its options.",
    epilog="Example: kerasvae train beta-vae --beta 4 --data dsprites-mini --out runs/beta-vae",
    no_args_is_help=True,
    subcommand_metavar="MODEL [OPTIONS]",
)


# The settings of a run. All default to None, so that a resumed run knows which ones were given.
SETTINGS = (
    setting("latent_dim", int, "Network", "Number of latent dimensions.", "10", min=1),
    setting(
        "architecture",
        str,
        "Network",
        f"{', '.join(networks.ARCHITECTURES)}.",
        "burgess; mlp for small images",
        callback=one_of("architecture", networks.ARCHITECTURES),
    ),
    setting(
        "likelihood",
        str,
        "Network",
        f"Distribution of the pixels: {', '.join(distributions.LIKELIHOODS)}.",
        "bernoulli",
        callback=one_of("likelihood", distributions.LIKELIHOODS),
    ),
    setting(
        "likelihood_scale",
        Any,
        "Network",
        "Standard deviation of the gaussian likelihood: a number, or learned.",
        "1.0",
        parser=json_value,
    ),
    setting("steps", int, "Training", "Training steps.", "4000", min=1),
    setting(
        "batch_size",
        int,
        "Training",
        "Images in a batch; factor-vae divides them between the VAE and its discriminator.",
        "64; factor-vae 128",
        min=1,
    ),
    setting("learning_rate", float, "Training", "Learning rate of Adam.", "the paper's", min=0),
    setting("seed", int, "Training", "Seed of weights, image order and draws.", "0", min=0),
    setting("devices", int, "Training", "Devices that share each batch.", "1", min=1),
    setting("log_every", int, "Run folder", "Steps per row of history.csv.", "100", min=1),
    setting("checkpoint_every", int, "Run folder", "Steps per checkpoint.", "1000", min=1),
)


PAIRS = (
    setting(
        "changed",
        Any,
        "Data",
        "How many factors differ between the images of a pair: a number, or random.",
        "1",
        parser=json_value,
    ),
)


def train(
    model_name: str,
    data: Annotated[
        str | None,
        option(
            "Data",
            "A data set ('kerasvae datasets' lists them), a folder of images, or an .npz file of "
            "images and factors.",
            callback=data_source,
            metavar="NAME|PATH",
        ),
    ] = None,
    image_size: Annotated[
        int | None,
        option("Data", "Crop and resize a folder's images to N x N.", metavar="N", min=1),
    ] = None,
    data_option: Annotated[
        list[str] | None,
        option("Data", "An option of the data set: path=my.npz, download=true.", metavar="K=V"),
    ] = None,
    out: Annotated[
        Path | None, option("Run folder", "Folder to write to.", "runs/MODEL", metavar="FOLDER")
    ] = None,
    resume: Annotated[
        bool, option("Run folder", "Continue the run in --out, with its options.", flag="resume")
    ] = False,
    overwrite: Annotated[
        bool, option("Run folder", "Replace the run in --out.", flag="overwrite")
    ] = False,
    tensorboard: Annotated[
        bool, option("Run folder", "Also write logs for TensorBoard.", flag="tensorboard")
    ] = False,
    logger: Annotated[
        str | None,
        option(
            "Run folder",
            f"Record the training with {', '.join(loggers.NAMES)}; its package must be installed.",
            callback=one_of("logger", loggers.NAMES),
            metavar="NAME",
        ),
    ] = None,
    **settings,
):
    """Train a model; `settings` are those of SETTINGS and of the model's own objective."""
    folder = out or Path("runs") / model_name
    given = {"data": data, **settings}
    given = {name: value for name, value in given.items() if value is not None}
    if resume and overwrite:
        raise typer.BadParameter("--resume and --overwrite cannot be used together")
    logger = "tensorboard" if tensorboard else logger
    if logger:
        loggers.check_logger(logger)
    source = (data_option or [], image_size)
    if resume:
        Run.open(folder)  # refuses what is not a run, before a lock is written
        with locks.hold(folder, locks.TRAINING):
            _train_and_draw(*_resumed(folder, model_name, given, *source), logger)
    elif data is None:
        raise typer.BadParameter("--data NAME|PATH is missing; see 'kerasvae datasets'")
    else:
        _train_anew(folder, model_name, given, data_options(data, *source), overwrite, logger)


def _train_anew(folder, model_name, given, options, overwrite, logger):
    check_free(folder, overwrite)
    dataset = load_images(given["data"], options)
    config = new_config(model_name, {**given, "data_option": options}, dataset)
    with locks.hold(folder, locks.TRAINING):
        _train_and_draw(Run.create(folder, config, overwrite), dataset, logger)


def _resumed(folder, model_name, given, pairs, image_size):
    run = Run.open(folder)
    if pairs or image_size is not None:
        source = given.get("data", run.config["data"]["source"])
        given["data_option"] = data_options(source, pairs, image_size)
    run.check_same({"model": model_name, **given})
    run.extend(given.get("steps", 0))
    if run.config["versions"] != versions():
        say(
            f"The run was started with other versions, {run.config['versions']}. "
            "Its numbers may change slightly."
        )
    return run, run.dataset()


def _train_and_draw(run: Run, dataset, logger: str | None):
    config, started = run.config, time.monotonic()
    training, backend = config["training"], keras.backend.backend()
    devices = ", ".join(session.check_devices(training["devices"], training["batch_size"]))
    say(
        f"{config['model']} ({config['arguments']['architecture']}, "
        f"{config['arguments']['latent_dim']} latent dimensions) on {dataset!r}\n"
        f"device {devices} ({backend}), run folder {run.folder}"
    )
    steps = config["training"]["steps"]
    try:
        recorded = loggers.logger(logger, run) if logger else nullcontext([])
        with recorded as callbacks, ProgressDisplay(console, steps) as display:
            model, step = session.train(run, dataset, [display, *callbacks])
    except KeyboardInterrupt:  # the second one, which does not wait for a checkpoint
        model, step = None, 0
    if step < steps:
        reached = f"at step {step:,} of {steps:,}" if model else "at once"
        command = ["kerasvae", "train", config["model"], "--out", str(run.folder), "--resume"]
        say(f"Stopped {reached}. To go on, run: {shlex.join(command)}")
        raise typer.Exit(130)
    drawn = [
        run.save_figure(figures.RECONSTRUCTIONS, figures.draw_reconstructions(model, dataset)),
        run.save_figure(figures.TRAVERSALS, figures.draw_traversals(model, dataset)),
    ]
    terms = run.read_history()[-1]
    parts = [f"{name} {terms[name]:.2f}" for name in model.term_names]
    say(
        f"Step {step:,}: {', '.join(parts)}; means in the last row of history.csv. "
        f"{time.monotonic() - started:.0f} s."
    )
    for path in [run.path("model.keras"), run.path("history.csv"), *drawn]:
        say(f"  {path}")


for _name, _model in BY_NAME.items():
    _settings = SETTINGS + (PAIRS if _model.learns_from_pairs else ())
    app.command(_name)(model_command(_name, train, _settings))
