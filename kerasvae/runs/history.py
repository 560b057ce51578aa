"""history.csv: a row of mean loss and terms for every so many steps."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

from kerasvae.files import naming, write_text
from kerasvae.runs.checked import read_checked

FILE = "history.csv"


def read_history(path: Path, last_step: float = math.inf) -> list[dict[str, float]]:
    """Read the rows up to a step; the half row that a power cut left is dropped.

    Args:
        path: of history.csv; no file is a history without rows.
        last_step: of the rows wanted.

    Returns:
        A dict a row: step, loss, and the terms of the objective.

    Raises:
        DamagedFileError: a wrong header, something that is no finite number, or steps that do not
            rise; names line and column.
        OSError: the system does not let it be read.
    """
    if not path.is_file():
        return []
    remedy = "Repair it, or train the run anew into this folder"
    rows = read_checked(path, _rows, remedy, "overwrite")
    return [row for row in rows if row["step"] <= last_step]


def _rows(text: str) -> list[dict[str, float]]:
    lines = [line.rstrip("\r").split(",") for line in text.split("\n")[:-1]]
    columns = lines[0] if lines else []
    if lines and (columns[:2] != ["step", "loss"] or len(set(columns)) < len(columns)):
        raise ValueError(f"line 1: expected step, loss and terms. Received: {', '.join(columns)}")
    rows, before = [], -1
    for number, cells in enumerate(lines[1:], 2):
        if len(cells) != len(columns):
            raise ValueError(f"line {number}: expected {len(columns)} numbers, found {len(cells)}")
        row = {name: _number(number, name, cell) for name, cell in zip(columns, cells, strict=True)}
        if row["step"] <= before:
            raise ValueError(
                f"line {number}, step: expected more than {before:g}. Received: {row['step']:g}"
            )
        before = row["step"]
        rows.append(row)
    return rows


def _number(line: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"line {line}, {column}: expected a finite number. Received: {text!r}")
    return value


def check_columns(path: Path, rows: Sequence[dict], term_names: Sequence[str]) -> None:
    """Refuse a history of other terms than the model's.

    Raises:
        ValueError: names the columns.
    """
    expected = ["step", "loss", *term_names]
    if rows and list(rows[0]) != expected:
        raise ValueError(
            f"{path}: expected the columns {', '.join(expected)}. Received: {', '.join(rows[0])}"
        )


def write_history(path: Path, rows: Sequence[dict[str, float]]) -> None:
    """Write the file anew, atomically."""
    write_text(path, _as_csv(rows, header=True))


def append_row(path: Path, row: dict[str, float]) -> None:
    """Add a row: what a killed process has written is a whole row or nothing."""
    with naming(path), open(path, "a", newline="", encoding="utf-8") as file:
        file.write(_as_csv([row], header=path.stat().st_size == 0))


def _as_csv(rows: Sequence[dict[str, float]], header: bool) -> str:
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    if header:
        writer.writeheader()
    # repr gives the shortest decimals that read back as the same number.
    writer.writerows({**row, "step": int(row["step"])} for row in rows)
    return text.getvalue()
