"""Faults from outside: kills, a second writer, a full disk, no permission, a model that diverged.

After each of them nothing that was whole is lost, the message is one line that names the path,
and the same command works again.
"""

import contextlib
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from kerasvae import files
from kerasvae.cli import app as cli
from kerasvae.models import VAE, BetaVAE
from kerasvae.runs import Run, figures, history, locks, session
from kerasvae.runs.errors import DamagedFileError, InUseError

# Files, locks and processes; and trainings of a few steps.
pytestmark = [pytest.mark.numpy_only, pytest.mark.usefixtures("all_eagerly", "narrow")]

ROOT = Path(__file__).resolve().parents[2]
TINY = ["--data", "digits", "--latent-dim", "2", "--batch-size", "16", "--log-every", "5"]
TINY += ["--checkpoint-every", "10"]


@pytest.fixture
def kv(monkeypatch, capsys):
    """Run the command line: (exit status, standard error)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["kerasvae", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        return exit_.value.code or 0, capsys.readouterr().err

    return run


def start(code: str, *arguments) -> subprocess.Popen:
    """Start the command line in a process of its own, after some lines of Python."""
    code += "\nfrom kerasvae.cli import main\nfrom tests.narrow import narrow_networks\n"
    code += "with narrow_networks():\n    main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": keras.backend.backend()}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of 20 steps, measured."""
    folder = tmp_path_factory.mktemp("faults") / "vae"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "draw_reconstructions", lambda model, dataset: None)
        patch.setattr(figures, "draw_traversals", lambda model, dataset: None)
        patch.setattr(Run, "save_figure", lambda run, name, figure: run.path(name))
        arguments = ["train", "vae", *TINY, "--steps", "20", "--out", str(folder)]
        assert cli.app(arguments, standalone_mode=False) is None
    return folder


@pytest.fixture
def run_folder(trained, tmp_path):
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


def one_line(err: str, *words: str):
    assert err.startswith("kerasvae: ") and err.count("\n") == 1, err
    for word in words:
        assert str(word) in err, err


# Killed


def test_a_training_in_use_is_refused_and_a_killed_one_goes_on(kv, tmp_path):
    folder, steps = tmp_path / "run", 2000
    process = start("", "train", "vae", *TINY, "--steps", steps, "--out", folder)
    try:
        while process.poll() is None and not (folder / "model.keras").exists():
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGSTOP)  # so that it cannot end while it is looked at
        before = content(folder)
        again = ["train", "vae", "--out", folder, "--data", "digits"]
        for arguments in (["--resume"], ["--overwrite", "--steps", 3]):
            status, err = kv(*again, *arguments)
            assert status == 1
            one_line(err, folder, f"process {process.pid}")
        assert content(folder) == before
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(random.SystemRandom().random() * 0.2)
    finally:
        process.kill()
    output, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL, output

    run = Run.open(folder)
    step = run.load_model().steps_taken
    assert step > 0 and step % 10 == 0
    run.config["training"]["steps"] = step + 7  # the rest of the 2000 would take a while
    run.write_json("config.json", run.config)
    assert kv("train", "vae", "--out", folder, "--resume")[0] == 0
    rows = [row["step"] for row in run.read_history()]
    assert rows == [*range(5, step + 6, 5), step + 7]
    assert not hidden(folder)


# Dies when the file is to take its name, or when the figure is half drawn.
DIES_WHILE_RENAMING = """
import os, signal
replace = os.replace
def dying(source, target):
    if str(target).endswith("evaluation.json"):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = dying
"""
DIES_WHILE_DRAWING = """
import os, signal
from matplotlib.figure import Figure
def dying(self, path, **settings):
    with open(path, "wb") as file:
        file.write(b"half")
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
Figure.savefig = dying
"""


def test_a_killed_measurement_leaves_what_was_there(trained, kv, tmp_path):
    started = []
    few = ["--samples", "50"]
    for name, code, options in [
        ("evaluate", DIES_WHILE_RENAMING, ["--metric", "mig", "--draws", "1", *few]),
        ("surgery", DIES_WHILE_DRAWING, few),
    ]:
        folder = Path(shutil.copytree(trained, tmp_path / name))
        for result in ("evaluation.json", "surgery.png"):
            (folder / result).write_text("an older one")
        started.append((folder, [name, folder, *options], start(code, name, folder, *options)))
    for folder, command, process in started:
        before = content(trained)
        output, _ = process.communicate()
        assert process.returncode == -signal.SIGKILL, output
        assert (folder / "evaluation.json").read_text() == "an older one"
        assert (folder / "surgery.png").read_text() == "an older one"
        assert content(trained) == before
        assert hidden(folder), "it died in the middle"
        assert kv(*command)[0] == 0
        result = "evaluation.json" if command[0] == "evaluate" else "surgery.png"
        assert (folder / result).read_bytes() != b"an older one"
        assert not hidden(folder)


# Two writers


def in_a_thread(action):
    """What an action raises in another thread, which the locks take for another writer."""
    errors = []

    def run():
        try:
            action()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return errors


def test_who_may_write_beside_whom(run_folder):
    run = Run.open(run_folder)
    config = run.config

    def other(*names):
        return in_a_thread(lambda: locks.hold(run_folder, *names).__enter__())

    with locks.hold(run_folder, locks.TRAINING):
        (error,) = other(locks.TRAINING)
        assert isinstance(error, InUseError) and f"process {os.getpid()}" in str(error)
        assert isinstance(in_a_thread(lambda: session.train(run, None))[0], InUseError)
        assert other(locks.MEASURING) == []  # a training can be looked at
        with locks.hold(run_folder, locks.TRAINING):
            pass
        assert other(locks.TRAINING), "the inner one gave back what the outer one holds"
    with locks.hold(run_folder, locks.MEASURING):
        (error,) = in_a_thread(lambda: Run.create(run_folder, config, overwrite=True))
        assert isinstance(error, InUseError)
    assert (run_folder / "model.keras").is_file() and not hidden(run_folder)
    assert Run.create(run_folder, config, overwrite=True)


def test_a_run_that_was_replaced_meanwhile_is_not_trained(run_folder):
    run, other = Run.open(run_folder), Run.open(run_folder)
    other.extend(40)
    other.write_json("config.json", other.config)
    with pytest.raises(InUseError, match="has changed this run"):
        session.train(run, None)


# The system says no


def full(*arguments, **settings):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_keeps_the_old_files(kv, run_folder, monkeypatch):
    before = content(run_folder)
    monkeypatch.setattr(files, "_to_disk", full)  # when the content is to reach the disk
    status, err = kv("surgery", run_folder, "--samples", 50)
    assert status == 1
    one_line(err, run_folder / "surgery.json: No space left on device")
    status, err = kv("train", "vae", "--out", run_folder, "--resume", "--steps", 30)
    assert status == 1
    one_line(err, run_folder / "config.json: No space left on device")
    assert content(run_folder) == before

    monkeypatch.undo()
    assert content(run_folder) == before


def test_a_disk_that_fills_during_a_training(kv, run_folder, monkeypatch):
    checkpoint = (run_folder / "model.keras").read_bytes()
    rows = Run.open(run_folder).read_history()

    class Full:
        """A file on a full disk."""

        def __init__(self, *arguments, **settings):
            self.file = open(*arguments, **settings)  # noqa: SIM115

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def write(self, text):
            self.file.write(text[: len(text) // 2])
            full()

    with monkeypatch.context() as patch:
        patch.setattr(history, "open", Full, raising=False)
        status, err = kv("train", "vae", "--out", run_folder, "--resume", "--steps", 30)
        assert status == 1
        one_line(err, run_folder / "history.csv: No space left on device")
    assert Run.open(run_folder).read_history() == rows

    def half(model, path):
        Path(path).write_bytes(b"half")
        full()

    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "save", half)
        status, err = kv("train", "vae", "--out", run_folder, "--resume")
        assert status == 1
        one_line(err, run_folder / "model.keras: No space left on device")
    assert (run_folder / "model.keras").read_bytes() == checkpoint
    assert not hidden(run_folder)
    assert kv("train", "vae", "--out", run_folder, "--resume")[0] == 0
    steps = [row["step"] for row in Run.open(run_folder).read_history()]
    assert steps == [5, 10, 15, 20, 25, 30]


def test_a_checkpoint_that_may_not_be_read_is_not_called_damaged(kv, run_folder, monkeypatch):
    before = content(run_folder)
    read = Path.read_bytes

    def refused(path):
        if path.name == "model.keras":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read(path)

    def failing(path):
        raise OSError(errno.EIO, "Input/output error", str(path))

    for patched, name, words in [
        (Path, "read_bytes", "Permission denied"),
        (keras.saving, "load_model", "Input/output error"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(patched, name, refused if patched is Path else failing)
            status, err = kv("traverse", run_folder)
        assert status == 1
        one_line(err, run_folder / f"model.keras: {words}")
        assert "damaged" not in err and "overwrite" not in err
    assert content(run_folder) == before


def test_a_folder_where_nothing_may_be_written(kv, run_folder, tmp_path, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir()
    # For root every folder is open, so the system's answers are put in its place.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed)
    status, err = kv("train", "vae", *TINY, "--out", closed / "new" / "run")
    assert status == 1
    one_line(err, f"{closed}: no permission to write")
    assert not list(closed.iterdir())

    def refused(prefix, suffix, dir):
        name = str(dir / f"{prefix}x{suffix}")
        raise PermissionError(errno.EACCES, "Permission denied", name)

    monkeypatch.setattr(files.tempfile, "mkstemp", refused)
    status, err = kv("surgery", run_folder, "--samples", 50)
    assert status == 1
    one_line(err, run_folder / "surgery.json: Permission denied")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(kv, run_folder):
    run_folder.chmod(0o500)
    try:
        for command in (["surgery", run_folder], ["train", "vae", "--out", run_folder, "--resume"]):
            status, err = kv(*command)
            assert status == 1
            one_line(err, run_folder, "Permission denied")
    finally:
        run_folder.chmod(0o700)


def test_paths_that_are_files(kv, trained, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    for arguments in [
        ["train", "vae", *TINY, "--out", taken],
        ["train", "vae", *TINY, "--out", taken / "run"],
        ["evaluate", taken],
        ["surgery", taken / "run"],
        ["compare", taken, "--out", tmp_path / "side"],
        ["study", taken / "study.yml"],
        ["study", tmp_path],
    ]:
        status, err = kv(*arguments)
        assert status == 1
        one_line(err, tmp_path if arguments[-1] == tmp_path else taken)
    assert content(tmp_path) == {str(taken): b"mine"}


def test_square_brackets_in_names_are_text(kv, trained, tmp_path, capsys):
    folder = Path(shutil.copytree(trained, tmp_path / "[bold]run[" / "[/bold]"))
    assert kv("surgery", folder, "--samples", 50)[0] == 0
    assert kv("evaluate", folder, "--metric", "mig", "--draws", 1, "--samples", 50)[0] == 0
    run = Run.open(folder)
    run.config["data"]["source"] = "/photos/[/red]"
    run.write_json("config.json", run.config)
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    run.config["data"]["source"] = "digits"
    run.write_json("config.json", run.config)
    status, err = kv("compare", folder, other, "--out", tmp_path / "[/dim]")
    assert status == 0, err
    assert (tmp_path / "[/dim]" / "comparison.html").is_file()
    status, err = kv("traverse", tmp_path / "[/bold]")
    assert status == 1
    one_line(err, "[/bold]")


# A model that diverged


@pytest.mark.parametrize("what", ["term", "weight", "optimizer"])
def test_a_diverged_model_replaces_nothing(run_folder, what):
    run = Run.open(run_folder)
    before = content(run_folder)
    recorder = session.Recorder(run, 20, {"log_every": 5, "checkpoint_every": 5})
    model = run.load_model()
    recorder.set_model(model)
    recorder.set_params({"steps": 5})
    logs = {"loss": 1.0, "reconstruction": 1.0, "kl": 0.0}
    if what == "term":
        logs["kl"] = float("nan")
    else:
        variables = model.trainable_variables if what == "weight" else model.optimizer.variables
        variable = [v for v in variables if len(v.shape) == 2][0]
        values = np.array(keras.ops.convert_to_numpy(variable))
        values[1, 1] = np.inf
        variable.assign(values)
    name = {"term": "kl", "weight": "", "optimizer": ""}[what]
    with pytest.raises(FloatingPointError, match=f"step 25: .*{name}.* became NaN or infinite"):
        recorder.on_epoch_end(4, logs)
    assert content(run_folder) == before
    if what != "term":
        with pytest.raises(FloatingPointError):
            run.save_model(model)
        assert content(run_folder) == before and not hidden(run_folder)


def test_a_training_that_diverges_leaves_a_finite_history(kv, tmp_path):
    folder = tmp_path / "run"
    rate = ["--learning-rate", "1e30", "--log-every", 1, "--checkpoint-every", 1, "--steps", 40]
    status, err = kv("train", "vae", *TINY, *rate, "--out", folder)
    assert status == 1
    one_line(err, "NaN or infinite")
    run = Run.open(folder)
    rows = run.read_history()  # refuses what is not finite
    if (folder / "model.keras").is_file():
        model = run.load_model()
        assert model.steps_taken == rows[-1]["step"]
        assert all(np.isfinite(w).all() for w in model.get_weights())


# A folder that does not say the truth


def test_every_command_refuses_another_model(kv, run_folder):
    model = BetaVAE(beta=9.0, image_shape=(8, 8, 1), latent_dim=2, architecture="mlp", seed=0)
    model.compile()
    model.save(run_folder / "model.keras")
    before = content(run_folder)
    for command in (
        ["train", "vae", "--out", run_folder, "--resume", "--steps", 30],
        ["evaluate", run_folder],
        ["surgery", run_folder],
        ["traverse", run_folder],
    ):
        status, err = kv(*command)
        assert status == 1
        one_line(err, run_folder / "model.keras", "expected a VAE. Received: a BetaVAE")
    # A resume that was refused has promised no further steps.
    assert content(run_folder) == before


def test_a_damaged_checkpoint_is_called_so_wherever_the_damage_is(run_folder):
    path = run_folder / "model.keras"
    whole = path.read_bytes()
    for place in np.linspace(0, len(whole) - 64, 7).astype(int):
        path.write_bytes(whole[:place] + b"\x00\xff" * 32 + whole[place + 64 :])
        with contextlib.suppress(DamagedFileError):  # some bytes matter to nobody
            assert Run.open(run_folder).load_model().steps_taken == 20
    for damaged in (b"", whole[:1000], whole[:-30], b"PK\x03\x04"):
        path.write_bytes(damaged)
        with pytest.raises(DamagedFileError, match="Train the run anew"):
            Run.open(run_folder).load_model()


def test_other_arguments_than_those_of_the_config_are_refused(run_folder):
    for arguments, difference in [
        ({"latent_dim": 3}, "expected latent_dim=2. Received: latent_dim=3"),
        ({"seed": 5}, "expected seed=0. Received: seed=5"),
        ({"likelihood": "gaussian"}, "expected likelihood='bernoulli'"),
    ]:
        settings = {"image_shape": (8, 8, 1), "latent_dim": 2, "architecture": "mlp", "seed": 0}
        model = VAE(**{**settings, **arguments})
        model.save(run_folder / "model.keras")
        with pytest.raises(ValueError, match=difference):
            Run.open(run_folder).load_model()
