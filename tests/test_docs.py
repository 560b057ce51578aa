"""The site: it builds without a warning, links lead somewhere, every public name is on it."""

import importlib
import inspect
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import kerasvae

# A matter of texts, which no backend changes.
pytestmark = pytest.mark.numpy_only

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("models", "layers", "metrics", "data", "plotting", "study")
MODULES = ("estimators", "surgery", "priors", "callbacks", "testing")


class Page(HTMLParser):
    """What a page links to, which anchors it has, and its pictures."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors, self.pictures = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        self.links += [given[name] for name in ("href", "src") if given.get(name)]
        if tag == "img":
            self.pictures.append(given["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages of the site by path."""
    pytest.importorskip("sphinx", reason="the extra `docs` is not installed")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs"]
    run = subprocess.run(
        [*command, "-d", str(out / "trees"), ".", str(out / "html")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert run.returncode == 0, run.stderr
    return {path: Page(path) for path in (out / "html").rglob("*.html")}


def test_every_link_leads_somewhere(site):
    broken = []
    for path, page in site.items():
        for link in page.links:
            url = urlsplit(link)
            if url.scheme or url.netloc or link in ("#", ""):
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            anchors = site[target].anchors if target in site else {unquote(url.fragment)}
            if not target.exists() or (url.fragment and unquote(url.fragment) not in anchors):
                broken.append(f"{path.name}: {link}")
    assert sum(len(page.links) for page in site.values()) > 1000
    assert not broken


def test_every_chapter_has_its_page_with_its_figures(site):
    pages = {path.stem: page for path, page in site.items()}
    chapters = sorted((ROOT / "tutorials").glob("*.ipynb"))
    assert len(chapters) >= 10
    for chapter in chapters:
        figures = chapter.read_text(encoding="utf-8").count('"image/png"')
        assert len(pages[chapter.stem].pictures) >= figures > 0, chapter.name


def public_names():
    """Every name that the package offers, with its module."""
    for package in PACKAGES:
        module = importlib.import_module(f"kerasvae.{package}")
        for name in module.__all__:
            if callable(getattr(module, name)):
                yield f"{module.__name__}.{name}"
    for name in MODULES:
        module = importlib.import_module(f"kerasvae.{name}")
        for thing, value in vars(module).items():
            own = inspect.isfunction(value) or inspect.isclass(value)
            if own and value.__module__ == module.__name__ and not thing.startswith("_"):
                yield f"{module.__name__}.{thing}"


def test_every_public_name_is_in_the_reference(site):
    anchors = set().union(
        *(page.anchors for path, page in site.items() if path.parent.name == "api")
    )
    names = set(public_names())
    assert {"kerasvae.models.FactorVAE", "kerasvae.surgery.decompose"} <= names
    assert not names - anchors
    shown = {getattr(kerasvae, name) for name in kerasvae.__all__ if name[0].isupper()}
    assert not {f"kerasvae.models.{model.__name__}" for model in shown} - anchors


def test_formulas_and_signatures_are_shown_as_written(site):
    (path,) = (path for path in site if path.name == "models.html")
    text = path.read_text(encoding="utf-8")
    assert "reconstruction + alpha mutual_information + beta total_correlation" in text
    assert "gamma=35.0" in "".join(piece.split("<")[0] for piece in text.split(">"))
