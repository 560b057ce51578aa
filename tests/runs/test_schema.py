"""Files of a run folder with one wrong field: an error that names the file and the field."""

import copy
import json

import pytest

from kerasvae.runs import Run, comparison, new_config
from kerasvae.runs.evaluation import evaluate
from kerasvae.runs.measured import SETTINGS, read_evaluation
from kerasvae.runs.schema import TRAINING

pytestmark = pytest.mark.numpy_only

CONFIG = {
    "model": "beta-vae",
    "arguments": {
        "image_shape": [8, 8, 1],
        "latent_dim": 2,
        "architecture": "mlp",
        "likelihood": "bernoulli",
        "likelihood_scale": 1.0,
        "seed": 0,
        "beta": 4.0,
        "warmup_steps": 0,
    },
    "data": {"source": "digits", "options": {}, "images": 1797, "image_shape": [8, 8, 1]},
    "training": {
        "steps": 20,
        "devices": 1,
        "log_every": 5,
        "checkpoint_every": 10,
        "batch_size": 16,
        "learning_rate": 1e-3,
    },
    "versions": {},
}
SCORE = {"mean": 0.5, "standard_deviation": None, "parts": {}}
EVALUATION = {
    "step": 20,
    "images": 9,
    "loss": 30.0,
    "terms": {"kl": 4.0},
    "surgery": {"refused": "because"},
    "scores": {"mig": SCORE, "dci": {"refused": "no factors"}},
    "settings": {},
}
GONE = object()


def changed(content: dict, path: str, value):
    """A deep copy with one field set, or taken out."""
    content = copy.deepcopy(content)
    *parents, last = path.split(".")
    place = content
    for parent in parents:
        place = place[parent]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return content


def test_the_right_files_are_read(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "evaluation.json").write_text(json.dumps(EVALUATION))
    (tmp_path / "history.csv").write_text("step,loss,kl\n5,2.5,1\n10,1.5,0.5\n")
    run = Run.open(tmp_path)
    assert run.config == CONFIG and read_evaluation(tmp_path) == EVALUATION
    assert [row["loss"] for row in run.read_history()] == [2.5, 1.5]
    (row,) = comparison.read_rows([tmp_path])
    assert row["mig"] == 0.5 and row["kl"] is None


def test_a_new_config_is_one_that_can_be_opened(tmp_path):
    from kerasvae import data

    given = {"data": "digits", "latent_dim": 2, "steps": 3}
    config = new_config("infogan", given, data.load("digits"))
    Run.create(tmp_path / "run", config)
    assert Run.open(tmp_path / "run").config == json.loads(json.dumps(config))


@pytest.mark.parametrize(
    "field, value, message",
    [
        ("model", GONE, "model missing"),
        ("model", "beta-vea", "Did you mean 'beta-vae'"),
        ("model", ["vae"], "model must be one of"),
        ("arguments", GONE, "arguments missing"),
        ("arguments", [1, 2], "arguments: expected names with values"),
        ("arguments.seed", GONE, "seed missing"),
        ("arguments.seed", -1, "seed must be"),
        ("arguments.seed", 2**40, "seed must be at most"),
        ("arguments.latent_dim", "ten", "latent_dim must be .* Received: latent_dim='ten'"),
        ("arguments.latent_dim", 0, "latent_dim must be"),
        ("arguments.architecture", None, "architecture must be a name"),
        ("arguments.beta", "4", "beta must be a number. Received: beta='4'"),
        ("arguments.beta", True, "beta must be a number"),
        ("arguments.bta", 4, "Did you mean 'beta'"),
        ("arguments.image_shape", [9, 9, 1], "image_shape must be that of the data"),
        ("data", None, "data: expected names with values"),
        ("data.source", 7, "source must be a name"),
        ("data.options", [], "options: expected names with values"),
        ("data.images", "many", "images must be"),
        ("data.image_shape", 8, "image_shape must be"),
        ("data.image_shape", [8, 8, 0], "image_shape must be"),
        ("training.steps", "abc", "steps must be"),
        ("training.steps", 20.5, "steps must be"),
        ("training.log_every", 0, "log_every must be"),
        ("training.checkpoint_every", 0, "checkpoint_every must be"),
        ("training.checkpoint_every", GONE, "checkpoint_every missing"),
        ("training.batch_size", 0, "batch_size must be"),
        ("training.devices", 0, "devices must be"),
        ("training.devices", 3, "multiple of devices"),
        ("training.learning_rate", 0, "learning_rate must be"),
        ("training.learning_rate", float("nan"), "learning_rate must be"),
        ("versions", "all", "versions: expected names with values"),
    ],
)
def test_a_wrong_config_is_named_by_file_and_field(tmp_path, field, value, message):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(changed(CONFIG, field, value)))
    with pytest.raises(ValueError, match=message) as error:
        Run.open(tmp_path)
    assert str(error.value).startswith(f"{path} is damaged: ")
    # The library's own door takes the same schema.
    with pytest.raises(ValueError, match=message):
        Run.create(tmp_path / "new", changed(CONFIG, field, value))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["", "[]", "null", '{"model"', "\x00", "[" * 100_000])
def test_what_is_no_config_is_named(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ValueError, match="config.json is damaged: ") as error:
        Run.open(tmp_path)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    "field, value, message",
    [
        ("step", GONE, "step missing"),
        ("images", 0, "images must be"),
        ("loss", "low", "loss must be a number"),
        ("terms", [], "terms: expected names with values"),
        ("terms.kl", None, "kl must be a number"),
        ("surgery", GONE, "surgery missing"),
        ("surgery", {"kl": 4.0}, "surgery: mutual_information and .* missing"),
        ("scores.mig", 0.5, "mig: expected names with values"),
        ("scores.mig.mean", GONE, "mean missing"),
        ("scores.mig.mean", "high", "mean must be a number"),
        ("scores.mig.parts", {"half": {"mean": 1.0}}, "half: standard_deviation missing"),
        ("settings", None, "settings: expected names with values"),
    ],
)
def test_a_wrong_evaluation_is_named_by_file_and_field(tmp_path, field, value, message):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps(changed(EVALUATION, field, value)))
    with pytest.raises(ValueError, match=message) as error:
        comparison.read_rows([tmp_path])
    assert str(error.value).startswith(f"{path} is damaged: ")
    assert f"kerasvae evaluate {tmp_path}" in str(error.value)


@pytest.mark.parametrize(
    "text, message",
    [
        ("loss,kl\n2.5,1\n", "line 1: expected step, loss and terms"),
        ("step,loss,loss\n5,2.5,1\n", "line 1"),
        ("step,loss,kl\n5,2.5\n", "line 2: expected 3 numbers, found 2"),
        ("step,loss,kl\n5,2.5,1\n10,abc,1\n", "line 3, loss: .* Received: 'abc'"),
        ("step,loss,kl\n5,nan,1\n", "line 2, loss: expected a finite number"),
        # What two trainings that wrote into one file have left.
        ("step,loss,kl\n5,2.5,1\n5,2.4,1\n", "line 3, step: expected more than 5"),
        ("\x00\x01\n", "line 1"),
    ],
)
def test_a_wrong_history_is_named_by_file_line_and_column(tmp_path, text, message):
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        Run(tmp_path, CONFIG).read_history()
    assert str(error.value).startswith(f"{path} is damaged: ")


def test_the_schemas_name_every_setting():
    import inspect

    from kerasvae.runs.config import TRAINING_DEFAULTS

    assert list(SETTINGS) == list(inspect.signature(evaluate).parameters)[3:]
    assert set(TRAINING) == {*TRAINING_DEFAULTS, "batch_size", "learning_rate"}
