"""Where the processes of a study run: on this machine, or on a cluster by Ray.

The engine "population", which trains many runs in one process, is in `populations`.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from kerasvae.study.attempts import Outcome, attempt
from kerasvae.study.plan import Job

NAMES = ("local", "population", "ray")


def run_locally(jobs: Sequence[Job], out: Path, workers: int, retries: int) -> Iterator[Outcome]:
    """Run jobs in processes of this machine, so many at a time.

    Args:
        jobs: in the order in which they start.
        out: the study's folder.
        workers: processes at a time.
        retries: as for `kerasvae.study.attempts.attempt`.

    Yields:
        The outcomes, as they come.
    """
    threads = max(1, (os.cpu_count() or 1) // workers)
    pool = ThreadPoolExecutor(workers)
    try:
        running = [pool.submit(attempt, job, out, retries, threads) for job in jobs]
        for done in as_completed(running):
            yield done.result()
    finally:  # an interrupt reaches the processes too: they write a checkpoint and end
        pool.shutdown(wait=True, cancel_futures=True)


def run_on_ray(
    jobs: Sequence[Job],
    out: Path,
    workers: int,
    retries: int,
    address: str | None = None,
    gpus: float = 0,
) -> Iterator[Outcome]:
    """Run jobs as Ray tasks: on a cluster, or on a Ray of this machine that is started for it.

    A task that Ray loses with its node is run again, on another, and goes on from the checkpoint;
    so `out` must be a folder that all nodes share.

    Args:
        jobs: in the order in which they start.
        out: the study's folder, on a file system that all nodes share.
        workers: processes at a time, of a Ray started here; a cluster has its own number.
        retries: as for `kerasvae.study.attempts.attempt`, and for tasks that Ray loses.
        address: of a running cluster ("auto" finds it); None starts a Ray on this machine.
        gpus: that each run asks for; Ray shows it these only.

    Yields:
        The outcomes, as they come.

    Raises:
        ModuleNotFoundError: Ray is not installed.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "The engine ray needs Ray: pip install 'kerasvae[cluster]'"
        ) from error
    local = {"num_cpus": workers, "include_dashboard": False} if address is None else {}
    ray.init(address=address, log_to_driver=False, logging_level="warning", **local)
    task = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=retries)(attempt)
    names = {task.remote(job, out.resolve(), retries, 1): job.name for job in jobs}
    try:
        waiting = list(names)
        while waiting:
            done, waiting = ray.wait(waiting)
            yield _outcome(ray, done[0], names[done[0]], retries)
    finally:
        ray.shutdown()


def _outcome(ray, reference, name: str, retries: int) -> Outcome:
    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        first_line = str(error).partition("\n")[0]
        return Outcome(name, "failed", retries + 1, 0.0, f"lost by Ray: {first_line}")
