"""benchmarks/gpu_run.py on few steps of a small data set: it trains, goes on, and prints."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def gpu_run(monkeypatch):
    """The script as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("gpu_run", BENCHMARKS / "gpu_run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    for name in [name for name in sys.modules if name.split(".")[0] == "contenders"]:
        del sys.modules[name]


def test_it_trains_goes_on_and_shows_published_figures(gpu_run, monkeypatch, tmp_path, capsys):
    folder = tmp_path / "vae"
    options = "--objective vae --data digits --log-every 2 --checkpoint-every 4 --samples 100"
    for steps in (4, 6):  # the second call goes on
        call = ["gpu_run.py", *options.split(), "--steps", str(steps), "--folder", str(folder)]
        monkeypatch.setattr(sys, "argv", call)
        gpu_run.main()
        result = json.loads((folder / "result.json").read_text())
        assert result["step"] == result["training_means"]["step"] == steps
        assert result["batch_size"] == 64
        exact = result["exact"]
        assert exact["kl"] == pytest.approx(exact["mutual_information"] + exact["marginal_kl"])
    printed = capsys.readouterr().out
    assert "17.99" in printed and "25.40" in printed  # beside ours
    assert "steps/s" in printed and result["matrix_peak"] > 1e8


def test_its_clock_leaves_out_the_first_chunk_and_what_follows_the_steps(gpu_run, monkeypatch):
    times = iter([0.0, 100.0, 200.0, 201.0, 300.0, 303.0])
    monkeypatch.setattr(gpu_run.time, "perf_counter", lambda: next(times))
    speed = gpu_run.Speed()
    speed.set_params({"steps": 8})
    assert speed.steps_per_second() is None
    for epoch in range(3):
        speed.on_epoch_begin(epoch)
        speed.on_train_batch_end(0, {"loss": 1.0})
        speed.on_epoch_end(epoch)
    assert speed.steps_per_second() == 16 / 4
