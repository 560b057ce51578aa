"""Every source file is Python of the oldest version that pyproject.toml promises."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.numpy_only  # reads files

ROOT = Path(__file__).resolve().parents[1]
PROMISED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
OLDEST = tuple(map(int, re.fullmatch(r">=(\d+)\.(\d+)", PROMISED).groups()))
FOLDERS = ("kerasvae", "tests", "tutorials/source", "docs", "zoo", "results", "benchmarks")


def test_sources_are_written_in_the_oldest_grammar():
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    assert len(paths) > 200
    for path in paths:
        ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=OLDEST)


def test_newer_grammar_is_seen():
    with pytest.raises(SyntaxError):
        ast.parse("type Codes = list[float]", feature_version=OLDEST)
