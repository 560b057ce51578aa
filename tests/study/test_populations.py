"""Runs of a study that are trained as one population end as runs that are trained alone."""

import json

import numpy as np
import pytest
import yaml
from keras import ops

from kerasvae.data import load
from kerasvae.runs import Run, session
from kerasvae.runs.together import train_together
from kerasvae.study import populations, read_plan, run_study
from kerasvae.study.plan import Job
from kerasvae.study.worker import open_run

STUDY = {
    "data": "digits",
    "seeds": 2,
    "training": {
        "steps": 12,
        "batch_size": 8,
        "latent_dim": 2,
        "log_every": 3,
        "checkpoint_every": 6,
    },
    "models": {"beta-vae": {"beta": [1, 4.0]}, "vae": {"latent_dim": [2, 3]}},
    "evaluation": {"draws": 1, "samples": 100, "names": ["sap"]},
}


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "small.yml"
    path.write_text(yaml.safe_dump(STUDY, sort_keys=False))
    return read_plan(path)


@pytest.fixture(scope="module")
def images():
    return load("digits")


@pytest.fixture(scope="module")
def alone(plan, images, tmp_path_factory):
    """The last run of the first group, trained by itself."""
    job = plan.jobs[3]
    run = open_run(tmp_path_factory.mktemp("alone") / job.name, job, images)
    session.train(run, images)
    return run


def assert_same(run, single):
    for one, other in zip(run.load_model().weights, single.load_model().weights, strict=True):
        np.testing.assert_allclose(
            ops.convert_to_numpy(one), ops.convert_to_numpy(other), rtol=1e-4, atol=1e-4
        )
    rows, expected = run.read_history(), single.read_history()
    assert [row["step"] for row in rows] == [3, 6, 9, 12]
    for row, other in zip(rows, expected, strict=True):
        assert row == pytest.approx(other, rel=1e-4)


@pytest.mark.numpy_only
def test_runs_that_differ_in_weights_seed_and_learning_rate_are_grouped(plan):
    names = [[job.name for job in group] for group in populations.grouped(plan.jobs)]
    assert names == [
        [f"beta-vae-beta={beta}-seed={seed}" for beta in ("1", "4") for seed in (0, 1)],
        ["vae-latent_dim=2-seed=0", "vae-latent_dim=2-seed=1"],
        ["vae-latent_dim=3-seed=0", "vae-latent_dim=3-seed=1"],
    ]
    job = plan.jobs[0]
    for change, together in (
        ({"learning_rate": 0.1}, True),
        ({"warmup_steps": 5}, False),
        ({"steps": 9}, False),
        ({"data": "discs"}, False),
        ({"devices": 2}, False),
    ):
        other = Job("other", job.model, {**job.given, **change}, job.evaluation)
        assert (len(populations.grouped([job, other])) == 1) is together, change


def test_a_group_that_was_killed_goes_on_to_what_a_run_alone_gives(
    plan, images, alone, tmp_path, monkeypatch
):
    jobs = plan.jobs[2:4]
    runs = [open_run(tmp_path / job.name, job, images) for job in jobs]
    save, saved = Run.save_model, []

    def killed(run, model):
        save(run, model)
        saved.append(run.folder.name)
        if len(saved) == 1:
            raise SystemExit

    monkeypatch.setattr(Run, "save_model", killed)
    with pytest.raises(SystemExit):  # at the first member's checkpoint, before the second's
        train_together(runs, images)
    runs = [Run.open(run.folder) for run in runs]
    assert [run.path("model.keras").is_file() for run in runs] == [True, False]
    assert not train_together(runs, images)  # nobody interrupted it
    assert_same(runs[1], alone)
    assert runs[0].load_model().steps_taken == 12


def test_a_study_by_populations_has_the_rows_of_every_run(plan, alone, tmp_path, monkeypatch):
    started = []

    def in_this_process(message, folder, log, threads):
        message = json.loads(json.dumps(message))
        started.append(len(message["jobs"]))
        populations.run_group(folder, [Job(**job) for job in message["jobs"]])
        return 0, ""

    monkeypatch.setattr(populations, "run_process", in_this_process)
    one_group = type(plan)(plan.name, plan.jobs[:4])
    rows = run_study(one_group, tmp_path, engine="population")
    assert started == [4]
    assert [row["status"] for row in rows] == ["done"] * 4
    assert [row["step"] for row in rows] == [12] * 4
    assert_same(Run.open(tmp_path / rows[3]["run"]), alone)
    assert len({row["reconstruction"] for row in rows}) == 4
    again = run_study(one_group, tmp_path, engine="population")
    assert started == [4] and [row["status"] for row in again] == ["done"] * 4
