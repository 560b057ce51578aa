"""The library speaks of arguments, the command line of its options."""

import ast
import re
from pathlib import Path

import pytest

from kerasvae.cli import app as cli
from kerasvae.cli.console import OPTIONS, explained
from kerasvae.runs.errors import ArgumentError, DamagedFileError, InUseError, NoCheckpointError

pytestmark = pytest.mark.numpy_only

ROOT = Path(__file__).resolve().parents[2]
MODULES = [p for room in ("runs", "study") for p in sorted((ROOT / "kerasvae" / room).glob("*.py"))]
OPTION = re.compile(r"(?<!\w)--[a-z]")


def texts(path: Path) -> list[str]:
    """Every string of a module that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_message_of_the_library_speaks_of_an_option(path):
    assert not [text for text in texts(path) if OPTION.search(text)]


def test_the_search_would_find_one(tmp_path):
    module = tmp_path / "module.py"
    module.write_text('"""--fine here"""\nraise ValueError(f"not {1}: --out is")\n')
    assert [text for text in texts(module) if OPTION.search(text)] == [": --out is"]


@pytest.mark.parametrize(
    "error, message",
    [
        (ValueError("beta is odd"), "beta is odd"),
        (ArgumentError("span is odd", "span"), "span is odd (--range)"),
        (ArgumentError("odd", "image_size", "architecture"), "odd (--image-size, --architecture)"),
        (DamagedFileError("a.json", "no"), "a.json is damaged: no"),
        (NoCheckpointError("none yet"), "none yet (kerasvae train ... --resume)"),
        (InUseError("in use"), "in use"),
        (FileNotFoundError("no run here"), "no run here"),
        (OSError(28, "No space left on device", "a/b"), "a/b: No space left on device"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_the_command_line_adds_its_options(error, message):
    assert explained(error) == message
    assert isinstance(error, cli.EXPECTED)


def test_every_argument_that_an_error_names_is_an_option():
    named = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ArgumentError":
                named |= {argument.value for argument in node.args[1:]}
    assert {"folder", "overwrite", "resume", "span", "image", "image_size"} <= named
    commands = cli.typer.main.get_command(cli.app).commands
    known = set()
    for command in (commands["traverse"], commands["train"].commands["vae"]):
        known |= {name for parameter in command.params for name in parameter.opts}
    for name in named:
        option = OPTIONS.get(name, f"--{name.replace('_', '-')}").split()[-1]
        assert option in known, name
