"""One run of a study, in a process of its own: train, or go on, then measure.

    python -m kerasvae.study FOLDER < job.json

The process reads its job from standard input and then waits there for the end of the file: when
whoever started it is gone, it ends at once, so that a killed study leaves nothing running that
would write into the folders of the next one. What it leaves is what any kill leaves: a run that
goes on from its last checkpoint.
"""

import json
import os
import sys
import threading
from pathlib import Path

from kerasvae.runs import Run, load_images, locks, new_config, session
from kerasvae.runs.errors import InUseError
from kerasvae.runs.evaluation import evaluate
from kerasvae.runs.measured import check_evaluation, read_evaluation
from kerasvae.runs.report import FILE as REPORT
from kerasvae.runs.report import write_report
from kerasvae.study.plan import Job

# A run that fails by itself would fail again; other statuses are worth another attempt.
FAILED_BY_ITSELF = 3


def run_job(folder: Path, job: Job) -> Path:
    """Train a run to its last step and measure it, or do what of that is still to be done.

    Args:
        folder: of the run.
        job: what to run.

    Returns:
        The path of its report.html.

    Raises:
        ValueError: the folder holds a run with other settings.
        FloatingPointError: a term became NaN.
        InUseError: another process writes into the folder.
    """
    check_evaluation(job.evaluation)
    dataset = load_images(job.given["data"], job.given["data_option"])
    with locks.hold(folder, locks.TRAINING):
        return _train_and_measure(folder, job, dataset)


def open_run(folder: Path, job: Job, dataset) -> Run:
    """The run of a job: a new one, or what is there of it.

    Raises:
        ValueError: the folder holds a run with other settings.
    """
    if not (folder / "config.json").is_file():
        return Run.create(folder, new_config(job.model, job.given, dataset))
    run = Run.open(folder)
    run.check_same({"model": job.model, **job.given})
    run.extend(job.given.get("steps", 0))
    return run


def _train_and_measure(folder: Path, job: Job, dataset) -> Path:
    run = open_run(folder, job, dataset)
    model, step = session.train(run, dataset)
    if step < run.config["training"]["steps"]:
        raise KeyboardInterrupt
    # The page comes last: that it is there says that all of it is.
    run.path(REPORT).unlink(missing_ok=True)
    return write_report(run, model, dataset, evaluate(run, model, dataset, **job.evaluation))


def is_done(folder: Path, job: Job) -> bool:
    """Whether a run is there with all its steps, measured as the job asks for."""
    if not (folder / "config.json").is_file() or not (folder / REPORT).is_file():
        return False
    try:
        run = Run.open(folder)
        run.check_same({"model": job.model, **job.given})
        measured = read_evaluation(folder)
    except (ValueError, OSError):
        return False  # the process of this run finds out why
    asked = job.given.get("steps", run.config["training"]["steps"])
    settings = {**measured["settings"], **job.evaluation}
    return measured["step"] >= asked and settings == measured["settings"]


def end_with_parent() -> None:
    """End this process as soon as standard input is closed at the other end."""

    def wait():
        # Not sys.stdin: its lock, held by a thread, makes the interpreter abort at its end.
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Run the job, or the group of jobs, that standard input holds, in the folder named."""
    folder, message = Path(sys.argv[1]), json.loads(sys.stdin.readline())
    end_with_parent()
    try:
        if "jobs" in message:
            from kerasvae.study.populations import run_group  # which calls run_job

            run_group(folder, [Job(**job) for job in message["jobs"]])
        else:
            run_job(folder, Job(**message))
    except (ValueError, OSError, FloatingPointError, InUseError) as error:
        print(f"{type(error).__name__}: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(FAILED_BY_ITSELF)
    except KeyboardInterrupt:
        sys.exit(130)
