"""The book of `make tutorials`: its links, its index, and its formulas in a browser, offline."""

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import nbformat
import pytest

from kerasvae.course import book, mathjax
from kerasvae.course.chapters import chapters
from kerasvae.course.display import ChapterRun
from tests import browser
from tests.formulas import open_offline

pytestmark = pytest.mark.numpy_only  # text

ROOT = Path(__file__).resolve().parents[2]


class Links(HTMLParser):
    """Where the links and pictures of a page lead."""

    def __init__(self, page: Path):
        super().__init__()
        self.found = []
        self.feed(page.read_text())

    def handle_starttag(self, tag, attributes):
        """Note one tag."""
        self.found += [value for name, value in attributes if name in ("href", "src") and value]


def broken_links(folder: Path) -> list[str]:
    """List the links of a folder's pages that lead to no file of it."""
    broken = []
    for page in sorted(folder.rglob("*.html")):
        for link in Links(page).found:
            address, _ = urldefrag(link)
            if urlsplit(link).scheme or not address:
                continue
            target = Path(os.path.normpath(page.parent / unquote(address)))
            if not target.is_file() or not target.is_relative_to(folder):
                broken.append(f"{page.relative_to(folder)}: {link}")
    return broken


def write_chapter(folder: Path, name: str, *texts: str) -> None:
    """Write a chapter of text cells and one code cell."""
    cells = [nbformat.v4.new_markdown_cell(text) for text in texts]
    cells.append(nbformat.v4.new_code_cell("price = '$5 \\\\alpha'"))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")


@pytest.fixture
def course(tmp_path):
    """A course of three chapters with all kinds of links, and an empty folder for its book."""
    folder = tmp_path / "course" / "tutorials"
    (folder / "assignments").mkdir(parents=True)
    (tmp_path / "course" / "kept.txt").write_text("kept")
    (tmp_path / "course" / "code one.py").write_text('"""A price in $ of x < y & z."""\n')
    (folder / "assignments" / "README.md").write_text(
        "# Sets of $x^2$\n\n[a chapter](../02_middle.ipynb) [guide](guide.md)"
    )
    (folder / "assignments" / "guide.md").write_text("[back](README.md#sets)")
    write_chapter(folder, "01_first", "# 1. First $\\alpha$", "It is. **What is\n$\\beta$, now?**")
    write_chapter(
        folder,
        "02_middle",
        "# 2. Middle & end\n\n$$\\underbrace{\\mathrm{KL}(q\\,\\|\\,p)}_{\\texttt{a\\_b}} \\ge 0$$",
        "[code](../code%20one.py) [text](../kept.txt) [gone](../gone.md) [away](https://a.invalid)"
        " [before](01_first.ipynb#1.-First) [set](assignments/README.md)\n\n**Really?**",
    )
    write_chapter(folder, "03_last", "no heading and no question")
    out = tmp_path / "out"
    out.mkdir()
    return folder, out


def test_no_link_of_the_book_is_broken_and_each_leads_to_its_page(course):
    folder, out = course
    assert book.write_book(folder, out, {}, []) == out / "index.html"
    assert broken_links(out) == []
    found = Links(out / "02_middle.html").found
    for page in ("01_first.html", "03_last.html", "index.html"):
        assert f"./{page}" in found or page in found
    assert "01_first.html#1.-First" in found and "https://a.invalid" in found
    assert {"files/code%20one.py.html", "files/kept.txt"} <= set(found)
    assert "files/tutorials/assignments/README.md.html" in found
    assert not [link for link in found if "gone" in link or link.endswith(".ipynb")]
    assert ">gone</a>" in (out / "02_middle.html").read_text()
    assert "x &lt; y &amp; z" in re.sub("<[^>]*>", "", (out / "files/code one.py.html").read_text())
    assert (
        "../../../02_middle.html" in Links(out / "files/tutorials/assignments/README.md.html").found
    )


def test_a_copy_of_the_course_shows_the_code_of_the_package(course):
    folder, out = course
    write_chapter(folder, "04_code", "# 4. Code\n\n[the class](../kerasvae/models/vae.py)")
    book.write_book(folder, out, {}, [])
    assert "files/kerasvae/models/vae.py.html" in Links(out / "04_code.html").found
    assert "class VAE" in re.sub(
        "<[^>]*>", "", (out / "files/kerasvae/models/vae.py.html").read_text()
    )
    assert broken_links(out) == []


def test_the_index_asks_the_questions_and_says_what_became_of_each_chapter(course):
    folder, out = course
    notebook = nbformat.read(folder / "02_middle.ipynb", as_version=4)
    outcome = ChapterRun("02_middle", 1, 3.2, "cell 3: ZeroDivisionError")
    book.write_book(folder, out, {"02_middle": notebook}, [outcome])
    rows = (out / "index.html").read_text().split("<tr>")[2:]
    texts = [re.sub(r"<[^>]*>", "", row).split("\n") for row in rows]
    shown = [[line.strip() for line in text if line.strip()] for text in texts]
    assert shown[0] == ["1. First $\\alpha$", "What is $\\beta$, now?", "not run"]
    assert shown[1] == ["2. Middle &amp; end", "Really?", "cell 3: ZeroDivisionError"]
    assert shown[2][:2] == ["03_last", "not run"]
    assert "failed in cell 3" in (out / "02_middle.html").read_text()
    assert book.STORED in (out / "01_first.html").read_text()


def test_every_page_links_to_the_glossary_beside_the_chapters(course):
    folder, out = course
    (folder.parent / "docs").mkdir()
    (folder.parent / "docs" / "glossary.md").write_text(
        "**Code**: [2](../tutorials/02_middle.ipynb)"
    )
    book.write_book(folder, out, {}, [])
    assert broken_links(out) == []
    pages = sorted(out.rglob("*.html"))
    assert out / "files/docs/glossary.md.html" in pages and out / "index.html" in pages
    for page in pages:
        assert any(link.endswith("glossary.md.html") for link in Links(page).found), page
    assert "../../02_middle.html" in Links(out / "files/docs/glossary.md.html").found


def test_a_page_of_an_earlier_run_stays(course):
    folder, out = course
    notebook = nbformat.read(folder / "01_first.ipynb", as_version=4)
    book.write_book(folder, out, {"01_first": notebook}, [ChapterRun("01_first", 1, 3.2)])
    nbformat.write(notebook, out / "01_first.ipynb")
    (out / "01_first.html").write_text("as it was")
    book.write_book(folder, out, {"03_last": notebook}, [ChapterRun("03_last", 1, 1.0)])
    assert (out / "01_first.html").read_text() == "as it was"
    assert "run earlier" in (out / "index.html").read_text()
    assert "passed in 1 s" in (out / "index.html").read_text()


def test_without_mathjax_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(mathjax.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"kerasvae\[tutorials\]"):
        mathjax.mathjax_file()


def test_a_page_shows_formulas_without_network(course):
    folder, out = course
    book.write_book(folder, out, {}, [])
    with browser.page() as page:
        assert open_offline(page, out / "02_middle.html") == []
        assert page.locator("mjx-container").count() == 1
        page.get_by_text("All chapters").first.click()
        page.wait_for_url("**/index.html")
        page.wait_for_selector("mjx-container svg")
        page.get_by_text("problem sets").click()
        page.wait_for_url("**/README.md.html")
        page.wait_for_selector("mjx-container svg")
        assert page.errors == []


def test_raw_tex_is_found(course):
    folder, out = course
    book.write_book(folder, out, {}, [])
    path = out / "02_middle.html"
    path.write_text(path.read_text().replace("</main>", "<p>worth \\(x</p></main>"))
    with browser.page() as page:
        assert open_offline(page, path) == ["worth \\(x"]


def test_the_chapters_and_their_index_are_whole_without_network(tmp_path):
    book.write_book(ROOT / "tutorials", tmp_path, {}, [])
    assert broken_links(tmp_path) == []
    names = [path.stem for path in chapters(ROOT / "tutorials")]
    questions = (tmp_path / "index.html").read_text().split("<tbody>")[1]
    assert questions.count("?</td>") == len(names), "a chapter asks no question in bold"
    with browser.page() as page:
        for name in names:
            assert open_offline(page, tmp_path / f"{name}.html") == [], name
            assert page.locator("mjx-container svg").count() > 0, name
        browser.screenshot(page, "chapter")
        assert open_offline(page, tmp_path / "index.html", formulas=False) == []
        browser.screenshot(page, "chapters")


def test_a_chapter_can_be_inserted_and_no_file_gets_another_name(tmp_path):
    # The committed chapters, with their text alone: nothing is drawn here.
    folder, out = tmp_path / "tutorials", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    (tmp_path / "README.md").write_text((ROOT / "README.md").read_text())
    names = [path.stem for path in chapters(ROOT / "tutorials")]
    for name in names:
        notebook = nbformat.read(ROOT / "tutorials" / f"{name}.ipynb", as_version=4)
        notebook.cells = [notebook.cells[0], notebook.cells[-1]]
        nbformat.write(notebook, folder / f"{name}.ipynb")
    write_chapter(folder, f"{names[2][:2]}b_inserted", "# 2b. Inserted", "**Where?**")
    expected = [*names[:3], f"{names[2][:2]}b_inserted", *names[3:]]
    assert [path.stem for path in chapters(folder)] == expected

    book.write_book(folder, out, {}, [])
    linked = re.findall(r'href="(\w+)\.html"', (out / "index.html").read_text())
    assert linked == expected
    for name, neighbours in [
        (names[2], [names[1], expected[3]]),
        (expected[3], [names[2], names[3]]),
        (names[3], [expected[3], names[4]]),
    ]:
        html = (out / f"{name}.html").read_text()
        assert re.findall(r'href="(\w+)\.html">(?:Before|Next)', html)[:2] == neighbours
    assert broken_links(out) == []
