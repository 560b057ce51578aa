"""A training that was killed and resumed ends with the bits of one that was not."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from kerasvae.cli import app as cli
from kerasvae.runs import Run, figures, session

pytestmark = pytest.mark.usefixtures("narrow")

ROOT = Path(__file__).resolve().parents[2]
STEPS, LOG, CHECKPOINT = 100, 5, 20
OPTIONS = ["beta-vae", "--data", "digits", "--latent-dim", "3", "--warmup-steps", "500"]
OPTIONS += ["--batch-size", "32", "--steps", str(STEPS), "--seed", "7"]
OPTIONS += ["--log-every", str(LOG), "--checkpoint-every", str(CHECKPOINT)]


def train(*arguments):
    """Run `kerasvae train` in this process."""
    return cli.app(["train", *map(str, arguments)], standalone_mode=False)


def start(code: str, *arguments) -> subprocess.Popen:
    """Start the command line in a process of its own, after some lines of Python."""
    code += "\nfrom kerasvae.cli import main\nfrom tests.narrow import narrow_networks\n"
    code += "with narrow_networks():\n    main()"
    command = [sys.executable, "-c", code, "train", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": keras.backend.backend()}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def last_step(run: Run) -> float:
    rows = run.read_history()
    return rows[-1]["step"] if rows else 0


def state(folder: Path) -> list[np.ndarray]:
    """Every number on which the next step depends."""
    model = Run.open(folder).load_model()
    variables = [*model.variables, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def assert_same(folder: Path, reference: Path):
    found, expected = state(folder), state(reference)
    assert len(found) == len(expected) > 40
    for value, wanted in zip(found, expected, strict=True):
        assert value.dtype == wanted.dtype and np.array_equal(value, wanted)


def assert_same_history(folder: Path, reference: Path):
    assert (folder / "history.csv").read_text() == (reference / "history.csv").read_text()


@pytest.fixture(autouse=True, scope="module")
def without_figures():
    """They are of no interest here, and take as long as the training; see tests/cli."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "draw_reconstructions", lambda model, dataset: None)
        patch.setattr(figures, "draw_traversals", lambda model, dataset: None)
        patch.setattr(Run, "save_figure", lambda run, name, figure: run.path(name))
        yield


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """A run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("reference") / "run"
    train(*OPTIONS, "--out", folder)
    return folder


# So that a busy machine looks at the run before it is over.
STEPS_OF_20_MS = """
import time
from kerasvae.runs.session import Recorder
Recorder.on_train_batch_end = lambda self, batch, logs=None: time.sleep(0.02)
"""


def test_killed_at_a_random_step_and_resumed(reference, tmp_path):
    folder = tmp_path / "run"
    target = random.SystemRandom().randrange(CHECKPOINT, STEPS - 30)
    process = start(STEPS_OF_20_MS, *OPTIONS, "--out", folder)
    try:
        while process.poll() is None:
            if (folder / "model.keras").exists() and last_step(Run(folder, {})) >= target:
                # Somewhere within a chunk, or in a checkpoint that is being written.
                time.sleep(random.SystemRandom().random() * 0.05)
                break
            time.sleep(0.002)
    finally:
        process.kill()  # SIGKILL: nothing of the process runs any more
    output, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL, output
    killed_at = last_step(Run(folder, {}))
    assert target <= killed_at < STEPS, f"target {target}"
    assert int(Run.open(folder).load_model().step) % CHECKPOINT == 0

    train("beta-vae", "--out", folder, "--resume")
    assert_same(folder, reference)
    assert_same_history(folder, reference)


# Writes half of the second checkpoint, and dies.
DIES_WHILE_SAVING = """
import os, signal
from keras import Model
saves, save_whole = [], Model.save
def save(self, path):
    saves.append(path)
    save_whole(self, path)
    if len(saves) == 2:
        os.truncate(path, os.path.getsize(path) // 2)
        os.kill(os.getpid(), signal.SIGKILL)
Model.save = save
"""


@pytest.mark.numpy_only  # of files; on both backends the next test is killed in the same way
def test_killed_while_a_checkpoint_is_written(reference, tmp_path):
    folder = tmp_path / "run"
    process = start(DIES_WHILE_SAVING, *OPTIONS, "--out", folder)
    output, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL, output
    run = Run.open(folder)
    assert last_step(run) == 2 * CHECKPOINT
    assert int(run.load_model().step) == CHECKPOINT  # the first checkpoint is whole

    assert train("beta-vae", "--out", folder, "--resume") is None
    assert_same(folder, reference)
    assert_same_history(folder, reference)
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_two_players_resume_with_both_optimizers(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    options = ["factor-vae", "--data", "digits", "--latent-dim", "3", "--batch-size", "16"]
    options += ["--steps", "12", "--log-every", "2", "--checkpoint-every", "4"]
    train(*options, "--out", whole)
    process = start(DIES_WHILE_SAVING, *options, "--out", killed)
    output, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL, output
    run = Run.open(killed)
    assert int(run.load_model().step) == 4 and last_step(run) == 8

    train("factor-vae", "--out", killed, "--resume")
    assert_same(killed, whole)
    assert_same_history(killed, whole)
    # Adam has made 12 steps for each player: the state that resumes is not that of new optimizers.
    inner = run.load_model().optimizer.optimizers
    assert [int(optimizer.iterations) for optimizer in inner] == [12, 12]


class Interrupt(keras.callbacks.Callback):
    """Presses Ctrl-C in the middle of the seventh chunk."""

    def on_epoch_begin(self, epoch, logs=None):
        self.chunk = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        if self.chunk == 7 and batch == 2:
            signal.raise_signal(signal.SIGINT)


def test_an_interrupt_ends_the_chunk_saves_and_says_how_to_go_on(
    reference, tmp_path, monkeypatch, capsys
):
    folder, train_session = tmp_path / "run", session.train
    before = signal.getsignal(signal.SIGINT)

    def interrupted(run, dataset, callbacks):
        return train_session(run, dataset, [*callbacks, Interrupt()])

    monkeypatch.setattr(session, "train", interrupted)
    assert train(*OPTIONS, "--out", folder) == 130
    monkeypatch.setattr(session, "train", train_session)
    assert signal.getsignal(signal.SIGINT) == before
    command = f"kerasvae train beta-vae --out {folder} --resume"
    assert f"Stopped at step 35 of {STEPS}. To go on, run: {command}" in capsys.readouterr().out
    assert int(Run.open(folder).load_model().step) == 35 and 35 % CHECKPOINT

    train(*command.split()[2:])
    assert_same(folder, reference)
    assert_same_history(folder, reference)


def test_a_finished_run_is_trained_further(reference, tmp_path):
    folder = tmp_path / "run"
    shorter = [*OPTIONS, "--out", folder]
    shorter[shorter.index(str(STEPS))] = STEPS - 8  # not at the end of a chunk
    train(*shorter)
    train(*OPTIONS, "--out", folder, "--resume")
    assert_same(folder, reference)
    assert Run.open(folder).config["training"]["steps"] == STEPS


def test_other_options_are_refused_by_name(reference):
    with pytest.raises(ValueError) as error:
        train("beta-vae", "--out", reference, "--resume", "--beta", "2", "--latent-dim", "3")
    assert "beta was 4.0 and is now 2" in str(error.value)
    assert "latent_dim" not in str(error.value)
    for option, value in [("--steps", STEPS - 1), ("--data", "dsprites-mini"), ("--seed", 8)]:
        with pytest.raises(ValueError, match=f"{option[2:]} was .* and is now"):
            train("beta-vae", "--out", reference, "--resume", option, value)


@pytest.mark.parametrize(
    "start, stop, length",
    [(0, 10, 10), (0, 3, 10), (3, 7, 10), (3, 30, 10), (7, 45, 10), (5, 5, 9)],
)
def test_chunks_cover_every_step_once(start, stop, length):
    steps = []
    for first, size, count in session.chunks(start, stop, length):
        for chunk in range(count):
            begin = first + chunk * size
            steps += range(begin, begin + size)
            assert begin // length == (begin + size - 1) // length  # within one row's stretch
    assert steps == list(range(start, stop))
