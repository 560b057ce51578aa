"""A name of the zoo where a run folder is taken."""

import json
import shutil
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from kerasvae import data
from kerasvae.cli import app as cli
from kerasvae.runs import Run, comparison, new_config
from kerasvae.zoo import ZooRun, card, load, names, open_run

pytestmark = [
    pytest.mark.numpy_only,  # names, files and pages
    pytest.mark.skipif(not names(), reason="no model ships yet"),
]


@pytest.fixture
def name():
    """One of the models."""
    return names()[0]


@pytest.fixture
def kv(monkeypatch, capsys, tmp_path):
    """Run the command line in an empty folder: (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["kerasvae", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        return exit_.value.code or 0, *capsys.readouterr()

    return run


def test_a_name_opens_a_run_with_everything_that_commands_need(name):
    run = open_run(name)
    assert isinstance(run, ZooRun) and isinstance(run, Run)
    assert len(run.dataset()) == 737_280
    settings = run.settings()
    assert settings["data"] == "dsprites" and settings["latent_dim"] == 10
    history = run.read_history()
    assert 1 < len(history) < 200 and history[-1]["step"] == settings["steps"]
    assert run.read_history(history[0]["step"]) == history[:1]
    assert run.read_evaluation() == card(name)["evaluation"]
    assert open_run(run.address).config == run.config


def test_a_run_folder_goes_before_a_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    assert isinstance(open_run(name), ZooRun), "a folder of what commands wrote is no run"
    config = new_config("vae", {"data": "digits", "latent_dim": 2}, data.load("digits"))
    (tmp_path / name / "config.json").write_text(json.dumps(config))
    run = open_run(name)
    assert not isinstance(run, ZooRun) and run.config["model"] == "vae"
    address = run.address
    monkeypatch.chdir("/")
    assert open_run(address).config["model"] == "vae", "from any working folder"


def test_what_is_neither_is_refused_with_the_names(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"Expected the folder of a run.*{names()[0]}"):
        open_run(tmp_path / "missing")


def test_a_newer_evaluation_goes_before_the_cards(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    newer = {**card(name)["evaluation"], "loss": 1.5}
    open_run(name).write_json("evaluation.json", newer)
    assert (tmp_path / name / "evaluation.json").is_file()
    assert open_run(name).read_evaluation() == newer


def test_models_of_the_zoo_compare_with_runs(name, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    described = card(name)
    config = {part: described[part] for part in ("model", "arguments", "data", "training")}
    config["versions"] = described["trained"]["versions"]
    config["arguments"]["latent_dim"] = 9
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evaluation.json").write_text(json.dumps(described["evaluation"]))
    rows = comparison.read_rows([folder, open_run(name)])
    assert [row["run"] for row in rows] == [str(folder), name]
    assert "latent_dim=9" in rows[0]["setting"] and "latent_dim=10" in rows[1]["setting"]
    assert rows[0]["mig"] == rows[1]["mig"] == described["evaluation"]["scores"]["mig"]["mean"]


def test_the_command_lists_the_models_and_shows_a_card(kv, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = kv("zoo")
    assert status == 0 and "…" not in out
    for word in ("reconstruction", "correlation", "FactorVAE"):
        assert word in out
    for one in names():
        (line,) = [line for line in out.splitlines() if line.split()[:1] == [one]]
        described = card(one)
        assert f"{described['training']['steps']:,}" in line
        assert f" {described['evaluation']['scores']['mig']['mean']:.2f} " in line
    status, out, _ = kv("zoo", name)
    assert status == 0 and " ± " in out
    described = card(name)
    assert described["differs"] in out and ("Misses: " in out) == bool(described["misses"])
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    for row in described["published"]:
        assert f" {row['value']} [" in lines[row["figure"]] and row["source"] in out
    mean = described["evaluation"]["scores"]["mig"]["mean"]
    assert f" {mean:.2f} ± " in lines["mig"] and "…" not in out
    status, _, err = kv("zoo", name[:-1])
    assert status == 1 and f"Did you mean '{name}'" in err


def test_traverse_draws_into_a_folder_of_the_name(kv, tmp_path, name):
    status, out, _ = kv("traverse", name, "--image", 100, "--gif")
    assert status == 0
    assert out.split() == [f"{name}/traversals.png", f"{name}/traversals.gif"]
    with Image.open(tmp_path / name / "traversals.gif") as image:
        assert image.n_frames == 32  # 17 there, without both ends back
    assert (tmp_path / name / "traversals.gif").stat().st_size < 1_000_000
    assert sorted(path.name for path in (tmp_path / name).iterdir()) == [
        "traversals.gif", "traversals.png"
    ]  # fmt: skip
    shutil.rmtree(tmp_path / name)
    status, out, _ = kv("traverse", "nothing-there")
    assert status == 1 and not (tmp_path / "nothing-there").exists()


def test_the_page_of_explore_opens_the_name(tmp_path, name):
    explore = pytest.importorskip("kerasvae.cli.explore")
    notebook = explore._write_page(tmp_path, open_run(name)).read_text()
    assert f"open_run('{name}')" in notebook
    compile("".join(json.loads(notebook)["cells"][0]["source"]), "cell", "exec")


def test_the_same_name_gives_the_same_model_twice(name):
    z = np.zeros((1, 10), "float32")
    first, second = (keras.ops.convert_to_numpy(load(name).decode(z)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
