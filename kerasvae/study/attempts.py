"""Start the process of one run, wait for it, and start it again if something else ended it."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from kerasvae.study.plan import Job
from kerasvae.study.worker import FAILED_BY_ITSELF, is_done

LOGS = "logs"
LAST = 2000  # characters at the end of a log, where the error stands


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Args:
        name: of the job.
        status: "done", "failed", or "stopped" by an interrupt.
        attempts: processes that were started; 0 if the run was there already.
        seconds: that they took together.
        error: of the last one; empty if done.
    """

    name: str
    status: str
    attempts: int
    seconds: float
    error: str = ""


def attempt(job: Job, out: Path, retries: int, threads: int) -> Outcome:
    """Run a job until it is done, fails by itself, or was ended from outside too often.

    Args:
        job: what to run.
        out: the study's folder: the run goes to `out/NAME`, its output to `out/logs/NAME.log`.
        retries: further attempts for a process that was killed, or that ran out of memory. Each
            goes on from the last checkpoint.
        threads: that the process may use.

    Returns:
        The outcome; it never raises for what happens in the process.
    """
    started, error = time.monotonic(), ""
    if is_done(out / job.name, job):
        return Outcome(job.name, "done", 0, 0.0)
    for number in range(1, retries + 2):
        status, error = _process(job, out, threads)
        seconds = time.monotonic() - started
        if status == 0:
            return Outcome(job.name, "done", number, seconds)
        if status == 130:
            return Outcome(job.name, "stopped", number, seconds, "interrupted")
        if status == FAILED_BY_ITSELF:
            break
    return Outcome(job.name, "failed", number, seconds, error)


def _process(job: Job, out: Path, threads: int) -> tuple[int, str]:
    """Exit status of one process, and the last line that it wrote."""
    return run_process(job.to_dict(), out / job.name, out / LOGS / f"{job.name}.log", threads)


def run_process(message: dict, folder: Path, log: Path, threads: int) -> tuple[int, str]:
    """Run `python -m kerasvae.study FOLDER` to its end.

    Args:
        message: for its standard input.
        folder: of the run, or of the study.
        log: file that its output is appended to.
        threads: that it may use.

    Returns:
        Its exit status, and the last line that it wrote.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "kerasvae.study", str(folder)]
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}
    for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        environment.setdefault(variable, str(threads))
    with open(log, "a", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, env=environment
        )
        with process:
            try:
                process.stdin.write(json.dumps(message).encode() + b"\n")
                process.stdin.flush()  # and left open: it ends with us
            except BrokenPipeError:
                pass  # it is dead already: its status says so
            status = process.wait()
    if status < 0:
        return status, f"killed by signal {-status}"
    with open(log, "rb") as written:
        written.seek(max(0, log.stat().st_size - LAST))
        lines = written.read().decode(errors="replace").split("\n")
    return status, next((line for line in reversed(lines) if line.strip()), "no output")
