"""Runs side by side: rows and means against numbers written by hand."""

import csv
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from kerasvae.cli.study import SHOWN
from kerasvae.runs import Run, comparison
from kerasvae.runs.codes import read_codes, write_codes
from tests import browser

pytestmark = pytest.mark.numpy_only


TRAINING = {"devices": 1, "log_every": 1, "checkpoint_every": 5, "batch_size": 8}
TRAINING["learning_rate"] = 1e-3


def write_run(folder, model="beta-vae", seed=0, mig=0.5, kl=4.0, data="digits", steps=10, **own):
    """A run's folder with a config and an evaluation, without any training."""
    run = Run.create(
        folder,
        {
            "model": model,
            "arguments": {
                "image_shape": [8, 8, 1],
                "latent_dim": 2,
                "architecture": "mlp",
                "likelihood": "bernoulli",
                "seed": seed,
                **own,
            },
            "data": {"source": data, "options": {}, "images": 9, "image_shape": [8, 8, 1]},
            "training": {**TRAINING, "steps": steps},
            "versions": {},
        },
    )
    terms = {"kl": kl, "mutual_information": kl - 1, "marginal_kl": 1.0, "reconstruction": 20.0}
    terms |= {"total_correlation": 0.75, "dimension_wise_kl": 0.25}
    part = {"mean": 0.25, "standard_deviation": None, "draws": [0.25]}
    run.write_json(
        "evaluation.json",
        {
            "step": steps,
            "images": 9,
            "settings": {},
            "loss": 30.0,
            "terms": {"kl": kl},
            "surgery": terms if mig is not None else {"refused": "because"},
            "scores": {
                "mig": {"mean": mig, "standard_deviation": 0.01, "parts": {}}
                if mig is not None
                else {"refused": "no factors"},
                "dci": {"mean": 0.1, "standard_deviation": None, "parts": {"completeness": part}},
            },
        },
    )
    return folder


def test_a_row_holds_every_number_of_a_run(tmp_path):
    (row,) = comparison.read_rows([write_run(tmp_path / "a", seed=3, beta=8.0)])
    assert row["setting"] == "beta-vae beta=8" and row["seed"] == 3 and row["data"] == "digits"
    assert row["logged kl"] == 4.0 and row["mutual_information"] == 3.0
    assert row["mig"] == 0.5 and row["mig sd"] == 0.01
    assert row["dci"] == 0.1 and row["dci sd"] is None and row["dci completeness"] == 0.25
    assert comparison.score_names([row]) == ["mig", "dci", "dci completeness"]


def test_runs_that_differ_in_their_seed_are_one_setting(tmp_path):
    folders = [
        write_run(tmp_path / "a", seed=0, mig=0.2, kl=4.0, beta=4.0),
        write_run(tmp_path / "b", seed=1, mig=0.4, kl=6.0, beta=4.0),
        write_run(tmp_path / "c", seed=0, mig=0.9, beta=16.0),
        write_run(tmp_path / "d", model="vae", mig=0.1),
    ]
    summaries = comparison.summarise(comparison.read_rows(folders))
    assert [(s["setting"], s["runs"]) for s in summaries] == [
        ("beta-vae beta=4", 2), ("beta-vae beta=16", 1), ("vae", 1)
    ]  # fmt: skip
    mean, spread = summaries[0]["mig"]
    assert mean == pytest.approx(0.3) and spread == pytest.approx(0.02**0.5)
    assert summaries[0]["kl"] == (5.0, pytest.approx(2**0.5))
    assert summaries[1]["mig"] == (0.9, None)


def test_other_steps_or_images_are_another_setting(tmp_path):
    folders = [
        write_run(tmp_path / "a", "vae", steps=10),
        write_run(tmp_path / "b", "vae", steps=20),
    ]
    names = [row["setting"] for row in comparison.read_rows(folders)]
    assert names == ["vae steps=10", "vae steps=20"]
    folders = [write_run(tmp_path / "c", "vae"), write_run(tmp_path / "d", "vae", data="cars3d")]
    names = [row["setting"] for row in comparison.read_rows(folders)]
    assert names == ["vae on digits", "vae on cars3d"]


def test_a_number_that_a_run_lacks_is_no_zero(tmp_path):
    folders = [
        write_run(tmp_path / "a", "vae", seed=0, mig=0.5),
        write_run(tmp_path / "b", "vae", seed=1, mig=None),
    ]
    rows = comparison.read_rows(folders)
    assert rows[1]["mig"] is None and rows[1]["kl"] is None
    (summary,) = comparison.summarise(rows)
    assert summary["mig"] == (None, None)
    assert comparison.cell(*summary["mig"]) == "–"


def test_runs_that_were_not_evaluated_are_named(tmp_path):
    folder = write_run(tmp_path / "a")
    (folder / "evaluation.json").unlink()
    with pytest.raises(FileNotFoundError, match=f"kerasvae evaluate {folder}"):
        comparison.read_rows([folder])
    with pytest.raises(FileNotFoundError, match="Expected the folder of a run"):
        comparison.read_rows([tmp_path / "nothing"])


def test_the_table_fits_a_terminal_of_80_columns(tmp_path):
    folders = [
        write_run(tmp_path / f"{beta}{seed}", beta=float(beta), seed=seed, mig=0.1 * beta + seed)
        for beta in (1, 2)
        for seed in (0, 1)
    ]
    rows = comparison.read_rows(folders)
    shown = SHOWN[:-1]  # these runs have no sap, which takes 8 columns
    console = Console(width=80 - 8, file=io.StringIO())
    console.print(comparison.table(rows, shown))
    text = console.file.getvalue()
    assert "…" not in text and max(map(len, text.splitlines())) <= 72
    words = text.split()
    assert all(word in words for name in shown for word in name.split("_"))
    assert "0.600" in words and words.count("±0.707") == 2  # of 0.1 and 1.1, and of 0.2 and 1.2


def test_the_files_of_a_comparison(tmp_path):
    folders = [
        write_run(tmp_path / f"{beta}{seed}", beta=float(beta), seed=seed, mig=0.1 * beta + seed)
        for beta in (1, 2)
        for seed in (0, 1, 2)
    ]
    # Two dimensions that every seed of beta=1 found in another order, and noise for beta=2.
    generator = np.random.default_rng(0)
    codes = generator.normal(size=(400, 2))
    for number, folder in enumerate(folders):
        loc = codes[:, :: (-1) ** number] if number < 3 else generator.normal(size=(400, 2))
        write_codes(folder, loc, [1.0, 1.0])
        for name in ("reconstructions.png", "traversals.png"):
            Image.new("RGB", (1000, 300), (40 * number, 0, 0)).save(folder / name)
    rows = comparison.read_rows(folders)
    table, page = comparison.write_comparison(tmp_path / "out", rows)
    with open(table, newline="") as file:
        written = list(csv.DictReader(file))
    assert [float(row["mig"]) for row in written] == [row["mig"] for row in rows]
    assert json.dumps(written[0]["setting"]) == '"beta-vae beta=1"'
    with browser.page() as opened:
        opened.goto(page.resolve().as_uri())
        # mig, dci, dci completeness; two pictures of the first run of both settings
        assert opened.locator("img").count() == 3 + 2 * 2
        assert opened.locator("img").first.evaluate("image => image.naturalWidth > 99")
        left, right = (opened.locator(".pair img").nth(number).bounding_box() for number in (0, 1))
        assert left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]
        assert opened.evaluate("document.documentElement.scrollWidth") <= 1200
        text = opened.inner_text("body")
        assert "1.100 ± 1.000" in text and "1.200 ± 1.000" in text
        # The seeds of one setting agree up to the Lasso's shrinkage, the others in nothing.
        (agreement,) = re.findall(r"UDR of the seeds\s+(\S+)\s+(\S+)", text)
        assert float(agreement[0]) == pytest.approx(0.9, abs=0.02) and float(agreement[1]) < 0.2
        browser.screenshot(opened, "comparison")
        assert opened.errors == []


def test_many_long_settings_fit_the_page_and_few_runs_get_no_scatter_plot(tmp_path):
    folders = [
        write_run(tmp_path / f"a_long_name_of_a_folder_{n}", beta=1.25 + n, warmup_steps=1000 * n)
        for n in range(4)
    ]
    long = "/photos/" + 30 * "of_my_long_holidays_"
    folders += [write_run(tmp_path / "other", data=long)]
    folders += [write_run(tmp_path / f"s{n}", "factor-vae", data="cars3d") for n in range(4)]
    rows = comparison.read_rows(folders)
    _, page = comparison.write_comparison(tmp_path / "out", rows[:4])
    with browser.page() as opened:
        opened.goto(page.resolve().as_uri())
        assert opened.locator("img").count() == 0
    _, page = comparison.write_comparison(tmp_path / "out", rows)
    with browser.page() as opened:
        opened.goto(page.resolve().as_uri())
        assert opened.locator("img").count() == 3
        assert opened.evaluate("document.documentElement.scrollWidth") <= 1200
        browser.screenshot(opened, "comparison-wide")


def test_runs_that_were_measured_in_another_way_are_another_setting(tmp_path):
    folders = [write_run(tmp_path / str(seed), "vae", seed=seed) for seed in range(3)]
    measured = json.loads((folders[2] / "evaluation.json").read_text())
    measured |= {"images": 1000, "settings": {"points": 500}}
    (folders[2] / "evaluation.json").write_text(json.dumps(measured))
    rows = comparison.read_rows(folders)
    assert [row["setting"] for row in rows] == [
        "vae, measured on 9 images",
        "vae, measured on 9 images",
        "vae, measured on 1,000 images, 500 points",
    ]
    page = comparison.write_comparison(tmp_path / "out", rows)[1]
    assert "Not all runs were measured in the same way" in page.read_text()
    page = comparison.write_comparison(tmp_path / "out", comparison.read_rows(folders[:2]))[1]
    assert "Not all runs were measured in the same way" not in page.read_text()


def test_codes_come_back_and_damaged_ones_are_named(tmp_path):
    loc = np.arange(6000.0).reshape(3000, 2)
    write_codes(tmp_path, loc, [1.0, 2.0])
    codes = read_codes(tmp_path)
    assert len(codes["loc"]) == 1000 and codes["kl"].tolist() == [1.0, 2.0]
    np.testing.assert_array_equal(codes["loc"], loc[codes["indices"]])
    assert read_codes(tmp_path / "nothing") is None
    path = tmp_path / "codes.npz"
    whole = path.read_bytes()
    for damaged in (b"", b"no zip", whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="codes.npz is damaged"):
            read_codes(tmp_path)
