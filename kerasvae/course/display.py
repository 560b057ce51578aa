"""Shows how far the chapters are: bars on a terminal, a line for each event elsewhere."""

import contextlib
from dataclasses import dataclass

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class ChapterRun:
    """What became of one chapter; `error` is empty when every cell ran."""

    chapter: str
    cells: int
    seconds: float
    error: str = ""


class Display(contextlib.ExitStack):
    """The display of a run, as a context manager.

    Args:
        total: the number of chapters that will run.
    """

    def __init__(self, total: int):
        super().__init__()
        self.total, self.done = total, 0
        self.console = Console()
        self.bars = None
        self.tasks = {}
        if self.console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("cells"),
                TimeElapsedColumn(),
            )
            self.bars = self.enter_context(Progress(*columns, console=self.console))

    def start(self, chapter: str, cells: int) -> None:
        """A chapter of so many code cells begins."""
        if self.bars:
            self.tasks[chapter] = self.bars.add_task(chapter, total=cells)
        else:
            self._line(f"{chapter}: started")

    def advance(self, chapter: str, completed: int) -> None:
        """So many code cells of a chapter are done; only bars show it."""
        if self.bars:
            self.bars.update(self.tasks[chapter], completed=completed)

    def fail(self, title: str, source: str, trace: str) -> None:
        """Show the cell that failed, and its traceback."""
        code = Syntax(source, "python", line_numbers=True)
        self.console.print(Panel(code, title=title, border_style="red"))
        self.console.print(Text.from_ansi(trace))

    def finish(self, outcome: ChapterRun) -> None:
        """A chapter is over."""
        self.done += 1
        if self.bars:
            self.bars.stop_task(self.tasks[outcome.chapter])
        else:
            result = outcome.error or "passed"
            took = f"{outcome.seconds:.0f} s, {self.done} of {self.total}"
            self._line(f"{outcome.chapter}: {result} ({took})")

    def summarise(self, outcomes: list[ChapterRun], title: str) -> None:
        """Print a table of what became of all chapters, with their seconds."""
        table = Table("chapter", "cells", "seconds", "result")
        for outcome in outcomes:
            result = Text(outcome.error or "passed", "red" if outcome.error else "green")
            table.add_row(outcome.chapter, str(outcome.cells), f"{outcome.seconds:.1f}", result)
        self.console.print(title, table, sep="\n", highlight=False)

    def _line(self, text: str) -> None:
        """Print one line at once, however the output is buffered."""
        self.console.print(text, highlight=False, soft_wrap=True)
        self.console.file.flush()
