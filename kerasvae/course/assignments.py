"""Builds the course of the problem sets: students' copies, and nbgrader's gradebook.

The problem sets, tutorials/assignments/source/psN/psN.ipynb, hold solutions and hidden tests.
`python -m kerasvae.course.assignments [FOLDER]` makes an nbgrader course from them, whose
`release/` holds what students get. `sources.py` makes the problem sets themselves.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from rich.console import Console
from rich.table import Table

from kerasvae.course.chapters import find_tutorials
from kerasvae.files import atomic_write

# Read by the nbgrader commands when they run in the course's folder.
CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "kerasvae"
c.Execute.timeout = 600  # seconds for a cell; nbgrader's own limit of 30 is short for training
"""


@dataclass(frozen=True)
class ProblemSet:
    """A problem set as released; a teacher gives the points by hand, for written answers."""

    name: str
    title: str
    points: float
    points_by_hand: float
    release: Path


def find_problem_sets(tutorials: str | Path | None = None) -> list[Path]:
    """List the problem sets with solutions.

    Args:
        tutorials: the chapters' folder; see `kerasvae.course.chapters.find_tutorials`.

    Returns:
        The notebooks, .../source/psN/psN.ipynb, by name.

    Raises:
        FileNotFoundError: when there are none.
    """
    folder = find_tutorials(tutorials) / "assignments" / "source"
    paths = sorted(folder.glob("ps*/ps*.ipynb"))
    if not paths:
        raise FileNotFoundError(
            f"Expected problem sets such as ps1/ps1.ipynb in {folder}; found none. Make them "
            "with: python -m kerasvae.course.sources ps1"
        )
    return paths


def build_course(
    course: str | Path | None = None,
    names: Sequence[str] = (),
    tutorials: str | Path | None = None,
) -> list[ProblemSet]:
    """Make an nbgrader course: source/, release/, gradebook.db and nbgrader_config.py.

    Built again, it replaces source/ and release/; the gradebook keeps its grades, the
    configuration what the teacher wrote, and the submissions are left alone.

    Args:
        course: the course's folder; by default build/assignments beside the chapters' folder.
        names: which problem sets, as "ps1"; empty means all.
        tutorials: the chapters' folder; see `kerasvae.course.chapters.find_tutorials`.

    Returns:
        The problem sets, by name.

    Raises:
        FileNotFoundError: when there are no problem sets.
        ValueError: when a name names none.
        ModuleNotFoundError: when nbgrader is not installed.
        RuntimeError: when nbgrader refuses a problem set; with its own words.
    """
    paths = {path.stem: path for path in find_problem_sets(tutorials)}
    if unknown := set(names) - set(paths):
        raise ValueError(
            f"Expected problem sets among: {', '.join(paths)}. Received: {sorted(unknown)}"
        )
    if course is None:
        course = find_tutorials(tutorials).parent / "build" / "assignments"
    course = Path(course).resolve()
    course.mkdir(parents=True, exist_ok=True)
    if not (course / "nbgrader_config.py").exists():
        with atomic_write(course / "nbgrader_config.py") as partial:
            partial.write_text(CONFIG, encoding="utf-8")
    chosen = sorted(names or paths)
    for name in chosen:
        _copy_source(course, paths[name])
    for pattern in together(chosen):
        nbgrader(course, "generate_assignment", pattern)
    return [_released(course, paths[name]) for name in chosen]


def together(names: Sequence[str]) -> list[str]:
    """The names of problem sets as few patterns: nbgrader starts once for each.

    Args:
        names: of problem sets, as "ps1".

    Returns:
        Glob patterns that match these names and no others.

    Example:
        >>> together(["ps1", "ps2", "ps10"])
        ['ps[12]', 'ps10']
    """
    single = [name for name in names if len(name) == len("ps1")]
    if len(single) < 2:
        return list(names)
    pattern = f"ps[{''.join(name[-1] for name in single)}]"
    return [pattern, *(name for name in names if name not in single)]


def nbgrader(course: str | Path, *arguments: str) -> str:
    """Run an nbgrader command in a course's folder, whose configuration it reads.

    Args:
        course: the course's folder.
        *arguments: the command and its options, as "autograde", "ps1".

    Returns:
        What it printed.

    Raises:
        ModuleNotFoundError: when nbgrader is not installed.
        RuntimeError: when the command failed; with what it printed.
    """
    if not importlib.util.find_spec("nbgrader"):
        raise ModuleNotFoundError(
            "The assignments need nbgrader, which is not installed. "
            "Install the extra: pip install 'kerasvae[classroom]'"
        )
    # nbgrader looks on the PATH for a program of its own environment, alembic.
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=dict(os.environ, PATH=path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if run.returncode:
        raise RuntimeError(f"nbgrader {' '.join(arguments)} failed in {course}:\n{run.stdout}")
    return run.stdout


def _copy_source(course: Path, path: Path) -> None:
    """Copy one problem set into the course, and take its old release away."""
    name = path.stem
    for folder in ("source", "release"):
        shutil.rmtree(course / folder / name, ignore_errors=True)
    ignored = shutil.ignore_patterns(".*")
    shutil.copytree(path.parent, course / "source" / name, ignore=ignored)


def _released(course: Path, path: Path) -> ProblemSet:
    """What there is to say of a problem set whose students' copy nbgrader has made."""
    name = path.stem
    notebook = nbformat.read(path, as_version=4)
    graded = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    by_hand = [
        mark["points"] for mark in graded if mark["task"] or (mark["solution"] and mark["grade"])
    ]
    return ProblemSet(
        name=name,
        title=notebook.cells[0].source.splitlines()[0].split(": ", 1)[-1],
        points=sum(mark.get("points", 0) for mark in graded),
        points_by_hand=sum(by_hand),
        release=course / "release" / name / path.name,
    )


def main(arguments: Sequence[str] = ()) -> int:
    """Build the course and print what is in it.

    Args:
        arguments: the course's folder, or nothing for build/assignments.

    Returns:
        The exit status.
    """
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        print(f"Expected at most one folder. Received: {' '.join(arguments)}", file=sys.stderr)
        return 2
    sets = build_course(*arguments)
    table = Table("set", "subject", "points", "by hand")
    table.add_column("students' copy", overflow="fold")
    here = Path.cwd()
    for item in sets:
        release = item.release.relative_to(here) if here in item.release.parents else item.release
        points = (f"{item.points:g}", f"{item.points_by_hand:g}")
        table.add_row(item.name, item.title, *points, str(release))
    Console().print(f"The course, in {sets[0].release.parents[2]}", table, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
