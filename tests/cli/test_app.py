"""The command line as a user meets it: what it writes, what it prints, how it refuses."""

import contextlib
import csv
import importlib.machinery
import json
import re
import sys
import types

import keras
import numpy as np
import pytest
from PIL import Image

import kerasvae
from kerasvae import data, plotting
from kerasvae.cli import app as cli
from kerasvae.cli.options import json_value, model_command
from kerasvae.models import BY_NAME, BetaVAE
from kerasvae.models.introspection import argument_help, own_arguments
from kerasvae.networks import suited_architecture
from kerasvae.runs import Run, figures, loggers, session

# What a backend adds to it is in test_each_backend.py; and trainings of a few steps.
pytestmark = [pytest.mark.numpy_only, pytest.mark.usefixtures("all_eagerly", "narrow")]

TINY = ["--data", "digits", "--steps", "25", "--log-every", "10", "--latent-dim", "3"]


@pytest.fixture
def kv(monkeypatch, capsys):
    """Run the command line: (exit status, standard output, standard error)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["kerasvae", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        return exit_.value.code or 0, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a small trained run."""
    folder = tmp_path_factory.mktemp("runs") / "beta"
    arguments = ["train", "beta-vae", *TINY, "--beta", "2.5", "--out", str(folder)]
    assert cli.app(arguments, standalone_mode=False) is None
    return folder


def rows(folder):
    with open(folder / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


# What training writes


def test_train_writes_the_run(trained):
    assert sorted(path.name for path in trained.iterdir()) == [
        "config.json", "history.csv", "model.keras", "reconstructions.png", "traversals.png"
    ]  # fmt: skip
    for name in ("reconstructions.png", "traversals.png"):
        with Image.open(trained / name) as image:
            assert image.format == "PNG" and min(image.size) > 50
    history = rows(trained)
    assert list(history[0]) == ["step", "loss", "reconstruction", "kl"]
    assert [row["step"] for row in history] == ["10", "20", "25"]
    for row in history:
        objective = float(row["reconstruction"]) + 2.5 * float(row["kl"])
        assert float(row["loss"]) == pytest.approx(objective, rel=1e-5)


def test_the_config_rebuilds_the_model(trained):
    run = Run.open(trained)
    saved, built = run.load_model(), run.build_model()
    assert isinstance(built, BetaVAE)
    assert int(saved.step) == 25 and int(built.step) == 0
    different = ("name", "dtype")
    for key, value in saved.get_config().items():
        assert key in different or built.get_config()[key] == value
    assert built.get_config()["beta"] == 2.5 and built.get_config()["latent_dim"] == 3
    assert built.get_config()["architecture"] == "mlp"  # digits are too small for convolutions
    assert len(run.dataset()) == 1797
    assert run.config["versions"]["backend"].startswith(keras.backend.backend())


def test_the_history_is_that_of_a_plain_fit(trained):
    keras.utils.set_random_seed(0)
    model = BetaVAE(beta=2.5, image_shape=(8, 8, 1), latent_dim=3, architecture="mlp", seed=0)
    model.compile()
    batches = data.load("digits").keras_dataset(64, seed=0, steps_per_epoch=10)
    history = model.fit(batches, epochs=2, verbose=0).history
    for name, values in history.items():
        assert [float(row[name]) for row in rows(trained)[:2]] == pytest.approx(values, rel=1e-4)


def test_progress_is_a_few_lines_where_there_is_no_terminal(kv, tmp_path):
    status, out, _ = kv("train", "vae", *TINY, "--out", tmp_path / "run")
    assert status == 0
    assert f"({keras.backend.backend()})" in out and "device cpu" in out.lower()
    lines = [line for line in out.splitlines() if line.startswith("step ")]
    assert [line.split("  ")[0] for line in lines] == [
        "step 10 of 25", "step 20 of 25", "step 25 of 25"
    ]  # fmt: skip
    assert "reconstruction" in lines[0] and "kl" in lines[0]
    assert "\x1b" not in out


def test_progress_is_one_line_that_is_written_over_on_a_terminal(kv, tmp_path, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")  # what rich takes for a terminal
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(cli.console, "is_interactive", True)
    monkeypatch.setenv("COLUMNS", "120")
    status, out, _ = kv("train", "vae", *TINY, "--out", tmp_path / "run")
    assert status == 0
    frames = re.findall(r"(\d+)/25 +steps +(\w+)", re.sub(r"\x1b\[[\d;]*m", "", out))
    assert frames[0] == ("0", "compiling") and frames[-1] == ("25", "reconstruction")
    bars = out[out.index("compiling") : out.rindex("25/25")]
    assert "\n" not in bars and bars.count("\r") >= len(frames) - 1


def test_a_folder_of_images(kv, tmp_path):
    generator = np.random.default_rng(0)
    for number in range(6):
        pixels = generator.integers(0, 256, (20, 24, 3), dtype="uint8")
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number}.png")
    arguments = ["--steps", 2, "--batch-size", 4, "--out", tmp_path / "run"]
    arguments += ["--data", tmp_path / "photos", "--image-size", 12]
    status, _, err = kv("train", "vae", *arguments)
    assert status == 0, err
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["arguments"]["image_shape"] == [12, 12, 3]
    assert config["data"]["source"] == str((tmp_path / "photos").resolve())

    (tmp_path / "photos" / "5.png").unlink()
    status, _, err = kv("evaluate", tmp_path / "run")
    assert status == 1
    assert "expected the 6 images" in err and "Received: 5 images" in err


@pytest.mark.parametrize(
    "shape, architecture",
    [
        ((8, 8, 1), "mlp"),
        ((32, 32, 1), "mlp"),
        ((64, 64, 3), "burgess"),
        ((128, 128, 3), "burgess"),
        ((64, 96, 3), "mlp"),
    ],
)
def test_the_default_architecture_suits_the_images(shape, architecture):
    assert suited_architecture(shape) == architecture


def test_images_that_no_network_is_made_for():
    with pytest.raises(ValueError, match=r"image_size=64.*256x200"):
        suited_architecture((256, 200, 3))


def test_tensorboard_logs(kv, tmp_path):
    pytest.importorskip("tensorboard", reason="the package tensorboard is not installed")
    status, _, err = kv("train", "vae", *TINY, "--out", tmp_path / "run", "--tensorboard")
    assert status == 0, err
    assert list((tmp_path / "run" / "tensorboard").rglob("events.out.tfevents.*"))


def test_tensorboard_is_refused_where_it_is_missing(kv, tmp_path, monkeypatch):
    monkeypatch.setattr(loggers.importlib.util, "find_spec", lambda name: None)
    for flags in (["--tensorboard"], ["--logger", "wandb"], ["--logger", "mlflow"]):
        status, _, err = kv("train", "vae", *TINY, "--out", tmp_path / "run", *flags)
        assert status == 1
        assert f"pip install {flags[-1].lstrip('-')}" in err
        assert not (tmp_path / "run").exists()


class Recorded(keras.callbacks.Callback):
    """Stands in for the callback of a service that is not installed here."""

    rows = []

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append((epoch, logs["kl"]))


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_a_logger_gets_every_row_and_the_settings(kv, tmp_path, monkeypatch, name):
    opened = []

    @contextlib.contextmanager
    def record(**settings):
        opened.append(settings)
        yield
        opened.append("closed")

    service = types.ModuleType(name)
    service.__spec__ = importlib.machinery.ModuleSpec(name, None)
    service.init = service.start_run = record
    service.log_params = lambda settings: opened.append({"config": settings})
    callbacks = types.ModuleType(name)
    callbacks.WandbMetricsLogger = callbacks.MlflowCallback = Recorded
    for module in ("wandb.integration", "wandb.integration.keras", "mlflow.keras"):
        monkeypatch.setitem(sys.modules, module, callbacks)
    monkeypatch.setitem(sys.modules, name, service)
    monkeypatch.setattr(Recorded, "rows", [])
    status, _, err = kv("train", "vae", *TINY, "--out", tmp_path / "run", "--logger", name)
    assert status == 0, err
    kl = [float(row["kl"]) for row in rows(tmp_path / "run")]
    assert Recorded.rows == [(0, kl[0]), (1, kl[1]), (2, kl[2])]
    given = {k: v for settings in opened[:-1] for k, v in settings.items()}
    assert given["config"]["latent_dim"] == 3 and given["config"]["steps"] == 25
    assert opened[-1] == "closed" and "run" in (given.get("name"), given.get("run_name"))


# Options of the models


@pytest.mark.parametrize("name", BY_NAME)
def test_help_lists_every_argument_of_every_model(kv, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "200")
    status, out, _ = kv("train", name, "--help")
    assert status == 0
    for argument in own_arguments(BY_NAME[name]):
        assert f"--{argument.replace('_', '-')}" in out
        assert argument_help(BY_NAME[name], argument), f"{argument} is not in the docstring"
    assert name in kv("train", "--help")[1]


def test_a_new_model_needs_no_edit_of_the_command_line(monkeypatch):
    class NewVAE(BetaVAE):
        """A model for this test.

        Args:
            gamma: weight of [something] new,
                on two lines.
        """

        def __init__(self, *args, gamma=2.0, **kwargs):
            super().__init__(*args, **kwargs)

    monkeypatch.setitem(BY_NAME, "new", NewVAE)
    assert set(own_arguments(NewVAE)) == {"gamma", "beta", "warmup_steps"}
    assert argument_help(NewVAE, "gamma") == "Weight of [something] new, on two lines."
    received, app = {}, cli.typer.Typer()

    def train(model_name, **settings):
        received.update(settings, model=model_name)

    app.command()(model_command("new", train, ()))
    app(["--gamma", "7", "--beta", "[1, 2]"], standalone_mode=False)
    assert received == {"model": "new", "gamma": 7, "beta": [1, 2], "warmup_steps": None}


def test_json_values():
    assert json_value("true") is True
    assert json_value("1e-3") == 0.001
    assert json_value("mss") == "mss"


# What is done with a run


def test_evaluate(kv, trained):
    status, out, _ = kv("evaluate", trained)
    assert status == 0
    result = json.loads((trained / "evaluation.json").read_text())
    # The closed form, from the encoder's means and log-variances, in float64.
    run = Run.open(trained)
    raw = run.load_model().encoder.predict(run.dataset().images(range(1797)), verbose=0)
    loc, log_variance = np.split(raw.astype("float64"), 2, axis=1)
    kl = 0.5 * (np.exp(log_variance) + loc**2 - 1 - log_variance).mean(axis=0)
    assert result["per_dimension_kl"] == pytest.approx(kl, rel=1e-4)
    assert result["terms"]["kl"] == pytest.approx(kl.sum(), rel=1e-4)
    loss = result["terms"]["reconstruction"] + 2.5 * result["terms"]["kl"]
    assert result["loss"] == pytest.approx(loss, rel=1e-5)
    assert result["images"] == 1797 and result["step"] == 25
    for name, value in result["terms"].items():
        assert name in out and f"{value:.3f}" in out

    assert kv("evaluate", trained, "--images", 50)[0] == 0
    assert json.loads((trained / "evaluation.json").read_text())["images"] == 50


def test_surgery(kv, trained):
    status, out, _ = kv("surgery", trained, "--samples", 400)
    assert status == 0
    result = json.loads((trained / "surgery.json").read_text())
    assert (trained / "surgery.png").read_bytes().startswith(b"\x89PNG")
    assert result["step"] == 25 and result["num_images"] == 1797 and result["samples"] == 400
    assert kv("evaluate", trained)[0] == 0
    evaluation = json.loads((trained / "evaluation.json").read_text())
    assert result["kl"] == pytest.approx(evaluation["terms"]["kl"], rel=1e-4)
    for name in ("kl", "mutual_information", "total_correlation", "dimension_wise_kl"):
        assert name in out and f"{result[name]:.4f}" in out


def test_evaluate_an_objective_that_looks_at_all_images(kv, tmp_path):
    arguments = ["--estimator", "exact", "--batch-size", 16, "--out", tmp_path]
    assert kv("train", "beta-tcvae", *TINY, "--steps", 2, *arguments)[0] == 0
    status, _, err = kv("evaluate", tmp_path, "--images", 100)
    assert status == 0, err
    terms = json.loads((tmp_path / "evaluation.json").read_text())["terms"]
    assert "total_correlation" in terms


def test_traverse_moves_the_dimensions_in_the_order_of_their_kl(kv, trained, monkeypatch):
    seen = {}

    def traversals(images, values, labels):
        seen.update(images=images, values=values, labels=labels)
        return original(images, values, labels)

    original = plotting.traversals
    monkeypatch.setattr(plotting, "traversals", traversals)
    status, out, _ = kv("traverse", trained, "--image", 5, "--range", 3)
    assert status == 0
    assert out.strip() == str(trained / "traversals.png")
    run = Run.open(trained)
    model, dataset = run.load_model(), run.dataset()
    kl = figures.mean_per_dimension_kl(
        model.posteriors(figures.sampled(dataset, figures.FIGURE_IMAGES))
    )
    order = np.argsort(-kl)
    assert seen["labels"] == [f"z_{j}  {kl[j]:.2f} nats" for j in order]
    assert seen["values"][[0, -1]].tolist() == [-3, 3]
    code = model.embed(dataset.images([5]))[0]
    moved = code.copy()
    moved[order[0]] = -3
    logits = keras.ops.convert_to_numpy(model.decode(moved[None]))[0]
    assert seen["images"][0, 0] == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-5)


def test_sampled_draws_without_replacement():
    dataset = data.ImageDataset(np.arange(10.0).reshape(10, 1, 1, 1) / 10)
    assert figures.sampled(dataset, 10) is dataset
    values = figures.sampled(dataset, 6).images(range(6)).ravel()
    assert len(np.unique(values)) == 6


def test_datasets_lists_all_and_cuts_no_word_at_80_columns(kv, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = kv("datasets")
    assert status == 0
    for info in data.describe():
        assert info.name in out and f"{info.images:,}" in out
        words = f"{info.download} {info.licence} {' '.join(info.factors)}".split()
        assert not [word for word in words if word not in out]


def test_tutorials_runs_the_chapters(kv, monkeypatch):
    from kerasvae.course import notebooks

    calls = []
    monkeypatch.setattr(notebooks, "run_tutorials", lambda *call: calls.append(call) or 1)
    assert kv("tutorials", "--tier", "full", "01", "2")[0] == 1
    assert calls == [(["01", "2"], "full")]


def test_explore_serves_the_run(kv, trained, monkeypatch):
    module = pytest.importorskip("kerasvae.cli.explore", reason="voila is not installed")
    calls = []
    monkeypatch.setattr(module, "explore", lambda *call: calls.append(call))
    status, _, err = kv("explore", trained, "--port", 0, "--no-browser")
    assert status == 0, err
    assert calls == [(trained, 0, False)]


def test_compare_shows_every_setting_and_writes_the_page(kv, trained, tmp_path):
    assert kv("evaluate", trained, "--metric", "mig", "--draws", 1, "--samples", 200)[0] == 0
    status, out, err = kv("compare", trained, "--out", tmp_path / "side")
    assert status == 0, err
    assert "1  beta-vae beta=2.5\n" in out and str(tmp_path / "side" / "comparison.html") in out
    assert (tmp_path / "side" / "comparison.csv").is_file()
    assert kv("evaluate", trained, "--metric", "mgi")[2].count("Did you mean 'mig'") == 1


def test_version(kv):
    status, out, _ = kv("--version")
    assert status == 0
    assert f"kerasvae {kerasvae.__version__}" in out and keras.__version__ in out


# How it refuses


@pytest.mark.parametrize(
    "arguments, hint",
    [
        ("train vea", "'vae'"),
        ("train vae --data dsprites_mini", "'dsprites-mini'"),
        ("train vae --data digits --architecture burges", "'burgess'"),
        ("train vae --data digits --likelihood gausian", "'gaussian'"),
        ("train beta-vae --data digits --bta 4", "--beta"),
        ("train vae --data dsprites --data-option cache=true", "'cached'"),
        ("train vae --data dsprites --data-option cached", "name=value"),
        ("train vae --data digits --image-size 9", "digits takes no options"),
        ("train vae --data digits --steps 0", "--steps"),
        ("train vae", "--data"),
        ("evaluat", "'evaluate'"),
        ("tutorials --tier qick", "'quick'"),
    ],
)
def test_wrong_use_ends_with_status_2_and_one_line(kv, tmp_path, monkeypatch, arguments, hint):
    monkeypatch.chdir(tmp_path)
    status, out, err = kv(*arguments.split())
    assert status == 2
    assert hint in err and err.startswith("kerasvae: ") and err.count("\n") == 1
    assert not out and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments, message",
    [
        ("train beta-vae --data digits --beta -4", "beta must be .* Received: beta=-4"),
        ("train vae --data digits --architecture burgess", "28 to 128 pixels"),
        ("train vae --data shapes3d", "public file 3dshapes.h5"),
        ("train vae --data digits --out new --resume", "Expected the folder of a run"),
        ("evaluate nowhere", "nowhere, which is not there"),
        ("traverse .", "which has no config.json"),
    ],
)
def test_errors_end_with_status_1_and_one_line(kv, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERASVAE_CACHE", str(tmp_path / "cache"))
    status, _, err = kv(*arguments.split())
    assert status == 1
    assert err.startswith("kerasvae: ") and err.count("\n") == 1
    assert re.search(message, err)
    assert not list(tmp_path.iterdir())


def test_a_training_that_becomes_nan_is_one_line(kv, tmp_path, monkeypatch):
    def diverged(*arguments):
        raise FloatingPointError("kl became NaN")

    monkeypatch.setattr(session, "train", diverged)
    status, _, err = kv("train", "vae", *TINY, "--out", tmp_path / "run")
    assert (status, err) == (1, "kerasvae: kl became NaN\n")


def test_a_folder_in_use_is_refused_and_a_run_replaced_on_request(kv, trained, tmp_path):
    status, _, err = kv("train", "vae", *TINY, "--out", trained)
    assert status == 1 and "--resume" in err and "--overwrite" in err
    (tmp_path / "thesis.txt").write_text("mine")
    for flags in ([], ["--overwrite"]):
        assert kv("train", "vae", *TINY, "--out", tmp_path, *flags)[0] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert kv("train", "vae", "--out", trained, "--resume", "--overwrite")[0] == 2

    config = Run.open(trained).config
    run = Run.create(tmp_path / "run", config)
    run.path("evaluation.json").write_text("{}")
    Run.create(run.folder, config, overwrite=True)
    assert [path.name for path in run.folder.iterdir()] == ["config.json"]


def test_damaged_files_are_named(kv, trained, tmp_path):
    for name in ("config.json", "history.csv", "model.keras"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    model = tmp_path / "model.keras"
    model.write_bytes(model.read_bytes()[:1000])
    status, _, err = kv("evaluate", tmp_path)
    assert status == 1 and f"{model} is damaged" in err and err.count("\n") == 1
    (tmp_path / "config.json").write_text('{"model": "vae"')
    status, _, err = kv("evaluate", tmp_path)
    assert status == 1 and "config.json is damaged" in err and err.count("\n") == 1


def test_half_a_row_of_the_history_is_dropped(tmp_path):
    run = Run(tmp_path, {})
    run.path("history.csv").write_text("step,loss\n10,2.5\n20,1.5\n30,1")
    assert run.read_history() == [{"step": 10, "loss": 2.5}, {"step": 20, "loss": 1.5}]
    assert run.read_history(last_step=10) == [{"step": 10, "loss": 2.5}]


def test_train_and_evaluate_on_a_labelled_file(kv, tmp_path):
    """Your own images with factors, in the form that the documentation names."""
    rng = np.random.default_rng(0)
    factors = rng.integers(3, size=(60, 2))
    images = np.zeros((60, 8, 8, 1), "uint8")
    images[np.arange(60), 2 * factors[:, 0], 2 * factors[:, 1]] = 255
    path = tmp_path / "own.npz"
    np.savez(path, images=images, factors=factors, names=np.array(["row", "column"]))
    folder = tmp_path / "run"
    command = ["train", "vae", "--data", str(path), "--out", str(folder), "--steps", "3"]
    assert kv(*command, "--batch-size", "8")[0] == 0
    assert kv("evaluate", str(folder), "--metric", "mig")[0] == 0
    scores = json.loads((folder / "evaluation.json").read_text())["scores"]
    assert 0 <= scores["mig"]["mean"] <= 1
