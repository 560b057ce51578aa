"""A study's file: what it spreads out to, and how a wrong one is refused before anything runs."""

import pytest
import yaml

from kerasvae.study import read_plan

pytestmark = pytest.mark.numpy_only

GOOD = {"data": "digits", "models": {"vae": {}}}


def plan_of(tmp_path, **content):
    path = tmp_path / "my_study.yml"
    path.write_text(yaml.safe_dump({**GOOD, **content}, sort_keys=False))
    return read_plan(path)


def test_weights_in_lists_are_combined_and_seeds_are_innermost(tmp_path):
    models = {"vae": None, "beta-vae": {"beta": [2, 16], "warmup_steps": 5}}
    plan = plan_of(tmp_path, models=models, seeds=[0, 7], training={"steps": 30})
    assert plan.name == "my_study"
    assert [job.name for job in plan.jobs] == [
        "vae-seed=0",
        "vae-seed=7",
        "beta-vae-beta=2-warmup_steps=5-seed=0",
        "beta-vae-beta=2-warmup_steps=5-seed=7",
        "beta-vae-beta=16-warmup_steps=5-seed=0",
        "beta-vae-beta=16-warmup_steps=5-seed=7",
    ]
    expected = {"data": "digits", "data_option": {}, "steps": 30, "seed": 7}
    assert plan.jobs[3].given == {**expected, "beta": 2, "warmup_steps": 5}


def test_an_argument_that_is_a_list_stands_in_a_list(tmp_path):
    plan = plan_of(tmp_path, models={"infogan": {"categories": [[10], [5, 2]]}})
    assert [job.given["categories"] for job in plan.jobs] == [[10], [5, 2]]
    assert len({job.name for job in plan.jobs}) == 2


def test_a_number_of_seeds_and_settings_of_the_evaluation(tmp_path):
    plan = plan_of(tmp_path, seeds=3, evaluation={"draws": 1, "names": ["mig"]})
    assert [job.given["seed"] for job in plan.jobs] == [0, 1, 2]
    assert plan.jobs[0].evaluation == {"draws": 1, "names": ["mig"]}


def test_a_folder_of_images_is_found_from_the_file(tmp_path):
    from PIL import Image

    (tmp_path / "photos").mkdir()
    for number in range(2):
        Image.new("L", (12, 12), 80 * number).save(tmp_path / "photos" / f"{number}.png")
    plan = plan_of(tmp_path, data="photos", data_option={"image_size": 12})
    assert plan.jobs[0].given["data"] == str((tmp_path / "photos").resolve())


@pytest.mark.parametrize(
    "content, message",
    [
        ({"modles": {}}, "Did you mean 'models'"),
        ({"data": None}, "data is missing"),
        ({"models": {}}, "models is missing"),
        ({"data": "digitz"}, "Did you mean 'digits'"),
        ({"models": {"vea": {}}}, "Did you mean 'vae'"),
        ({"models": {"beta-vae": {"bta": 3}}}, "Did you mean 'beta'"),
        ({"models": {"beta-vae": {"beta": [4, -1]}}}, "beta must be .* Received: beta=-1"),
        ({"models": {"beta-vae": 4}}, "expected names with values"),
        ({"training": {"step": 5}}, "Did you mean 'steps'"),
        ({"training": {"seed": 5}}, "key of training must be one of"),
        ({"seeds": 0}, "seeds"),
        ({"seeds": [-1]}, "seeds"),
        ({"seeds": []}, "seeds"),
        ({"evaluation": {"draw": 1}}, "Did you mean 'draws'"),
        ({"evaluation": {"names": ["mgi"]}}, "Did you mean 'mig'"),
        ({"models": {"vae": {"latent_dim": [3, 3]}}}, "the same run is listed twice"),
        ({"training": {"steps": "abc"}}, "steps must be .* Received: steps='abc'"),
        ({"training": {"steps": [10, 20]}}, "steps must be"),
        ({"training": {"batch_size": 0}}, "batch_size must be"),
        ({"training": {"batch_size": 7, "devices": 2}}, "multiple of devices"),
        ({"training": {"devices": 0}}, "devices must be"),
        ({"training": {"devices": True}}, "devices must be"),
        ({"training": {"log_every": 0}}, "log_every must be"),
        ({"training": {"checkpoint_every": -3}}, "checkpoint_every must be"),
        ({"training": {"learning_rate": 0}}, "learning_rate must be"),
        ({"training": {"learning_rate": ".nan"}}, "learning_rate must be"),
        ({"training": {"latent_dim": 2.5}}, "latent_dim must be"),
        ({"training": {"likelihood": "gausian"}}, "Did you mean 'gaussian'"),
        ({"training": {"likelihood_scale": [1]}}, "likelihood_scale must be"),
        ({"models": {"vae": {"steps": [5, "abc"]}}}, "steps must be"),
        ({"models": {"beta-vae": {"beta": [4, "x"]}}}, "beta must be a number. Received: beta='x'"),
        ({"models": {"info-vae": {"alpha": [[1]]}}}, r"alpha must be a number"),
        ({"models": {"dip-vae": {"kind": "III"}}}, "kind must be one of"),
        ({"models": {"beta-vae": {"beta": []}}}, "expected values for beta"),
        ({"evaluation": {"points": "all"}}, "points must be"),
        ({"evaluation": {"draws": 0}}, "draws must be"),
        ({"evaluation": {"samples": -1}}, "samples must be"),
        ({"evaluation": {"images": 0}}, "images must be"),
        ({"evaluation": {"names": "mig"}}, "names must be a list of metrics"),
        ({"evaluation": {"names": ["mig", "mig"]}}, "each metric once"),
        ({"data_option": {"cache": True}}, "takes no options"),
        ({"data_option": [1]}, "data_option: expected names with values"),
        ({"data": 3}, "data must be one of"),
        ({"seeds": [2**40]}, "seeds must be at most"),
        ({"seeds": 100_000_000}, "expected at most 10,000 runs. Received: 100,000,000 runs"),
        ({"models": {"beta-vae": {"beta": list(range(101))}}, "seeds": 100}, "10,100 runs"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        plan_of(tmp_path, **content)


def test_what_is_no_file_and_what_is_no_yaml(tmp_path):
    with pytest.raises(FileNotFoundError, match="which is not a file"):
        read_plan(tmp_path / "nothing.yml")
    path = tmp_path / "bad.yml"
    path.write_text("data: [")
    with pytest.raises(ValueError, match="is not valid YAML"):
        read_plan(path)
    path.write_text("!!python/object/apply:os.getcwd []")
    with pytest.raises(ValueError, match="is not valid YAML"):
        read_plan(path)
    path.write_text("data: 2001-99-99")
    with pytest.raises(ValueError, match="bad.yml is not valid YAML: month"):
        read_plan(path)
    path.write_bytes(b"data: \xff")
    with pytest.raises(ValueError, match="bad.yml is not valid YAML: .*utf-8"):
        read_plan(path)
    path.write_text("just text")
    with pytest.raises(ValueError, match="expected the keys"):
        read_plan(path)


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join(9 * [f'*a{n - 1}'])}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    "text, message",
    [
        (BOMB + "data: digits\nmodels: {vae: {}}\n", "at most 100,000 values"),
        ("data: &d [*d]\n", "at most 100,000 values"),
        ("base: &b {x: &c {y: [*b, *c]}}\n", "at most 100,000 values"),
        ("data: " + 5000 * "[" + 5000 * "]", "nested too deeply"),
        ("# " + 1_000_000 * "x", "at most 1,000,000 bytes"),
    ],
)
def test_a_file_that_would_not_end_is_refused(tmp_path, text, message):
    path = tmp_path / "bomb.yml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        read_plan(path)
    assert len(str(error.value)) < 300


def test_an_alias_is_welcome(tmp_path):
    path = tmp_path / "alias.yml"
    path.write_text(
        "data: digits\nmodels:\n  vae: &few {steps: 5}\n  beta-vae: {<<: *few, beta: 2}\n"
    )
    assert [job.given["steps"] for job in read_plan(path).jobs] == [5, 5]
