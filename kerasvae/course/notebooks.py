"""Runs the chapters, tutorials/NN_topic.ipynb, and shows their progress.

A chapter runs in a fresh kernel of the Python that runs this module, so no kernel needs to be
registered. `sources.py` makes the chapters; the command line's `tutorials` runs them.
"""

import asyncio
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from kerasvae.files import write_text

try:
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from nbconvert import HTMLExporter
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"Running the tutorials needs {missing.name}, which is not installed. "
        "Install the extra: pip install 'kerasvae[tutorials]'"
    ) from missing

TIERS = ("quick", "full")
CHAPTER_NAME = re.compile(r"\d\d_\w+")
# What TensorFlow's C++ side says about the machine at start-up, whatever the log level asked for.
STARTUP_LINES = re.compile(
    r"^(?:WARNING: All log messages before|[IWE]\d{4} \d\d:\d\d:|To enable the following).*\n?",
    re.MULTILINE,
)


@dataclass(frozen=True)
class ChapterRun:
    """What became of one chapter; `error` is empty when every cell ran."""

    chapter: str
    cells: int
    seconds: float
    error: str = ""


def find_tutorials(folder: str | Path | None = None) -> Path:
    """Find the folder of the chapters: the one given, or that of the checkout.

    Args:
        folder: the folder itself; by default `tutorials` in the current folder, then in the
            repository that kerasvae was installed from.

    Returns:
        The folder, as an absolute path.

    Raises:
        FileNotFoundError: when no candidate holds `tutorials/source` or a chapter.
    """
    here, checkout = Path.cwd(), Path(__file__).resolve().parents[2]
    places = [Path(folder)] if folder else [here / "tutorials", here, checkout / "tutorials"]
    for place in places:
        if any(CHAPTER_NAME.fullmatch(path.stem) for path in place.glob("*.ipynb")):
            return place.resolve()
        if (place / "source").is_dir():
            return place.resolve()
    raise FileNotFoundError(
        "Expected a folder with chapters, such as tutorials/01_elbo.ipynb. Looked in: "
        f"{', '.join(map(str, places))}. Run this in a clone of the repository: "
        "the installed package does not contain the tutorials."
    )


def chapters(folder: str | Path, numbers: Sequence[str] = (), suffix: str = ".ipynb") -> list[Path]:
    """List the chapters in their order.

    Args:
        folder: where the files are.
        numbers: which ones, as "1", "01" or "01_elbo"; empty means all.
        suffix: ".ipynb" for the notebooks, ".py" for the sources.

    Returns:
        Their paths, sorted by number.

    Raises:
        FileNotFoundError: when the folder holds none.
        ValueError: when a number names none.
    """
    paths = [path for path in Path(folder).glob(f"*{suffix}") if CHAPTER_NAME.fullmatch(path.stem)]
    paths.sort()
    if not paths:
        raise FileNotFoundError(
            f"Expected chapters named NN_topic{suffix} in {folder}; found none."
        )
    if not numbers:
        return paths
    chosen = set()
    for number in map(str, numbers):
        found = [path for path in paths if number.zfill(2) in (path.stem[:2], path.stem)]
        if not found:
            names = ", ".join(path.stem for path in paths)
            raise ValueError(f"Expected chapters among: {names}. Received: {number!r}")
        chosen.update(found)
    return sorted(chosen)


def execute(
    notebook: nbformat.NotebookNode,
    folder: str | Path,
    tier: str = "quick",
    on_cell: Callable[[int], None] = lambda index: None,
) -> None:
    """Run every code cell in a fresh kernel and store the outputs in the notebook.

    Args:
        notebook: the chapter; changed in place.
        folder: the kernel's working folder.
        tier: "quick" or "full"; the chapter reads it as KERASVAE_TIER.
        on_cell: called with a cell's index before the cell runs.

    Raises:
        CellExecutionError: when a cell raises.
        DeadKernelError: when the kernel ends, for want of memory for instance.
        KeyboardInterrupt: when the user stops the run.
    """
    env = dict(os.environ, KERASVAE_TIER=tier, PYDEVD_DISABLE_FILE_VALIDATION="1")
    env.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    env.pop("MPLBACKEND", None)  # the kernel's own choice shows figures inline
    # Without folders to search, the one kernel left is ipykernel in this interpreter.
    specs = KernelSpecManager(kernel_dirs=[])
    client = NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs),
        extra_arguments=["--log-level=ERROR"],  # not the advice on encryption at every start
        timeout=None,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )

    async def run_cells(streams: dict) -> None:
        async with client.async_setup_kernel(env=env, cleanup_kc=True, **streams):
            # The client's own handler ends the kernel but not the run.
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    on_cell(index)
                    await client.async_execute_cell(cell, index)
                    cell.outputs = _without_startup_lines(cell.outputs)

    # The kernel repeats what it prints on its own streams: kept off the progress bars.
    with tempfile.TemporaryFile() as log:
        try:
            asyncio.run(run_cells({"stdout": log, "stderr": log}))
        except DeadKernelError as dead:
            log.seek(0)
            last_words = log.read().decode(errors="replace").splitlines()[-20:]
            raise DeadKernelError("\n".join(last_words)) from dead


def run_tutorials(
    numbers: Sequence[str] = (),
    tier: str = "quick",
    folder: str | Path | None = None,
    out: str | Path | None = None,
) -> int:
    """Run chapters in order and write each as executed notebook and as HTML.

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

    def run(path: Path, progress: Progress) -> ChapterRun:
        """Run one chapter and write both of its files."""
        results = [out / path.name, out / f"{path.stem}.html"]
        for result in results:
            result.unlink(missing_ok=True)  # a chapter that fails leaves no older success behind
        notebook = nbformat.read(path, as_version=4)
        outcome = run_chapter(path.stem, notebook, folder, tier, progress)
        if not outcome.error:
            exporter = HTMLExporter()
            exporter.log.setLevel("ERROR")
            html, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": path.stem}})
            for result, text in zip(results, (nbformat.writes(notebook), html), strict=True):
                write_text(result, text)
        return outcome

    return run_all(selected, run, f"Tutorials, tier {tier}, written to {out}")


def run_chapter(
    name: str, notebook: nbformat.NotebookNode, folder: Path, tier: str, progress: Progress
) -> ChapterRun:
    """Execute one chapter, cell by cell on a progress bar.

    Args:
        name: the chapter's name.
        notebook: changed in place, as by `execute`.
        folder: the kernel's working folder.
        tier: "quick" or "full".
        progress: the display; a failing cell is printed above its bars, with its traceback.

    Returns:
        What became of it; a cell that fails is named in `error`, not raised.
    """
    codes = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    task = progress.add_task(name, total=len(codes))
    running, started = 0, time.perf_counter()

    def on_cell(index: int) -> None:
        """Show how far the chapter is."""
        nonlocal running
        running = index
        progress.update(task, completed=codes.index(index))

    error = trace = ""
    try:
        execute(notebook, folder, tier, on_cell)
        progress.update(task, completed=len(codes))
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
    progress.stop_task(task)
    if error:
        title = f"{name}, cell {running + 1} of {len(notebook.cells)}"
        source = Syntax(notebook.cells[running].source, "python", line_numbers=True)
        progress.console.print(Panel(source, title=title, border_style="red"))
        progress.console.print(Text.from_ansi(trace))
    return ChapterRun(name, len(codes), time.perf_counter() - started, error)


def run_all(paths: Sequence[Path], run: Callable[[Path, Progress], ChapterRun], title: str) -> int:
    """Run the chapters one after the other, and close with a table of their times.

    Args:
        paths: the chapters.
        run: runs one of them and shows it on the given progress display.
        title: the table's.

    Returns:
        The exit status: 0 when no chapter reports an error, else 1.
    """
    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        outcomes = [run(path, progress) for path in paths]
    table = Table("chapter", "cells", "seconds", "result")
    for outcome in outcomes:
        result = Text(outcome.error or "passed", "red" if outcome.error else "green")
        table.add_row(outcome.chapter, str(outcome.cells), f"{outcome.seconds:.1f}", result)
    console.print(title, table, sep="\n", highlight=False)
    return int(any(outcome.error for outcome in outcomes))


def _without_startup_lines(outputs: list) -> list:
    """Drop the start-up lines of TensorFlow from stderr, and stderr when nothing else is left."""
    for output in outputs:
        if output.get("name") == "stderr":
            output.text = STARTUP_LINES.sub("", output.text)
    return [output for output in outputs if output.get("text") != ""]
