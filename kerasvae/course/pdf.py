"""Prints the chapters as one PDF, with the outputs that they came with: `make book`.

An installed Chromium or Chrome does the printing; where there is none, that is said.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat

from kerasvae.course.book import notebook_page
from kerasvae.course.chapters import chapters, find_tutorials
from kerasvae.course.mathjax import mathjax_file
from kerasvae.files import atomic_write

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BREAK = '<div style="break-before: page"></div>\n\n'
# A link to a file of the clone leads nowhere from a PDF; its text stays.
LOCAL_LINK = re.compile(r'<a\b[^>]*?\bhref="(?!https?:|#)[^"]*"[^>]*>(.*?)</a>', re.DOTALL)
SECONDS = 900
# Paper has no scroll bar: 100 columns of code fit between the margins, without the prompts beside
# it. A heading stays with its text, and a figure on its page.
PRINT = """<style>
@page { size: A4; margin: 16mm 14mm; }
@media print {
  body { --jp-content-font-size1: 13px; --jp-code-font-size: 10.5px; padding: 0 !important; }
  .jp-InputPrompt, .jp-OutputPrompt { display: none !important; }
  .jp-Cell { padding: 2px 0 !important; }
  .jp-OutputArea { margin-bottom: 6px; }
  pre { white-space: pre-wrap !important; overflow-wrap: anywhere; }
  h1, h2, h3 { break-after: avoid; }
  img, table, mjx-container[display="true"] { break-inside: avoid; }
}
</style>
</head>"""


def write_pdf(
    out: str | Path, numbers: Sequence[str] = (), folder: str | Path | None = None
) -> Path:
    """Print chapters, one after the other, as one PDF.

    Args:
        out: the PDF.
        numbers: which chapters, as "1", "01" or "01_elbo"; empty means all.
        folder: the chapters' folder; see `kerasvae.course.chapters.find_tutorials`.

    Returns:
        The PDF's path.

    Raises:
        FileNotFoundError: when no browser is installed that could print.
        RuntimeError: when the browser wrote none; with its own words.
        ValueError: when a number names no chapter.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise FileNotFoundError(
            f"The PDF needs an installed browser that prints: one of {', '.join(BROWSERS)}. "
            "None was found. The book in HTML needs none of them."
        )
    out = Path(out).resolve()
    with tempfile.TemporaryDirectory() as place:
        page = Path(place, "book.html")
        page.write_text(joined(chapters(find_tutorials(folder), numbers)), encoding="utf-8")
        shutil.copyfile(mathjax_file(), page.with_name("mathjax.js"))
        printed = page.with_suffix(".pdf")
        command = [browser, "--headless", "--disable-gpu", f"--user-data-dir={place}/profile"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={printed}"]
        command += ["--virtual-time-budget=600000", "--disable-dev-shm-usage"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # which Chromium refuses to root
        run = subprocess.run(
            [*command, page.as_uri()], capture_output=True, text=True, timeout=SECONDS
        )
        if not printed.is_file():
            raise RuntimeError(f"{browser} wrote no PDF:\n{run.stderr}")
        out.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(out) as partial:
            shutil.copyfile(printed, partial)
    return out


def joined(paths: Sequence[Path]) -> str:
    """All chapters as one page of HTML, each on a new sheet.

    Args:
        paths: the notebooks.

    Returns:
        The page, which reads MathJax from a file beside it.
    """
    cells = []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[0].source = BREAK * bool(cells) + notebook.cells[0].source
        for cell in notebook.cells:
            cell["id"] = f"cell-{len(cells)}"
            cells.append(cell)
    whole = nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)
    page = notebook_page(whole, "Disentanglement with VAEs", {"root": "."})
    return LOCAL_LINK.sub(r"\1", page.replace("</head>", PRINT, 1))


def main(arguments: Sequence[str] = ()) -> int:
    """Print the chapters named, or all of them, into build/book.pdf.

    Args:
        arguments: numbers of chapters.

    Returns:
        The exit status.
    """
    try:
        print(write_pdf(find_tutorials().parent / "build" / "book.pdf", arguments))
    except (FileNotFoundError, ModuleNotFoundError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
