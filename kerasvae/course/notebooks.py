"""Runs the chapters, several at a time, and writes them as notebooks and as a book in HTML.

`sources.py` makes the chapters; the command line's `tutorials` runs them.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

# Says what to install where an import fails, so it stands first.
from kerasvae.course.kernels import environment, execute, run_loop  # isort: skip
import nbformat
import psutil
from nbclient.exceptions import CellExecutionError, DeadKernelError

from kerasvae.course import book
from kerasvae.course.chapters import chapters, find_tutorials, longest_first
from kerasvae.course.display import ChapterRun, Display
from kerasvae.course.fingerprint import fingerprint
from kerasvae.files import atomic_write

TIERS = ("quick", "full")
MEMORY = 1_500_000_000  # bytes that a chapter's kernel may take


def run_tutorials(
    numbers: Sequence[str] = (),
    tier: str = "quick",
    folder: str | Path | None = None,
    out: str | Path | None = None,
) -> int:
    """Run chapters side by side and write each as executed notebook and as HTML, with an index.

    Args:
        numbers: which chapters, as "1", "01" or "01_elbo"; empty means all.
        tier: "quick" (embedded data, about a minute a chapter on two cores) or "full".
        folder: the chapters' folder; see `find_tutorials`.
        out: where the results go; by default `build/tutorials` beside the chapters' folder.

    Returns:
        The exit status: 0 when every cell of every chapter ran, else 1.

    Raises:
        FileNotFoundError: when there are no chapters.
        ValueError: when the tier or a number is unknown.
    """
    if tier not in TIERS:
        raise ValueError(f"Expected a tier among {TIERS}. Received: tier={tier!r}")
    folder = find_tutorials(folder)
    out = Path(out) if out else folder.parent / "build" / "tutorials"
    selected = chapters(folder, numbers)
    out.mkdir(parents=True, exist_ok=True)

    async def run(path: Path, display: Display, env: dict[str, str]) -> ChapterRun:
        """Run one chapter and write its notebook; its page follows when all have run."""
        for suffix in (".ipynb", ".html"):  # a chapter that fails leaves no older success behind
            (out / path.name).with_suffix(suffix).unlink(missing_ok=True)
        notebook = nbformat.read(path, as_version=4)
        outcome = await run_chapter(path.stem, notebook, folder, env, display)
        pages[path.stem] = notebook
        if not outcome.error:
            notebook.metadata["kerasvae"] = {"fingerprint": fingerprint(notebook), "tier": tier}
            with atomic_write(out / path.name) as partial:
                partial.write_text(nbformat.writes(notebook), encoding="utf-8")
        return outcome

    pages: dict[str, nbformat.NotebookNode] = {}
    title = f"Tutorials, tier {tier}, written to {out}"
    outcomes = run_all(selected, run, title, folder, tier)
    index = book.write_book(folder, out, pages, outcomes)
    print(f"Read them in a browser, beginning with {index}")
    return int(any(outcome.error for outcome in outcomes))


async def run_chapter(
    name: str, notebook: nbformat.NotebookNode, folder: Path, env: dict[str, str], display: Display
) -> ChapterRun:
    """Execute one chapter and show how far it is.

    Args:
        name: the chapter's name.
        notebook: changed in place, as by `execute`.
        folder: the kernel's working folder.
        env: the kernel's environment variables.
        display: where a failing cell is shown, too, with its traceback.

    Returns:
        What became of it; a cell that fails is named in `error`, not raised.
    """
    codes = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    running, started = 0, time.perf_counter()

    def on_cell(index: int) -> None:
        """Show how far the chapter is."""
        nonlocal running
        running = index
        display.advance(name, codes.index(index))

    display.start(name, len(codes))
    error = trace = ""
    try:
        await execute(notebook, folder, env, on_cell)
        display.advance(name, len(codes))
    except CellExecutionError as failure:
        error = f"cell {running + 1}: {failure.ename}"
        trace = "\n".join(
            line
            for output in notebook.cells[running].outputs
            if output.output_type == "error"
            for line in output.traceback
        )
    except DeadKernelError as dead:
        error = f"cell {running + 1}: the kernel ended"
        trace = f"{dead}\nThe kernel ended, often because memory ran out; above are its last lines."
    if error:
        title = f"{name}, cell {running + 1} of {len(notebook.cells)}"
        display.fail(title, notebook.cells[running].source, trace)
    outcome = ChapterRun(name, len(codes), time.perf_counter() - started, error)
    display.finish(outcome)
    return outcome


def run_all(
    paths: Sequence[Path],
    run: Callable[[Path, Display, dict[str, str]], Awaitable[ChapterRun]],
    title: str,
    folder: Path,
    tier: str = "quick",
) -> list[ChapterRun]:
    """Run chapters side by side, the longest first, and close with a table of their times.

    Args:
        paths: the chapters.
        run: runs one of them, given the display and its kernel's environment.
        title: the table's.
        folder: the chapters' folder.
        tier: "quick": as many at a time as there are cores, with one thread each; "full": one
            after the other, each with the whole machine.

    Returns:
        What became of them, in the order of `paths`.
    """
    places = side_by_side(tier, len(paths))
    env = environment(tier, one_thread=tier == "quick")

    async def run_each(display: Display) -> list[ChapterRun]:
        free = asyncio.Semaphore(places)

        async def wait_and_run(path: Path) -> ChapterRun:
            async with free:
                return await run(path, display, env)

        ordered = longest_first(paths, folder)
        found = await asyncio.gather(*map(wait_and_run, ordered))
        return [found[ordered.index(path)] for path in paths]

    with Display(len(paths)) as display:
        outcomes = run_loop(run_each(display))
    display.summarise(outcomes, title)
    return outcomes


def side_by_side(tier: str, chapters: int) -> int:
    """How many chapters run at a time.

    Args:
        tier: "quick" or "full".
        chapters: how many there are to run.

    Returns:
        As many as there are cores, as far as the free memory allows; one at the full tier.
    """
    if tier == "full":
        return 1
    limited = hasattr(os, "sched_getaffinity")  # Linux: the cores that this process may use
    cores = len(os.sched_getaffinity(0)) if limited else os.cpu_count() or 1
    memory = psutil.virtual_memory().available // MEMORY
    return max(1, min(cores, memory, chapters))
