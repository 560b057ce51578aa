"""The scripts zoo/train.py and zoo/pack.py, on few steps and few images."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from kerasvae.models import BY_NAME
from kerasvae.zoo import card, load, names

SCRIPTS = Path(__file__).resolve().parents[2] / "zoo"


@pytest.fixture(scope="module")
def scripts():
    """The modules settings, train and pack."""
    loaded = {}
    sys.path.insert(0, str(SCRIPTS))
    try:
        for name in ("settings", "train", "pack"):
            spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
            loaded[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(loaded[name])
        yield loaded
    finally:
        sys.path.remove(str(SCRIPTS))
        sys.modules.pop("settings", None)


@pytest.mark.numpy_only
def test_the_table_has_the_nine_models_with_settings_that_they_take(scripts):
    settings = scripts["settings"].SETTINGS
    assert len(settings) == 9 and {one.model for one in settings.values()} <= set(BY_NAME)
    for name, setting in settings.items():
        assert name == f"{setting.model}-dsprites"
        BY_NAME[setting.model]((8, 8, 1), 10, "mlp", **setting.weights)
        assert setting.tried and setting.differs.endswith(".")
    weights = {name: setting.weights for name, setting in settings.items()}
    assert weights["beta-vae-dsprites"]["beta"] == 4
    assert weights["beta-tcvae-dsprites"]["beta"] == 6
    assert weights["factor-vae-dsprites"]["gamma"] == 35
    annealed = weights["annealed-vae-dsprites"]
    assert (annealed["capacity"], annealed["gamma"]) == (25, 100)


@pytest.mark.numpy_only
def test_an_accelerator_writes_fewer_rows_and_checkpoints(scripts):
    train, setting = scripts["train"], scripts["settings"].SETTINGS["vae-dsprites"]
    on_processor, on_gpu = (train.given(setting, 10, name) for name in ("cpu:0", "gpu:0"))
    assert "log_every" not in on_processor
    assert on_gpu == {**on_processor, "log_every": 1000, "checkpoint_every": 50_000}


@pytest.mark.numpy_only
@pytest.mark.parametrize(
    ("logit", "relative", "spread", "close"),
    [
        (0.009, 1e-3, 0.002, True),
        (0.2, 4e-5, 0.002, True),  # of logits of several thousand
        (0.02, 6e-5, 0.002, False),
        (0.009, 9e-6, 0.004, False),
    ],
)
def test_weights_ship_that_give_what_the_trained_ones_gave(scripts, logit, relative, spread, close):
    found = {"logit_error": logit, "relative_logit_error": relative, "spread_error": spread}
    assert scripts["pack"].is_close(found) is close


@pytest.mark.numpy_only
def test_the_thinned_history_keeps_its_end(scripts):
    rows = [{"step": step} for step in range(100, 100_100, 100)]
    kept = scripts["pack"].thinned(rows)
    assert kept[-1] == rows[-1] and 50 <= len(kept) <= 60
    assert scripts["pack"].thinned(rows[:7]) == rows[:7]
    assert scripts["pack"].thinned([]) == []


def test_a_model_is_trained_packed_and_loaded(scripts, monkeypatch, tmp_path, capsys):
    train, pack, name = scripts["train"], scripts["pack"], "vae-dsprites"
    for steps in (2, 3):  # the second call goes on
        monkeypatch.setattr(
            sys, "argv", ["train.py", name, "--steps", str(steps), "--runs", str(tmp_path)]
        )
        train.main()
    run = tmp_path / name
    assert json.loads((run / "made.json").read_text())["seconds"] > 0
    monkeypatch.setattr(pack, "IMAGES", 300)
    monkeypatch.setattr(pack, "SAMPLES", 50)
    monkeypatch.setattr(pack, "METRICS", ("mig",))
    target = tmp_path / "zoo"
    target.mkdir()
    pack.pack(name, run, device="a test", surgery_images=400, target=target)
    pack.judge_all(target)
    assert names(target) == (name,)
    described, model = card(name, target), load(name, target)
    assert model.steps_taken == described["training"]["steps"] == 3
    assert described["trained"]["device"] == "a test" and described["trained"]["seconds"] > 0
    assert described["evaluation"]["images"] == 300
    assert described["evaluation"]["surgery"]["num_images"] == 400
    assert described["misses"] == ["steps: 3, expected at least 40,000"]
    assert described["history"][-1]["step"] == 3
    assert described["weights"]["logit_error"] < 1e-2
    assert sorted(path.name for path in run.iterdir()) == [
        "config.json", "history.csv", "made.json", "model.keras"
    ], "the run is left as it was"  # fmt: skip
