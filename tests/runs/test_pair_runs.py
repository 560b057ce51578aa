"""A run of a model that learns from pairs: its setting, what is refused, and going on."""

import keras
import numpy as np
import pytest

from kerasvae import networks
from kerasvae.data import ImageDataset, load
from kerasvae.runs import Run, new_config, session
from kerasvae.runs.evaluation import evaluate
from kerasvae.runs.schema import check_config
from kerasvae.study.plan import read_plan
from tests.models import tiny

GIVEN = {"data": "digits", "latent_dim": 2, "seed": 3, "steps": 4, "log_every": 2, "batch_size": 8}


def config(model="ada-gvae", **given):
    return new_config(model, {**GIVEN, **given}, load("digits"))


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    """The network is of no interest here, and what a run costs is mostly its."""
    monkeypatch.setattr(networks, "build_encoder", lambda _, shape, n, *a: tiny.encoder(shape, n))
    monkeypatch.setattr(networks, "build_decoder", lambda _, n, shape, *a: tiny.decoder(n, shape))


def test_a_run_that_stopped_and_went_on_ends_with_the_same_bits(tmp_path):
    images = load("digits")
    whole = Run.create(tmp_path / "whole", config("gvae", changed=1))
    expected, _ = session.train(whole, images)
    Run.create(tmp_path / "halves", config("gvae", steps=2))  # one factor changes by default
    session.train(Run.open(tmp_path / "halves"), images)
    run = Run.open(tmp_path / "halves")
    run.check_same({"changed": 1})
    run.extend(4)
    found, step = session.train(run, images)
    assert step == 4 and run.read_history() == whole.read_history()
    for one, two in zip(found.variables, expected.variables, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (one, two)))
    with pytest.raises(ValueError, match="changed was 1 and is now 'random'"):
        run.check_same({"changed": "random"})
    measured = evaluate(run, found, images, images=40, names=["mig"], draws=1, samples=32)
    terms = measured["terms"]
    assert measured["loss"] == pytest.approx(terms["reconstruction"] + terms["kl"], rel=1e-5)
    assert "refused" not in measured["surgery"]


def test_the_setting_is_checked_before_any_work():
    assert config()["training"]["changed"] == 1
    assert config(changed="random")["training"]["changed"] == "random"
    assert "changed" not in config("vae")["training"]
    for value, message in ((0, "Received: changed=0"), ("all", "changed must be one of random")):
        with pytest.raises(ValueError, match=message):
            config(changed=value)
    with pytest.raises(ValueError, match="digits has 1 factors that vary. Received: changed=2"):
        config(changed=2)
    with pytest.raises(ValueError, match="changed"):
        config("vae", changed=1)
    with pytest.raises(ValueError, match="training: changed missing"):
        broken = config()
        del broken["training"]["changed"]
        check_config(broken)
    without_factors = ImageDataset(np.zeros((9, 8, 8, 1), "float32"))
    with pytest.raises(ValueError, match="ada-gvae learns from pairs.*and needs a data set with"):
        new_config("ada-gvae", GIVEN, without_factors)
    sprites = load("dsprites-mini")
    with pytest.raises(ValueError, match="latent_dim must be at least the number of factors"):
        new_config("gvae", {**GIVEN, "data": "dsprites-mini"}, sprites)


def test_a_study_may_vary_it(tmp_path):
    path = tmp_path / "pairs.yml"
    path.write_text(
        "data: digits\ntraining: {latent_dim: 2}\nmodels: {ada-gvae: {changed: [1, random]}}"
    )
    names = [job.name for job in read_plan(path).jobs]
    assert names == ["ada-gvae-changed=1-seed=0", "ada-gvae-changed=random-seed=0"]
    path.write_text("data: digits\nmodels: {vae: {changed: 1}}")
    with pytest.raises(ValueError, match="changed"):
        read_plan(path)
