"""Run a study: skip what is done, run the rest, and keep one table of all results."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

from kerasvae.checks import check_choice, check_count, check_positive_int
from kerasvae.runs import locks
from kerasvae.runs.session import check_devices
from kerasvae.study import engines
from kerasvae.study.attempts import Outcome
from kerasvae.study.plan import Plan
from kerasvae.study.populations import run_populations
from kerasvae.study.results import FILE, collect, read_parquet, write_parquet


def run_study(
    plan: Plan,
    out: Path,
    workers: int = 1,
    retries: int = 1,
    engine: str = "local",
    address: str | None = None,
    gpus: float = 0,
    report: Callable[[Outcome], None] = lambda outcome: None,
) -> list[dict]:
    """Run all jobs of a plan that are not done yet.

    results.parquet is written anew after every job, so a study that was killed has the rows of
    what it had finished; started again, it goes on, each unfinished run from its last checkpoint.

    Args:
        plan: as `read_plan` returns it.
        out: the study's folder: a run folder for each job, logs, and results.parquet.
        workers: runs at a time; of no use to the engine "population".
        retries: further attempts for a run that was killed. One that fails by itself is not
            tried again; its error stands in the results.
        engine: "local", processes of this machine; "population", where runs that differ in seed,
            float weights and learning rate alone are trained together, one such group at a time
            (on JAX as one program); or "ray".
        address: of a Ray cluster; None starts a Ray on this machine.
        gpus: that each run asks Ray for.
        report: called with each outcome as it comes.

    Returns:
        The rows of results.parquet.

    Raises:
        ValueError: an unknown engine, or numbers that make no sense.
        ModuleNotFoundError: pyarrow, or Ray, is not installed.
        InUseError: another process runs a study in this folder.
    """
    check_choice("engine", engine, engines.NAMES)
    check_positive_int("workers", workers)
    check_count("retries", retries)
    if importlib.util.find_spec("pyarrow") is None:
        raise ModuleNotFoundError("A study needs pyarrow: pip install 'kerasvae[study]'")
    if engine != "ray":
        for count in {job.given.get("devices", 1) for job in plan.jobs}:
            check_devices(count, batch_size=count)  # the batch was checked with the plan
    with locks.hold(out, locks.STUDY):
        return _run(plan, out, workers, retries, engine, address, gpus, report)


def _run(plan, out, workers, retries, engine, address, gpus, report) -> list[dict]:
    """`run_study`, while this process holds the lock of the study's folder."""
    if engine == "ray":
        coming = engines.run_on_ray(plan.jobs, out, workers, retries, address, gpus)
    elif engine == "population":
        coming = run_populations(plan.jobs, out, retries, threads=os.cpu_count() or 1)
    else:
        coming = engines.run_locally(plan.jobs, out, workers, retries)
    before = read_parquet(out / FILE) if (out / FILE).is_file() else []
    outcomes, rows = {}, []
    for outcome in coming:
        outcomes[outcome.name] = outcome
        rows = collect(plan.jobs, outcomes, out, before)
        write_parquet(out / FILE, rows)
        report(outcome)
    return rows
