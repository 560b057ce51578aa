"""How many images a second does training take in, and what does kerasvae cost over plain Keras?

Every contender trains the same network on the same images with the same batch and optimizer, in a
process of its own. After each has compiled and warmed up they take turns, A B C A B C ..., so that
whatever else the machine does hits all of them; a ratio is taken within a round, and the table
shows its median and range over the rounds.

    python benchmarks/training.py                     # about three minutes on two cores
    KERAS_BACKEND=jax python benchmarks/training.py   # the other backend
    python benchmarks/training.py --help
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from contenders import CONTENDERS, OBJECTIVES, SETUPS, Absent, make
from rich.console import Console
from rich.markup import escape
from rich.table import Table

REFERENCE = "kerasvae"

# (setup, contender): the ratio to reach on an idle machine; pythae's is for TensorFlow on a CPU.
TARGETS = {
    ("burgess", "plain Keras"): 0.95,
    ("mlp", "plain Keras"): 0.95,
    ("burgess", "pythae, plain loop"): 1.5,
    ("burgess", "pythae, own trainer"): 1.5,
}


def main():
    """Run every setup and objective asked for and print a table of each."""
    options = _options()
    # Frameworks are imported in the processes below; these tell them to be quiet and to share.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    # In a file the table keeps its columns.
    console = Console(width=None if sys.stdout.isatty() else 140)
    load, cores = os.getloadavg()[0], os.cpu_count()
    busy = load > 0.25 * cores
    if busy:
        console.print(
            f"[yellow]This machine is busy: load {load:.1f} on {cores} cores before the start. "
            "Compare CPU ms/step then; the other times depend on the load.[/yellow]"
        )
    results = []
    for name in options.setups:
        changes = {"steps": options.steps, "batch_size": options.batch_size}
        setup = replace(SETUPS[name], **{k: v for k, v in changes.items() if v is not None})
        for objective in options.objectives:
            result = {**compare(setup, objective, options.rounds), "load": load, "busy": busy}
            results.append(result)
            console.print(table(result))
    if options.json:
        temporary = options.json.with_name(options.json.name + ".part")
        temporary.write_text(json.dumps(results, indent=1) + "\n")
        os.replace(temporary, options.json)


def compare(setup, objective: str, rounds: int) -> dict:
    """Time all contenders on one setup and objective.

    Returns:
        {"network", "objective", "batch_size", ..., "contenders": {name: row}}, where a row has
        images_per_second, cpu_ms_per_step and loss by round, peak_megabytes, runs_on, or the one
        key "absent".

    Raises:
        SystemExit: two contenders have different numbers of parameters.
    """
    with tempfile.TemporaryDirectory(prefix="kerasvae-benchmark-") as folder:
        file = f"{folder}/images.npy"
        Child("images", folder, _write_images, setup, file).receive()
        children = {
            name: Child(name, folder, _contend, name, setup, objective, file) for name in CONTENDERS
        }
        rows = {name: child.receive() for name, child in children.items()}
        present = [name for name, row in rows.items() if "absent" not in row]
        for _ in range(rounds):
            for name in present:
                children[name].send(setup.steps)
                timing = children[name].receive()
                row, images = rows[name], setup.steps * setup.batch_size
                row["images_per_second"].append(images / timing.passed.wall)
                row["cpu_ms_per_step"].append(1000 * timing.passed.cpu / setup.steps)
                row["loss"].append(timing.loss)
        for name in present:
            children[name].send(None)
            rows[name]["peak_megabytes"] = children[name].receive()
    counts = {rows[name]["parameters"] for name in present}
    if len(counts) > 1:
        raise SystemExit(f"The networks differ: {counts} parameters. This is no comparison.")
    return {**setup.__dict__, "objective": objective, "parameters": counts.pop(),
            "contenders": rows}  # fmt: skip


def ratios(result: dict, name: str) -> list[float]:
    """Images/s of the reference over those of a contender, round by round."""
    speeds = [result["contenders"][key]["images_per_second"] for key in (REFERENCE, name)]
    return [ours / theirs for ours, theirs in zip(*speeds, strict=True)]


def table(result: dict) -> Table:
    """One comparison as a rich table."""
    title = (
        f"{result['objective']}, {result['network']} {result['image_shape']}, "
        f"z={result['latent_dim']}, batch {result['batch_size']}, Adam, "
        f"{result['parameters']:,} parameters"
    )
    rows = result["contenders"].values()
    runs_on = dict.fromkeys(row["runs_on"] for row in rows if "runs_on" in row)
    caption = "\n".join(runs_on) + (
        "\nmedian (range) over the rounds; CPU time is that of all cores, which other programs on "
        "the machine hardly change; memory is the whole process's, framework and images included"
    )
    shown = Table(title=title, caption=caption)
    shown.add_column("contender", max_width=36)
    for heading in ("images/s", "ms/step", f"{REFERENCE} is x times", "target", "CPU ms/step",
                    "peak MB", "loss"):  # fmt: skip
        shown.add_column(heading, justify="right")
    for name, row in result["contenders"].items():
        if "absent" in row:
            shown.add_row(f"{name}: {escape(row['absent'])}")
            continue
        speeds = row["images_per_second"]
        ratio = ratios(result, name)
        shown.add_row(
            name,
            _spread(speeds, ".0f"),
            f"{1000 * result['batch_size'] / statistics.median(speeds):.1f}",
            "" if name == REFERENCE else _spread(ratio, ".2f"),
            _verdict(result, name, ratio),
            f"{statistics.median(row['cpu_ms_per_step']):.1f}",
            f"{row['peak_megabytes']:.0f}",
            f"{row['loss'][-1]:.1f}",
        )
    return shown


def _verdict(result: dict, name: str, ratio: list[float]) -> str:
    target = TARGETS.get((result["network"], name))
    meant = name == "plain Keras" or "tensorflow" in result["contenders"][REFERENCE]["runs_on"]
    if target is None or not meant:
        return ""
    if result["busy"]:
        return f">= {target}, machine busy"
    return f">= {target} {'met' if statistics.median(ratio) >= target else '[red]not met[/red]'}"


def _spread(values, form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


class Child:
    """A process to talk to. What it prints on stderr is shown only if it fails.

    Args:
        name: for the error.
        folder: where its messages go.
        function: called there with a connection and the arguments.
        *arguments: simple enough to be pickled.
    """

    def __init__(self, name: str, folder: str, function, *arguments):
        context = multiprocessing.get_context("spawn")
        self.name, self.log = name, Path(folder) / f"{name}.log"
        self._connection, theirs = context.Pipe()
        everything = (str(self.log), function, theirs, *arguments)
        context.Process(target=_in_child, args=everything, daemon=True).start()
        theirs.close()

    def send(self, message):
        """Send a message; a process that has ended is noticed in `receive`."""
        with contextlib.suppress(BrokenPipeError):
            self._connection.send(message)

    def receive(self):
        """The next message; SystemExit with what the process printed if it has ended."""
        try:
            return self._connection.recv()
        except (EOFError, ConnectionResetError):
            raise SystemExit(f"{self.log.read_text()}\n{self.name}: its process ended.") from None


def _in_child(log: str, function, connection, *arguments):
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT), 2)
    function(connection, *arguments)


def _write_images(connection, setup, file: str):
    """Draw the images that all contenders train on; not every contender imports kerasvae."""
    from contenders.keras_timing import WARM_UP

    from kerasvae.data import load

    images, _ = load(setup.data).sample((WARM_UP + setup.steps) * setup.batch_size, seed=0)
    np.save(file, images)
    connection.send("written")


def _contend(connection, name: str, setup, objective: str, file: str):
    """A contender's process: get ready, train so many steps whenever asked, end with None."""
    images = np.load(file)
    try:
        contender = make(name, setup, objective, images)
    except Absent as reason:
        connection.send({"absent": str(reason)})
        return
    contender.run(min(setup.steps, 10))  # compiles and warms up
    connection.send({"parameters": contender.parameters, "runs_on": contender.runs_on,
                     "images_per_second": [], "cpu_ms_per_step": [], "loss": []})  # fmt: skip
    while (steps := connection.recv()) is not None:
        connection.send(contender.run(steps))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes, bytes on macOS
    connection.send(peak / (1e6 if sys.platform == "darwin" else 1e3))


def _options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, help="timed steps a round; default: the setup's")
    parser.add_argument("--batch-size", type=int, help="default: the setup's")
    parser.add_argument("--setups", nargs="+", choices=SETUPS, default=list(SETUPS))
    parser.add_argument("--objectives", nargs="+", choices=OBJECTIVES, default=["vae"])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    options = parser.parse_args()
    for name in ("rounds", "steps", "batch_size"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1. Received: {value}")
    return options


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
