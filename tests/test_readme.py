"""The README's Python runs from top to bottom, and prints what the README says it prints."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import kerasvae

pytestmark = pytest.mark.numpy_only  # text; one backend is enough

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?\d+\.\d+")


def same_text(printed: str, shown: str) -> bool:
    """Whether both are the same words, with numbers that agree to rounding on other machines."""
    if NUMBER.sub("#", printed).split() != NUMBER.sub("#", shown).split():
        return False
    numbers = [np.array(NUMBER.findall(text), float) for text in (printed, shown)]
    return np.allclose(*numbers, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("wrong", ["mig 0.470", "dci 0.270", "mig 0.270 0.1"])
def test_other_output_is_seen(wrong):
    assert same_text("mig 0.271\n", "mig 0.270")
    assert not same_text(wrong, "mig 0.270")


def test_the_code_runs_and_prints_what_is_shown(tmp_path, monkeypatch, capsys):
    pytest.importorskip("ipywidgets", reason="the extra `tutorials` is not installed")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "path" / "to" / "folder"
    folder.mkdir(parents=True)
    for number in range(4):
        pixels = np.full((64, 64), 60 * number, "uint8")
        Image.fromarray(pixels).save(folder / f"{number}.png")
    fit = kerasvae.BetaVAE.fit
    few = lambda model, x, epochs, **given: fit(model, x, epochs=1, verbose=0, **given)  # noqa: E731
    monkeypatch.setattr(kerasvae.BetaVAE, "fit", few)
    names, printed, compared = {}, "", 0
    for block in BLOCK.finditer(TEXT):
        if block[1] == "python":
            line = TEXT[: block.start()].count("\n") + 1
            exec(compile("\n" * line + block[2], str(ROOT / "README.md"), "exec"), names)
            printed = capsys.readouterr().out
        elif block[1] == "text":
            assert same_text(printed, block[2]), printed
            compared += 1
    assert compared == 2
    for name in ("traversals.png", "mine.png"):
        assert Image.open(tmp_path / name).size > (300, 300)


def test_the_command_lines_name_commands_and_options_that_exist():
    from kerasvae.cli.app import app

    lines = [
        line for block in BLOCK.finditer(TEXT) if not block[1] for line in block[2].split("\n")
    ]
    commands = [line.split("#")[0].split() for line in lines if line.startswith("kerasvae ")]
    assert len(commands) > 8
    for words in commands:
        path = words[1:3] if words[1] == "train" else words[1:2]
        shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "300"})
        assert shown.exit_code == 0, words
        for option in (word for word in words if word.startswith("--")):
            assert option in shown.output, (words, option)
