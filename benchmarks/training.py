"""How many images a second does training take in, and what does kerasvae cost over plain Keras?

Every contender trains the same network on the same images with the same batch and optimizers, in a
process of its own. After each has compiled and warmed up they take turns, A B C A B C ..., so that
whatever else the machine does hits all of them; a ratio is taken within a round, and the table
shows its median and range over the rounds. The last table has all objectives in it, with the model
FLOPs of a step and the share of the device's matrix peak, which takes its turn in each round too.

    python benchmarks/training.py                     # about three minutes on two cores
    python benchmarks/training.py --objectives all    # all nine, and beta-TCVAE with a bank
    KERAS_BACKEND=jax python benchmarks/training.py   # the other backend
    python benchmarks/training.py --help
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import resource
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import training_tables
from contenders import CONTENDERS, OBJECTIVES, SETUPS, Absent, default_contenders, make
from rich.console import Console

# What a run without options compares; it takes about three minutes on two cores.
DEFAULT_OBJECTIVES = ["vae", "beta-tcvae", "factor-vae"]


def main():
    """Run every setup and objective asked for, print a table of each, and one of all."""
    options = _options()
    # Frameworks are imported in the processes below; these tell them to be quiet and to share.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    # In a file the table keeps its columns.
    console = Console(width=None if sys.stdout.isatty() else 160)
    load, cores = os.getloadavg()[0], os.cpu_count()
    busy = load > 0.25 * cores
    if busy:
        # PyTorch's threads wait actively by default, which on shared cores slows them many times.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        console.print(
            f"[yellow]This machine is busy: load {load:.1f} on {cores} cores before the start. "
            "Compare CPU ms/step then; the other times depend on the load.[/yellow]"
        )
    results = []
    for name in options.setups:
        for objective in options.objectives:
            setup = _setup(name, objective, options)
            contenders = options.contenders or default_contenders(objective)
            result = compare(setup, objective, options.rounds, contenders, options.peak_tflops)
            results.append({**result, "load": load, "busy": busy})
            console.print(training_tables.comparison(results[-1]))
    console.print(training_tables.summary(results))
    if options.json:
        temporary = options.json.with_name(options.json.name + ".part")
        temporary.write_text(json.dumps(results, indent=1) + "\n")
        os.replace(temporary, options.json)


def _setup(name: str, objective: str, options):
    """The named setup with what the options change; a batch for each player that has its own."""
    setup = SETUPS[name]
    return replace(
        setup,
        steps=options.steps or setup.steps,
        batch_size=(options.batch_size or setup.batch_size) * OBJECTIVES[objective].batches,
        dtype=options.dtype,
        jit_compile=options.jit_compile,
    )


def compare(setup, objective: str, rounds: int, contenders: list[str], peak_tflops=None) -> dict:
    """Time contenders on one setup and objective.

    Args:
        setup: a `contenders.Setup`.
        objective: name in OBJECTIVES.
        rounds: how often each takes its turn.
        contenders: their names, the reference among them.
        peak_tflops: the device's matrix peak; measured if None.

    Returns:
        {"network", "objective", "batch_size", ..., "peak": FLOP/s by round, "contenders": {name:
        row}}, where a row has images_per_second, cpu_ms_per_step and loss by round, flops a step,
        peak_megabytes, runs_on, or the one key "absent".

    Raises:
        SystemExit: two contenders have different numbers of parameters.
    """
    peaks = [peak_tflops * 1e12] * rounds if peak_tflops else []
    with tempfile.TemporaryDirectory(prefix="kerasvae-benchmark-") as folder:
        file = f"{folder}/images.npy"
        Child("images", folder, _write_images, setup, file).receive()
        children = {
            name: Child(name, folder, _contend, name, setup, objective, file) for name in contenders
        }
        rows = {name: child.receive() for name, child in children.items()}
        meter = None if peak_tflops else Child("matrix peak", folder, _measure_peak, setup.dtype)
        present = [name for name, row in rows.items() if "absent" not in row]
        for _ in range(rounds):
            if meter:
                meter.send("measure")
                peaks.append(meter.receive())
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
        if meter:
            meter.send(None)
    counts = {rows[name]["parameters"] for name in present}
    if len(counts) > 1:
        raise SystemExit(f"The networks differ: {counts} parameters. This is no comparison.")
    return {**setup.__dict__, "objective": objective, "parameters": counts.pop(), "peak": peaks,
            "peak_given": bool(peak_tflops), "contenders": rows}  # fmt: skip


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
                     "flops": contender.flops, "images_per_second": [],
                     "cpu_ms_per_step": [], "loss": []})  # fmt: skip
    while (steps := connection.recv()) is not None:
        connection.send(contender.run(steps))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes, bytes on macOS
    connection.send(peak / (1e6 if sys.platform == "darwin" else 1e3))


def _measure_peak(connection, dtype: str):
    """A process that measures the device's matrix peak whenever asked, until None comes."""
    from contenders.flops import matrix_peak

    measure = matrix_peak(dtype)
    while connection.recv() is not None:
        connection.send(measure())


def _options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--rounds", type=int, default=3)
    add("--steps", type=int, help="timed steps a round; default: the setup's")
    add("--batch-size", type=int, help="images for each player; default: the setup's")
    add("--setups", nargs="+", choices=SETUPS, default=["burgess"])
    add("--objectives", nargs="+", choices=[*OBJECTIVES, "all"], default=DEFAULT_OBJECTIVES)
    add("--contenders", nargs="+", choices=CONTENDERS, metavar="NAME",
        help=f"of {', '.join(map(repr, CONTENDERS))}; default: all, fed ones with vae")  # fmt: skip
    add("--dtype", choices=["float32", "mixed_bfloat16"], default="float32")
    add("--jit-compile", choices=["auto", "true", "false"], default="auto",
        help="XLA for the Keras contenders; auto is Keras's choice")  # fmt: skip
    add("--peak-tflops", type=float, help="the device's matrix peak; default: measured")
    add("--json", type=Path, metavar="FILE", help="write all figures there too")
    options = parser.parse_args()
    if "all" in options.objectives:
        options.objectives = list(OBJECTIVES)
    if options.contenders and training_tables.REFERENCE not in options.contenders:
        options.contenders.insert(0, training_tables.REFERENCE)
    options.jit_compile = {"auto": "auto", "true": True, "false": False}[options.jit_compile]
    for name in ("rounds", "steps", "batch_size", "peak_tflops"):
        value = getattr(options, name)
        if value is not None and value <= 0:
            parser.error(f"--{name.replace('_', '-')} must be positive. Received: {value}")
    return options


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
