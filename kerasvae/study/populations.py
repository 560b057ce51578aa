"""The engine that trains the runs of a study which fit together as one population."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from kerasvae.models import BY_NAME
from kerasvae.models.introspection import own_arguments
from kerasvae.runs import load_images
from kerasvae.runs.together import train_together
from kerasvae.study.attempts import LOGS, Outcome, attempt, run_process
from kerasvae.study.plan import Job
from kerasvae.study.worker import is_done, open_run, run_job

# Settings in which members differ, beside weights of the objective.
FREE = ("seed", "learning_rate")


def grouped(jobs: Sequence[Job]) -> list[list[Job]]:
    """Jobs that can be one population, in the order of the file; some are alone.

    Args:
        jobs: of a study.

    Returns:
        Lists of jobs of one model, data set and training, which differ in float weights, seed and
        learning rate.
    """
    groups = {}
    for job in jobs:
        groups.setdefault(_what_is_shared(job), []).append(job)
    return list(groups.values())


def _what_is_shared(job: Job) -> str:
    """A text that is the same for jobs that fit together."""
    own = own_arguments(BY_NAME[job.model])
    free = {
        name
        for name, value in job.given.items()
        if name in FREE or (name in own and float in (type(value), type(own[name].default)))
    }
    shared = {name: value for name, value in job.given.items() if name not in free}
    alone = job.name if job.given.get("devices", 1) > 1 else ""
    # A weight that is given here and not there is a default there, and may be None.
    return json.dumps([job.model, sorted(free - set(FREE)), shared, job.evaluation, alone],
                      sort_keys=True, default=str)  # fmt: skip


def run_populations(jobs: Sequence[Job], out: Path, retries: int, threads: int) -> Iterator:
    """Run the jobs of a study group by group, each group in one process.

    Args:
        jobs: in the order in which they start.
        out: the study's folder.
        retries: as for `kerasvae.study.attempts.attempt`; a group that was killed goes on from
            the checkpoints of its members.
        threads: that the process may use.

    Yields:
        The outcomes. A run that did not end in its group is tried alone, which names its error.
    """
    for group in grouped(jobs):
        waiting = [job for job in group if not is_done(out / job.name, job)]
        for job in group:
            if job not in waiting:
                yield Outcome(job.name, "done", 0, 0.0)
        if len(waiting) > 1:
            yield from _one_group(waiting, out, retries, threads)
        else:
            yield from (attempt(job, out, retries, threads) for job in waiting)


def _one_group(jobs, out, retries, threads):
    message = {"jobs": [job.to_dict() for job in jobs]}
    log, started = out / LOGS / f"{jobs[0].name}-and-{len(jobs) - 1}-more.log", time.monotonic()
    for attempts in range(1, retries + 2):
        status, _ = run_process(message, out, log, threads)
        tried = attempts
        if status >= 0:
            break
    seconds = time.monotonic() - started
    for job in jobs:
        if is_done(out / job.name, job):
            yield Outcome(job.name, "done", tried, seconds / len(jobs))
        elif status == 130:
            yield Outcome(job.name, "stopped", tried, seconds / len(jobs), "interrupted")
        else:
            yield attempt(job, out, retries, threads)


def run_group(out: Path, jobs: Sequence[Job]) -> None:
    """Train a group of jobs to their last step and measure each; the work of one process.

    Args:
        out: the study's folder.
        jobs: as `grouped` puts them together.

    Raises:
        ValueError: runs that are no population, or folders that hold other runs.
        KeyboardInterrupt: it was interrupted; checkpoints are written.
    """
    dataset = load_images(jobs[0].given["data"], jobs[0].given["data_option"])
    runs = [open_run(out / job.name, job, dataset) for job in jobs]
    if train_together(runs, dataset):
        raise KeyboardInterrupt
    # A member that diverged keeps its checkpoint: its run tells the error when it is tried alone.
    for run, job in zip(runs, jobs, strict=True):
        if _is_trained(run):
            run_job(out / job.name, job)


def _is_trained(run) -> bool:
    rows = run.read_history()
    return bool(rows) and rows[-1]["step"] >= run.config["training"]["steps"]
