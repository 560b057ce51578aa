"""Real studies: killed and gone on with to the same numbers, on this machine and on Ray."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from kerasvae.cli import app as cli
from kerasvae.runs.errors import InUseError
from kerasvae.study import attempts, read_plan, run_study, worker
from kerasvae.study.results import read_parquet, write_parquet

# Processes and files; that a killed run goes on to the same bits is tested on both backends in
# test_resume.py.
pytestmark = pytest.mark.numpy_only

ROOT = Path(__file__).resolve().parents[2]
STUDY = {
    "data": "digits",
    "seeds": 1,
    "training": {
        "steps": 60,
        "batch_size": 8,
        "latent_dim": 2,
        "log_every": 10,
        "checkpoint_every": 20,
    },
    "models": {"vae": {}, "beta-vae": {"beta": 2}},
    "evaluation": {"images": 300, "draws": 1, "samples": 100, "names": ["mig", "sap"]},
}
TAKEN = ("attempts", "seconds")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "small.yml"
    path.write_text(yaml.safe_dump(STUDY, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def undisturbed(file, tmp_path_factory):
    """The rows of a study that nothing happened to, and its folder."""
    out = tmp_path_factory.mktemp("undisturbed")
    return run_study(read_plan(file), out, workers=2), out


def numbers(rows):
    return [{k: v for k, v in row.items() if k not in TAKEN} for row in rows]


def command(file, out, *arguments):
    code = "from kerasvae.cli import main; main()"
    command = [sys.executable, "-c", code, "study", str(file), "--out", str(out), *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for(path, process):
    """Until a file is there."""
    deadline = time.monotonic() + 600
    while not path.is_file():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


def workers(out):
    """Process ids of the runs that write into a folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile
            continue
        if b"kerasvae.study" in words and any(str(out).encode() in word for word in words):
            found.append(int(folder.name))
    return found


@pytest.fixture
def in_this_process(monkeypatch, eagerly):
    """Let the engine "population" run a worker's program here: a process would import all anew."""

    def run(message, folder, log, threads):
        said = io.StringIO()
        with monkeypatch.context() as patch, contextlib.redirect_stderr(said):
            patch.setattr(sys, "argv", ["kerasvae.study", str(folder)])
            patch.setattr(sys, "stdin", io.StringIO(json.dumps(message) + "\n"))
            patch.setattr(worker, "end_with_parent", lambda: None)
            try:
                worker.main()
            except SystemExit as ended:
                return ended.code, said.getvalue().splitlines()[-1]
        return 0, ""

    monkeypatch.setattr(attempts, "run_process", run)


def test_a_study_has_a_row_and_a_report_for_every_run(undisturbed):
    rows, out = undisturbed
    assert [row["run"] for row in rows] == ["vae-seed=0", "beta-vae-beta=2-seed=0"]
    for row in rows:
        assert row["status"] == "done" and row["attempts"] == 1 and row["step"] == 60
        assert row["mig"] is not None and row["kl"] > 0
        assert (out / row["run"] / "report.html").is_file()
    assert numbers(read_parquet(out / "results.parquet")) == numbers(rows)


@pytest.mark.skipif(not Path("/proc/self/cmdline").is_file(), reason="needs /proc to find workers")
def test_a_killed_worker_is_retried_and_a_killed_study_goes_on(undisturbed, file, tmp_path, capsys):
    study = command(file, tmp_path, "--workers", "1")
    wait_for(tmp_path / "vae-seed=0" / "model.keras", study)
    (process,) = workers(tmp_path)
    os.kill(process, signal.SIGKILL)  # the first run, at its first checkpoint
    with pytest.raises(InUseError, match=f"{tmp_path} is in use: process {study.pid} "):
        run_study(read_plan(file), tmp_path)

    wait_for(tmp_path / "beta-vae-beta=2-seed=0" / "model.keras", study)
    study.kill()  # the second run is under way
    study.wait()
    for _ in range(100):
        if not workers(tmp_path):
            break
        time.sleep(0.1)
    assert not workers(tmp_path), "a killed study leaves nothing running"
    (first, second) = read_parquet(tmp_path / "results.parquet")
    assert (first["status"], first["attempts"]) == ("done", 2)
    assert second["status"] == "waiting"

    capsys.readouterr()
    command_line = ["study", str(file), "--out", str(tmp_path), "--workers", "1"]
    assert not cli.app(command_line, standalone_mode=False)
    assert "vae-seed=0  done, there already" in capsys.readouterr().out
    rows = read_parquet(tmp_path / "results.parquet")
    assert rows[0]["attempts"] == 2, "what the first start took is kept"
    assert numbers(rows) == numbers(undisturbed[0])


def test_a_study_that_is_asked_for_more_trains_on(undisturbed, in_this_process, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(undisturbed[1], out)
    longer = tmp_path / "longer.yml"
    content = {**STUDY, "models": {"vae": {}}, "training": {**STUDY["training"], "steps": 64}}
    longer.write_text(yaml.safe_dump(content, sort_keys=False))
    (row,) = run_study(read_plan(longer), out, engine="population")
    assert row["step"] == 64 and row["status"] == "done"


def test_a_run_with_other_settings_in_its_place_is_reported(undisturbed, in_this_process, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(undisturbed[1], out)
    other = tmp_path / "other.yml"
    content = {**STUDY, "models": {"vae": {}}, "training": {**STUDY["training"], "latent_dim": 3}}
    other.write_text(yaml.safe_dump(content, sort_keys=False))
    (row,) = run_study(read_plan(other), out, engine="population")
    assert row["status"] == "failed"
    assert row["attempts"] == 1 + 1, "one in the first study, and no retry in the second"
    assert "latent_dim was 2 and is now 3" in row["error"]


def test_a_study_on_a_ray_of_this_machine(undisturbed, file, tmp_path):
    """One run is there already, the other one is not: Ray has two tasks, and one to train."""
    pytest.importorskip("ray", reason="Ray is not installed")
    shutil.copytree(undisturbed[1] / "vae-seed=0", tmp_path / "vae-seed=0")
    rows = run_study(read_plan(file), tmp_path, workers=1, engine="ray")
    assert [(row["status"], row["attempts"]) for row in rows] == [("done", 0), ("done", 1)]
    assert numbers(rows) == numbers(undisturbed[0])


def test_more_devices_than_there_are_are_refused_before_any_run(file, tmp_path):
    many = tmp_path / "many.yml"
    training = {**STUDY["training"], "devices": 99, "batch_size": 99}
    many.write_text(yaml.safe_dump({**STUDY, "training": training}))
    with pytest.raises(ValueError, match="devices: this machine has .* Received: devices=99"):
        run_study(read_plan(many), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_damaged_results_are_named(file, tmp_path):
    path = tmp_path / "results.parquet"
    path.write_text("no parquet")
    with pytest.raises(ValueError, match="results.parquet is damaged: "):
        run_study(read_plan(file), tmp_path)
    write_parquet(path, [{"mig": 0.5}])
    with pytest.raises(ValueError, match="run and status .* missing"):
        read_parquet(path)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"engine": "rya"}, "Did you mean 'ray'"),
        ({"workers": 0}, "workers"),
        ({"retries": -1}, "retries"),
    ],
)
def test_bad_arguments_are_refused(file, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        run_study(read_plan(file), tmp_path, **arguments)
    assert not list(tmp_path.iterdir())
