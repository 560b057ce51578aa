"""A run from the command line, from training to traversals, on the backend of the tests."""

import json

import keras
import numpy as np
import pytest

from kerasvae.cli import app as cli
from kerasvae.runs import Run

pytestmark = pytest.mark.usefixtures("all_eagerly", "narrow")  # trainings of a few steps


@pytest.mark.parametrize("name", ["beta-tcvae", "factor-vae"])
def test_a_run_is_trained_continued_measured_and_drawn(name, tmp_path, monkeypatch):
    folder = tmp_path / name

    def kv(*arguments):
        monkeypatch.setattr("sys.argv", ["kerasvae", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code, arguments

    options = ["--data", "digits", "--log-every", 5, "--latent-dim", 3, "--batch-size", 32]
    kv("train", name, *options, "--steps", 10, "--out", folder)
    kv("train", name, *options, "--steps", 15, "--out", folder, "--resume")
    history = Run.open(folder).read_history()
    assert [row["step"] for row in history] == [5, 10, 15]
    assert np.isfinite([row["loss"] for row in history]).all()

    kv("surgery", folder, "--samples", 200)
    kv(
        "evaluate",
        folder,
        "--images",
        200,
        "--samples",
        200,
        "--metric",
        "gaussian_total_correlation",
    )
    measured = json.loads((folder / "evaluation.json").read_text())
    assert 0 < measured["surgery"]["mutual_information"] < np.log(200)
    kv("traverse", folder)
    assert (folder / "traversals.png").stat().st_size > 1000
    backend = keras.backend.backend()
    assert Run.open(folder).config["versions"]["backend"].startswith(backend)
