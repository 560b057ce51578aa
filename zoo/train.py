"""Train a model of the zoo by the table in settings.py; the same command goes on after a stop.

    python zoo/train.py beta-tcvae-dsprites
    python zoo/train.py beta-tcvae-dsprites --steps 300000      # as long as the papers
    python zoo/pack.py beta-tcvae-dsprites build/zoo/beta-tcvae-dsprites

The run is a folder as `kerasvae train` makes it, with made.json beside it: seconds and device.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # twice as fast for convolutions on a CPU

from rich.console import Console  # noqa: E402
from settings import COMMON, DATA, SETTINGS  # noqa: E402

from kerasvae.runs import open_or_create, session  # noqa: E402
from kerasvae.runs.progress import ProgressDisplay  # noqa: E402
from kerasvae.runs.session import check_devices  # noqa: E402

MADE = "made.json"


# An accelerator takes many steps a call, and between calls it waits for rows and checkpoints.
ON_ACCELERATOR = {"log_every": 1000, "checkpoint_every": 50_000}


def given(setting, steps: int, device: str) -> dict:
    """A row of the table as settings of a run on a device."""
    return {
        **({} if device.startswith("cpu") else ON_ACCELERATOR),
        "data": DATA,
        **COMMON,
        **setting.weights,
        "steps": steps,
        "learning_rate": setting.learning_rate,
        "batch_size": setting.batch_size,
    }


def main() -> None:
    """Train, and add the seconds that it took to those of earlier calls."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=SETTINGS)
    parser.add_argument("--steps", type=int, help="in place of the table's")
    parser.add_argument("--runs", type=Path, default=Path("build/zoo"), metavar="FOLDER")
    arguments = parser.parse_args()
    setting = SETTINGS[arguments.name]
    steps = arguments.steps or setting.steps
    folder = arguments.runs / arguments.name
    device = check_devices(1, setting.batch_size)[0]
    run, dataset = open_or_create(folder, setting.model, given(setting, steps, device))
    console, started = Console(highlight=False), time.monotonic()
    with ProgressDisplay(console, steps) as display:
        _, step = session.train(run, dataset, [display])
    made = run.path(MADE)
    before = json.loads(made.read_text())["seconds"] if made.is_file() else 0
    seconds = round(before + time.monotonic() - started)
    run.write_json(MADE, {"seconds": seconds, "device": f"{device}, {os.cpu_count()} CPU cores"})
    console.print(f"{run.folder}: step {step:,} of {steps:,}, {seconds:,} s in all")


if __name__ == "__main__":
    main()
