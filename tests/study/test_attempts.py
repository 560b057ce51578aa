"""A job's process: retried when it was killed, reported when it fails; with stand-ins for it."""

import sys

import pytest

from kerasvae.study import attempts
from kerasvae.study.engines import run_locally
from kerasvae.study.plan import Job
from kerasvae.study.results import collect, read_parquet, write_parquet

pytestmark = pytest.mark.numpy_only

JOB = Job("a", "vae", {"data": "digits", "data_option": {}, "seed": 0})


@pytest.fixture
def process(monkeypatch, tmp_path):
    """Let a Python program stand in for the worker."""

    def install(program):
        path = tmp_path / "worker"
        path.write_text(f"#!{sys.executable}\nimport os, sys, pathlib, signal\n{program}\n")
        path.chmod(0o755)
        monkeypatch.setattr(attempts.sys, "executable", str(path))

    return install


def test_a_killed_process_is_started_again(process, tmp_path):
    flag = tmp_path / "flag"
    process(
        f"flag = pathlib.Path({str(flag)!r})\n"
        "if not flag.exists():\n"
        "    flag.touch(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    outcome = attempts.attempt(JOB, tmp_path / "out", retries=1, threads=1)
    assert (outcome.status, outcome.attempts, outcome.error) == ("done", 2, "")


def test_a_process_that_is_killed_every_time_is_reported(process, tmp_path):
    process("os.kill(os.getpid(), signal.SIGKILL)")
    outcome = attempts.attempt(JOB, tmp_path, retries=2, threads=1)
    assert (outcome.status, outcome.attempts) == ("failed", 3)
    assert outcome.error == "killed by signal 9"


def test_one_that_fails_by_itself_is_not_tried_again(process, tmp_path):
    process("print('starting'); print('ValueError: beta is odd', file=sys.stderr); sys.exit(3)")
    outcome = attempts.attempt(JOB, tmp_path, retries=5, threads=1)
    assert (outcome.status, outcome.attempts) == ("failed", 1)
    assert outcome.error == "ValueError: beta is odd"
    assert "starting" in (tmp_path / "logs" / "a.log").read_text()


def test_the_process_gets_its_job_and_its_threads(process, tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    process(
        "import json\n"
        "job = json.loads(sys.stdin.readline())\n"
        "print(job['model'], job['given']['seed'], os.environ['OMP_NUM_THREADS'], sys.argv[3])"
    )
    attempts.attempt(JOB, tmp_path, retries=0, threads=3)
    assert (tmp_path / "logs" / "a.log").read_text() == f"vae 0 3 {tmp_path / 'a'}\n"


def test_all_jobs_of_an_engine_come_back_also_the_failed(process, tmp_path):
    process("sys.exit(3 if sys.argv[3].endswith('b') else 0)")
    jobs = [Job(name, JOB.model, JOB.given) for name in "abc"]
    outcomes = {one.name: one for one in run_locally(jobs, tmp_path, workers=2, retries=1)}
    assert {name: one.status for name, one in outcomes.items()} == {
        "a": "done", "b": "failed", "c": "done"
    }  # fmt: skip
    rows = collect(jobs, {"b": outcomes["b"]}, tmp_path)
    assert [(row["run"], row["status"]) for row in rows] == [
        ("a", "waiting"), ("b", "failed"), ("c", "waiting")
    ]  # fmt: skip
    write_parquet(tmp_path / "results.parquet", [*rows, {"run": "d", "mig": 0.5}])
    read = read_parquet(tmp_path / "results.parquet")
    assert read[3]["mig"] == 0.5 and read[0]["mig"] is None and read[1]["error"] == "no output"
