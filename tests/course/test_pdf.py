"""The chapters as one PDF: what it is made of, and what is said where nothing can print."""

import re
import subprocess

import nbformat
import pytest

from kerasvae.course import pdf
from tests import browser

pytestmark = pytest.mark.numpy_only  # text


@pytest.fixture
def folder(tmp_path):
    """Two chapters with a link to a file, one abroad, and a formula."""
    text = "# {}. Dice\n\n[code](../code.py) [away](https://a.invalid) $\\frac{{1}}{{6}}$"
    for number in (1, 2):
        cells = [nbformat.v4.new_markdown_cell(text.format(number))]
        cells.append(nbformat.v4.new_code_cell("1 + 1"))
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"0{number}_dice.ipynb")
    return tmp_path


def test_chapters_follow_each_other_each_on_a_new_sheet(folder):
    html = pdf.joined(sorted(folder.glob("*.ipynb")))
    assert html.index(">1. Dice") < html.index("break-before: page") < html.index(">2. Dice")
    assert html.count("break-before: page") == 1
    assert "code.py" not in html and html.count('href="https://a.invalid"') == 2


def test_a_browser_prints_it(folder):
    browser.chromium()  # skips where there is none
    path = pdf.write_pdf(folder / "out" / "book.pdf", folder=folder)
    content = path.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 2


def test_no_line_of_code_is_cut_off_on_paper(folder):
    chapter = folder / "01_dice.ipynb"
    notebook = nbformat.read(chapter, as_version=4)
    longest = f"x = 1  # {'w' * 91}"  # 100 columns, as long as a line of a chapter may be
    notebook.cells += [nbformat.v4.new_code_cell(line) for line in (longest, "x" * 300)]
    printed = nbformat.v4.new_output("stream", text="8" * 300)
    notebook.cells[-1].outputs = [printed]
    nbformat.write(notebook, chapter)
    page = folder / "book.html"
    page.write_text(pdf.joined([chapter]), encoding="utf-8")
    with browser.page(width=688) as opened:  # 210 mm less two margins of 14, at 96 dots an inch
        opened.emulate_media(media="print")
        opened.goto(page.as_uri())
        cut = "boxes => boxes.filter(box => box.scrollWidth > box.clientWidth).length"
        code = opened.locator("pre, .highlight, .jp-OutputArea-output")
        assert code.count() >= 4 and code.evaluate_all(cut) == 0
        assert opened.evaluate("document.documentElement.scrollWidth") <= 688
        heights = opened.locator(".jp-CodeCell pre").evaluate_all(
            "boxes => boxes.map(box => box.clientHeight)"
        )
        assert heights[1] == heights[0] < heights[2]  # 100 columns take one line, 300 take more


def test_without_a_browser_it_says_what_is_missing(folder, monkeypatch, capsys):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    monkeypatch.setattr(subprocess, "run", None)
    assert pdf.main() == 1
    assert "one of chromium" in capsys.readouterr().err
