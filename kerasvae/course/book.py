"""Writes the chapters as a book in HTML that needs no network.

A page for each chapter, an index of their questions, a page for each file that they link to, and
MathJax beside them. Links between notebooks become links between pages.
"""

import functools
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote, unquote, urldefrag, urlsplit

import jinja2
import nbformat
import pygments
from markupsafe import Markup
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from kerasvae.course.chapters import CHAPTER_NAME, chapters, listed
from kerasvae.course.display import ChapterRun
from kerasvae.course.mathjax import mathjax_file
from kerasvae.files import atomic_write

TEMPLATES = Path(__file__).with_name("templates")
CHECKOUT = Path(__file__).resolve().parents[2]
HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
QUESTION = re.compile(r"\*\*([^*]+\?)\*\*")
LINK = re.compile(r'(<(?:a|img)\b[^>]*?\b(?:href|src)=")([^"]+)(")')
MATHJAX = "mathjax.js"
STYLE = HtmlFormatter()
CSS = STYLE.get_style_defs(".highlight")
STORED = "Not run here: these are the outputs that the chapter came with."


@dataclass
class Book:
    """The folder that is written, and the files that its pages link to, in the order met."""

    folder: Path  # of the chapters
    out: Path
    linked: list[Path] = field(default_factory=list)

    def page_of(self, file: Path) -> Path | None:
        """Where in the book a file of the checkout is shown; None if there is no such file."""
        if file.parent == self.folder and CHAPTER_NAME.fullmatch(file.stem):
            return self.out / f"{file.stem}.html"
        for root in (self.folder.parent, CHECKOUT):
            if file.is_relative_to(root) and (root / file.relative_to(root)).is_file():
                place = self.out / "files" / file.relative_to(root)
                shown = file.suffix in (".md", ".py", ".ipynb")
                return place.with_name(f"{place.name}.html") if shown else place
        return None

    def meant(self, file: Path) -> Path:
        """The file that a link means: a copy of the course has no code, the package has it."""
        if not file.is_file() and file.is_relative_to(self.folder.parent):
            return CHECKOUT / file.relative_to(self.folder.parent)
        return file

    @property
    def glossary(self) -> Path | None:
        """The glossary beside the chapters, which every page links to; None if there is none."""
        file = self.folder.parent / "docs" / "glossary.md"
        return file if file.is_file() else None

    def ways(self, page: Path) -> dict[str, str | None]:
        """The ways from a page to the book's folder and to the glossary's page."""
        glossary = self.glossary and self.page_of(self.glossary)
        ends = {"root": self.out, "glossary": glossary}
        return {
            name: end and Path(os.path.relpath(end, page.parent)).as_posix()
            for name, end in ends.items()
        }

    def relink(self, html: str, source: Path, page: Path) -> str:
        """Let the links of a page that was made from `source` lead to pages of the book."""

        def lead(match: re.Match) -> str:
            """One link; where it led nowhere, its text is left."""
            address, anchor = urldefrag(unescape(match[2]))
            if urlsplit(match[2]).scheme or not address or "data-book" in match[1]:
                return match[0]
            file = self.meant(Path(os.path.normpath(source.parent / unquote(address))))
            target = self.page_of(file)
            if target is None:
                return match[1].rpartition(" ")[0]
            if target.parent != self.out and file not in self.linked:
                self.linked.append(file)
            relative = quote(Path(os.path.relpath(target, page.parent)).as_posix())
            return f"{match[1]}{relative}{'#' if anchor else ''}{anchor}{match[3]}"

        return LINK.sub(lead, html)


def write_book(
    folder: Path,
    out: Path,
    executed: Mapping[str, nbformat.NotebookNode],
    outcomes: Iterable[ChapterRun],
) -> Path:
    """Write the pages of all chapters, of what they link to, and the index.

    Args:
        folder: the chapters' folder.
        out: where the pages go. A chapter's page of an earlier run stays.
        executed: the chapters that were just run, by name. The page of one that failed shows how
            far it came; one that was never run is shown with the outputs that it came with.
        outcomes: what became of those that were run.

    Returns:
        The index page.
    """
    book = Book(folder, out)
    states = {run.chapter: run.error or f"passed in {run.seconds:.0f} s" for run in outcomes}
    names = [path.stem for path in chapters(folder)]
    shutil.copyfile(mathjax_file(), out / MATHJAX)
    entries, questions = [], listed(folder)
    for number, name in enumerate(names):
        notebook = executed.get(name) or nbformat.read(folder / f"{name}.ipynb", as_version=4)
        earlier = (out / f"{name}.ipynb").exists() and (out / f"{name}.html").exists()
        state = states.get(name) or ("run earlier" if earlier else "not run")
        if name in executed or not earlier:
            note = STORED if state == "not run" else ""
            if name in executed and not state.startswith("passed"):
                note = f"This chapter failed in {state}. The page shows how far it came."
            before, after = names[max(number - 1, 0) : number], names[number + 1 : number + 2]
            links = {"note": note, "before": before, "next": after}
            _write_page(book, notebook, folder / f"{name}.ipynb", out / f"{name}.html", links)
        heading, question = heading_and_question(notebook)
        question = questions[name][0] if name in questions else question
        entries.append((name, heading, question, state))
    problem_sets = folder / "assignments" / "README.md"
    if problem_sets.is_file():
        book.linked.append(problem_sets)
    if book.glossary and book.glossary not in book.linked:
        book.linked.append(book.glossary)
    for file in book.linked:  # grows: a page of text links to further files
        _write_file(book, file)
    return _write_index(book, entries, problem_sets)


def heading_and_question(notebook: nbformat.NotebookNode) -> tuple[str, str]:
    """Find a chapter's title and its question: the first heading and the first question in bold.

    The README's table has questions that stand alone better; the index prefers them.

    Args:
        notebook: the chapter.

    Returns:
        Both as Markdown in one line; empty where there is none.

    Example:
        >>> cell = nbformat.v4.new_markdown_cell("# 1. Dice\\n\\nThey fall. **Which\\nway?** Up.")
        >>> heading_and_question(nbformat.v4.new_notebook(cells=[cell]))
        ('1. Dice', 'Which way?')
    """
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = (pattern.search(text) for pattern in (HEADING, QUESTION))
    heading, question = (" ".join(match[1].split()) if match else "" for match in found)
    return heading, question


@functools.cache
def _exporter() -> HTMLExporter:
    """The exporter with this package's template."""
    exporter = HTMLExporter(template_name="book", extra_template_basedirs=[str(TEMPLATES)])
    exporter.log.setLevel("ERROR")
    return exporter


def notebook_page(notebook: nbformat.NotebookNode, title: str, places: Mapping) -> str:
    """A notebook as a page in the book's look.

    Args:
        notebook: the notebook.
        title: of the page.
        places: where the page's links lead: `root`, the folder with MathJax, and what else the
            template knows (`glossary`, `before`, `next`, `note`).

    Returns:
        HTML.
    """
    resources = {"metadata": {"name": title}, "book": dict(places)}
    return _exporter().from_notebook_node(notebook, resources)[0]


def _write_page(book: Book, notebook, source: Path, page: Path, links: Mapping) -> None:
    """Write one notebook as a page."""
    title = heading_and_question(notebook)[0] or source.stem
    html = notebook_page(notebook, title, {**book.ways(page), **links})
    _write(page, book.relink(html, source, page))


def _write_file(book: Book, file: Path) -> None:
    """Write a file that a page links to: text and code as pages, anything else as it is."""
    page = book.page_of(file)
    page.parent.mkdir(parents=True, exist_ok=True)
    if page.name == file.name:
        shutil.copyfile(file, page)
        return
    if file.suffix == ".ipynb":
        _write_page(book, nbformat.read(file, as_version=4), file, page, {})
        return
    text = file.read_text(encoding="utf-8")
    title = page.relative_to(book.out / "files").as_posix().removesuffix(".html")
    if file.suffix == ".md":
        body = markdown2html(text)
    else:
        body = f"<h1>{escape(title)}</h1>{pygments.highlight(text, PythonLexer(), STYLE)}"
    html = _render("plain.html.j2", title=title, body=body, css=CSS, **book.ways(page))
    _write(page, book.relink(html, file, page))


def _write_index(book: Book, entries: list[tuple[str, str, str, str]], problem_sets: Path) -> Path:
    """Write the page that lists the chapters."""
    sets = book.page_of(problem_sets) if problem_sets.is_file() else None
    sets = sets and sets.relative_to(book.out).as_posix()
    title = "Disentanglement with variational autoencoders"
    index = book.out / "index.html"
    ways = book.ways(index)
    _write(index, _render("contents.html.j2", title=title, entries=entries, sets=sets, **ways))
    return index


def _render(template: str, **values) -> str:
    """Fill in a template that is no notebook."""
    loader = jinja2.FileSystemLoader(TEMPLATES / "book")
    environment = jinja2.Environment(loader=loader, autoescape=True)
    environment.filters["inline"] = _inline
    return environment.get_template(template).render(values)


def _inline(text: str) -> Markup:
    """A line of Markdown as HTML without a paragraph; its number makes it no list."""
    html = markdown2html(re.sub(r"^(\d+)\.", r"\1\.", text))
    return Markup(html.strip().removeprefix("<p>").removesuffix("</p>"))


def _write(path: Path, text: str) -> None:
    """Write a page as a whole."""
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")
