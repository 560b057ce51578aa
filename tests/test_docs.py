"""The site: built once without warnings, every link in it leads somewhere, nothing is missing."""

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import nbformat
import pytest

from kerasvae.course.kernels import STARTUP_LINES
from tests import browser
from tests.formulas import open_offline

pytestmark = pytest.mark.numpy_only  # text

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((ROOT / "tutorials").glob("[0-9][0-9]*_*.ipynb"))
ROOMS = (
    "callbacks",
    "data",
    "distributions",
    "divergences",
    "estimators",
    "layers",
    "losses",
    "metrics",
    "models",
    "networks",
    "plotting",
    "priors",
    "runs",
    "study",
    "surgery",
    "testing",
    "training",
    "widgets",
    "zoo",
)


class Page(HTMLParser):
    """What a page offers to links (`anchors`), where its own lead (`links`), and its pictures."""

    def __init__(self, text: str):
        super().__init__()
        self.anchors, self.links, self.pictures = set(), [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        """Note one tag."""
        given = dict(attributes)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "img":
            self.pictures.append(given["src"])
        target = given.get("href") if tag in ("a", "link") else given.get("src")
        if target is not None:
            self.links.append(target)


def broken_links(site: Path) -> list[str]:
    """List the links of a site that lead to no file of it, or to no anchor of the page."""
    pages = {path: Page(path.read_text()) for path in site.rglob("*.html")}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            if urlsplit(link).scheme or link.startswith("//") or anchor == "" == address:
                continue  # outside, or the top of the page
            target = path
            if address:
                target = Path(os.path.normpath(path.parent / unquote(urlsplit(address).path)))
            known = pages[target].anchors if target in pages else set()
            if not target.is_file() or (anchor and unquote(anchor) not in known):
                broken.append(f"{path.relative_to(site)}: {link}")
    return sorted(set(broken))


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """The folder of the built site, and what Sphinx warned of."""
    for package in ("sphinx", "myst_nb", "furo"):
        pytest.importorskip(package, reason="the site needs the extra 'docs'")
    out = tmp_path_factory.mktemp("site") / "html"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    command += ["-c", str(ROOT / "docs"), str(ROOT), str(out)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    said = [line for line in run.stderr.splitlines() if not STARTUP_LINES.match(line)]
    return out, run.returncode, said


@pytest.fixture(scope="module")
def site(build):
    """The folder of the built site."""
    out, _, said = build
    assert (out / "README.html").is_file(), said
    return out


@pytest.fixture(scope="module")
def front_page(site):
    """The README's page."""
    return Page((site / "README.html").read_text())


def test_it_builds_without_a_warning(build):
    _, status, said = build
    assert status == 0, "\n".join(said)


def test_every_link_leads_somewhere(site):
    assert broken_links(site) == []
    assert "README.html" in (site / "index.html").read_text()


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="top"></h1><a href="#top">1</a><a href="b%20c.html#x">2</a><img src="no.png">'
        '<a href="#gone">3</a><a href="b%20c.html#y">4</a><a href="https://nowhere.invalid">5</a>'
        '<a href="#">6</a>'
    )
    (tmp_path / "b c.html").write_text('<a name="x" href="a.html?q=1#top"></a>')
    assert broken_links(tmp_path) == ["a.html: #gone", "a.html: b%20c.html#y", "a.html: no.png"]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_a_page_with_its_figures(site, front_page, chapter):
    page = Page((site / "tutorials" / f"{chapter.stem}.html").read_text())
    figures = sum(
        "image/png" in output.get("data", {})
        for cell in nbformat.read(chapter, as_version=4).cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    stored = [source for source in page.pictures if source.startswith("../_images/")]
    assert len(stored) == figures
    assert f"tutorials/{chapter.stem}.html" in front_page.links


def test_every_public_name_has_an_anchor(site):
    anchors = {
        anchor
        for path in (site / "docs" / "api").rglob("*.html")
        for anchor in Page(path.read_text()).anchors
    }
    public = importlib.import_module("kerasvae")
    rooms = {name: importlib.import_module(f"kerasvae.{name}") for name in ROOMS}
    modules = {name for name in public.__all__ if name[0].islower()}
    assert modules <= rooms.keys(), "a room has no page"
    names = {f"models.{name}" for name in public.__all__ if name not in modules}
    for room, module in rooms.items():
        own = [name for name, value in vars(module).items() if defined_in(module, name, value)]
        names |= {f"{room}.{name}" for name in getattr(module, "__all__", own)}
    missing = sorted(name for name in names if f"kerasvae.{name}" not in anchors)
    assert missing == []


def defined_in(module, name, value) -> bool:
    """Whether a module without `__all__` defines a public class or function."""
    return not name.startswith("_") and getattr(value, "__module__", "") == module.__name__


def test_links_to_source_files_open_their_pages(site):
    page = Page((site / "tutorials" / "01_elbo.html").read_text())
    assert "../_modules/kerasvae/models/vae.html" in page.links


def test_the_reference_leads_to_the_chapters(site):
    pages = [("models/info_gan", "09_infogan"), ("estimators", "04_estimating_q_of_z")]
    for page, chapter in pages:
        text = (site / "docs" / "api" / f"{page}.html").read_text()
        article = text.split("<article")[1].split("</article>")[0]  # without the table of contents
        up = "../" * (2 + page.count("/"))
        assert f"{up}tutorials/{chapter}.html" in Page(article).links


def test_every_model_has_a_page_in_the_table_of_contents(site, front_page):
    models = importlib.import_module("kerasvae.models")
    for name, model in models.BY_NAME.items():
        page = f"docs/api/models/{model.__module__.rpartition('.')[2]}.html"
        assert page in front_page.links
        text = (site / page).read_text()
        assert f'id="kerasvae.models.{model.__name__}"' in text
        assert f"kerasvae train {name}" in re.sub(r"<[^>]*>", "", text)


def test_formulas_are_typeset_from_the_docstrings():
    path = ROOT / "docs" / "formulas.py"
    spec = importlib.util.spec_from_file_location("formulas", path)
    formulas = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(formulas)
    assert formulas.typeset("reconstruction + (1 - alpha) kl + lambda_d mmd") == (
        r"\texttt{reconstruction}+(1-\alpha)\,\texttt{kl}+\lambda_{\mathrm{d}}\,\texttt{mmd}"
    )
    assert formulas.typeset("gamma |mean(kl) - C(step)|") == (
        r"\gamma\,|\mathrm{mean}(\texttt{kl})-C(\mathrm{step})|"
    )
    for words in ("", "generator: -log D(G(c, noise))", "x -> encode -> q(z|x)", "2 + beta"):
        assert formulas.typeset(words) is None
    models = importlib.import_module("kerasvae.models")
    without = {
        model.__name__
        for model in models.BY_NAME.values()
        if formulas.typeset(formulas.paragraph(model)) is None
    }
    assert without == {"InfoGAN"}  # a game of two networks, told in words


def test_formulas_and_signatures_are_shown_as_written(site):
    models = site / "docs" / "api" / "models"
    text = (models / "beta_tcvae.html").read_text()
    assert "reconstruction + alpha mutual_information + beta total_correlation" in text
    assert r"\[\texttt{reconstruction}+\alpha\,\texttt{mutual\_information}" in text
    text = (models / "dip_vae.html").read_text()
    shown = text.split('id="kerasvae.models.DIPVAE"')[1].split("</dt>")[0]
    assert "lambda_od=10.0" in re.sub(r"<[^>]*>", "", shown)


@pytest.mark.parametrize("name", ["README", "tutorials/05_marginal_kl", "docs/glossary"])
def test_a_page_needs_no_network(site, name):
    with browser.page() as page:
        assert open_offline(page, site / f"{name}.html", formulas=name != "README") == []
        browser.screenshot(page, f"site_{Path(name).name}")


GUIDES = sorted(path.name for path in (ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("name", GUIDES)
def test_the_code_of_a_guide_runs(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / name).read_text()
    names = {}
    for block in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        line = text[: block.start()].count("\n") + 1
        code = compile("\n" * line + block[1], str(ROOT / "docs" / name), "exec")
        exec(code, names)
    assert names or name in ("glossary.md", "teachers.md")


def test_the_gallery_is_that_of_the_shipped_models():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "docs" / "gallery.py")
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    written = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert written == gallery.text(), "write it again: python docs/gallery.py"
    linked = re.findall(r"\]\((gallery/.+\.png)\)", written)
    pictures = sorted((ROOT / "docs" / "gallery").glob("*.png"))
    assert sorted(linked) == [f"gallery/{path.name}" for path in pictures] != []
    assert max(path.stat().st_size for path in pictures) < 200_000


def test_every_guide_is_on_the_site_and_linked_from_the_front_page(front_page):
    linked = {link.removesuffix(".html") for link in front_page.links}
    for name in GUIDES:
        assert f"docs/{name.removesuffix('.md')}" in linked


def test_the_glossary_is_in_alphabetical_order():
    terms = re.findall(r"^\*\*(.+?)\*\*", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert terms == sorted(terms, key=str.lower)
    assert len(set(terms)) == len(terms) > 20


def test_chapters_can_be_opened_in_a_hosted_notebook_once_there_is_an_address(monkeypatch):
    pytest.importorskip("sphinx", reason="the extra `docs` is not installed")
    spec = importlib.util.spec_from_file_location("conf", ROOT / "docs" / "conf.py")
    conf = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conf)
    chapter = (ROOT / "tutorials" / "01_elbo.ipynb").read_text()

    def read(docname, **urls):
        monkeypatch.setattr(conf, "PYPROJECT", {"project": {"urls": urls}})
        source = [chapter]
        conf.add_badge(None, docname, source)
        return source[0]

    address = "https://github.com/someone/kerasvae.git"
    assert read("tutorials/01_elbo") == chapter
    assert read("tutorials/assignments/README", Repository=address) == chapter
    added = nbformat.reads(read("tutorials/01_elbo", Repository=address), as_version=4).cells[1]
    link = "https://mybinder.org/v2/gh/someone/kerasvae/HEAD?urlpath="
    assert f"({link}lab%2Ftree%2Ftutorials%2F01_elbo.ipynb)" in added.source
