"""The card of a run, and sharing it: the lines of docs/sharing.md on a Hub of our own."""

import re
import shutil
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml
from keras.src.saving import saving_lib

from kerasvae.data import load
from kerasvae.runs import Run, new_config, session
from kerasvae.runs.evaluation import evaluate
from kerasvae.runs.model_card import write_card

pytestmark = [pytest.mark.numpy_only, pytest.mark.filterwarnings("ignore:.*points; below")]

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "sharing.md"


@pytest.fixture(scope="module")
def measured(tmp_path_factory, narrow):
    """A run of few steps, and its evaluation by two scores."""
    digits = load("digits")
    given = {"data": "digits", "beta": 2.0, "latent_dim": 3, "steps": 4, "architecture": "mlp"}
    run = Run.create(
        tmp_path_factory.mktemp("runs") / "digits", new_config("beta-vae", given, digits)
    )
    model, _ = session.train(run, digits)
    found = evaluate(run, model, digits, names=["mig", "gaussian_total_correlation"], points=400)
    return run, found


def test_it_says_what_the_model_is_and_what_it_measures(measured):
    run, found = measured
    text = write_card(run, found).read_text()
    head, body = text.split("---\n")[1:]
    assert yaml.safe_load(head)["library_name"] == "keras"
    assert "beta-vae" in yaml.safe_load(head)["tags"]
    assert "# beta-vae, beta 2, seed 0" in body and "reconstruction + beta kl" in body
    assert "4 steps of 64 images" in body and "digits: 1,797 images" in body
    dependence = found["surgery"]["total_correlation"]
    assert re.search(rf"\| surgery: total_correlation \| {dependence:.3f} ± \d", body)
    score = found["scores"]["gaussian_total_correlation"]["mean"]
    assert f"| gaussian_total_correlation | {score:.3f} |" in body
    assert "lower is better" in body and "images of your own" not in body
    tables = re.findall(r"(?:^\|.*\n)+", body, re.MULTILINE)
    assert body.count("| kl |") == 1 and "surgery: kl" not in body  # each number once
    assert len(tables) == 2  # no empty line breaks one in two
    assert all(len(set(map(cells, table.splitlines()))) == 1 for table in tables)


def cells(line: str) -> int:
    """How many cells a row of a table has."""
    return line.count("|")


def test_of_your_own_images_the_path_stays_at_home(measured, tmp_path):
    run, found = measured
    config = {**run.config, "data": {**run.config["data"], "source": "/data/ann/photos"}}
    text = write_card(Run(tmp_path, config), found).read_text()
    assert "on photos: " in text and "/data/ann" not in text and "images of your own" in text


def test_the_lines_of_the_guide_share_it_on_a_hub(measured, tmp_path, monkeypatch):
    run, found = measured
    write_card(run, found)
    hub = Hub(tmp_path / "hub")
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub.module)
    monkeypatch.setattr(saving_lib, "huggingface_hub", hub.module)
    shutil.copytree(run.folder, tmp_path / "runs" / "digits")
    monkeypatch.chdir(tmp_path)
    save, open_it = re.findall(r"^```py\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    exec(save, {})
    there = {}
    exec(open_it, there)
    assert (hub.folder / "YOUR-NAME" / "beta-vae-digits" / "README.md").read_text() == (
        run.path("model_card.md").read_text()
    )
    images = load("digits").images(range(5))
    np.testing.assert_array_equal(there["model"].embed(images), run.load_model().embed(images))
    assert there["model"].beta == 2.0


def test_without_the_package_keras_says_what_to_install(measured, monkeypatch):
    monkeypatch.setattr(saving_lib, "huggingface_hub", None)
    model = measured[0].load_model()
    with pytest.raises(ImportError, match="huggingface_hub"):
        model.save("hf://ann/model")
    with pytest.raises(ImportError, match="huggingface_hub"):
        keras.saving.load_model("hf://ann/model")


class Hub:
    """What Keras and the guide call of huggingface_hub, as folders."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.module = types.ModuleType("huggingface_hub")
        self.module.HfApi = lambda **about: self
        self.module.snapshot_download = lambda repo_id, **about: str(folder / repo_id)

    def create_repo(self, repo_id, exist_ok=False):
        """Make a folder."""
        (self.folder / repo_id).mkdir(parents=True, exist_ok=exist_ok)
        return types.SimpleNamespace(repo_id=repo_id)

    def upload_folder(self, repo_id, folder_path, commit_message):
        """Copy files into it."""
        shutil.copytree(folder_path, self.folder / repo_id, dirs_exist_ok=True)

    def upload_file(self, path_or_fileobj, path_in_repo, repo_id):
        """Copy one file into it."""
        shutil.copyfile(path_or_fileobj, self.folder / repo_id / path_in_repo)
