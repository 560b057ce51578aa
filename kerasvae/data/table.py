"""A user's own folder of images with a table of their factors."""

import csv
import itertools
from pathlib import Path

import numpy as np

from kerasvae.data.arrays import with_factors
from kerasvae.data.factors import FactorDataset
from kerasvae.data.folder import read_files
from kerasvae.data.limits import check_read

TABLE = "factors.csv"


def from_table(folder, table: str = TABLE, **options) -> FactorDataset:
    """The images of a folder, with their factors from a table.

    Args:
        folder: a folder of image files.
        table: a file in it, of comma- or semicolon-separated values with a header line of names.
            The first column names the image files, within the folder; every other column is a
            factor. Files that the table does not name are left out.
        **options: `image_size`, `channels`, `white` and `background` of `from_images`.

    Returns:
        A `FactorDataset`, in the order of the table.

    Raises:
        FileNotFoundError: no such folder, table, or image that the table names.
        ValueError: a table without rows or factors, with a value missing, or with a file that is
            named twice or outside the folder; a file that cannot be read.

    Example:
        >>> from_table("photographs", image_size=64)  # doctest: +SKIP
        <photographs: 1,200 images of 64x64x3; shape 3, angle 40>
    """
    folder = Path(folder).expanduser()
    file = folder / table
    if not file.is_file():
        raise FileNotFoundError(
            f"table: expected a table of factors next to the images. Received: {file}, not there"
        )
    check_read(file.stat().st_size, str(file))
    names, rows = _read_table(file)
    files = _named_files(folder, [row[0] for row in rows], file)
    columns = {name: _typed(column) for name, column in zip(names[1:], _factors(rows), strict=True)}
    pixels, white = read_files(files, **options)
    return with_factors(pixels, white, columns, str(folder))


def _read_table(file: Path) -> tuple[list[str], list[list[str]]]:
    """Names of the columns, and the rows of a table."""
    try:
        with open(file, newline="", encoding="utf-8-sig") as lines:  # Excel begins with a mark
            first = lines.readline()
            separator = ";" if first.count(";") > first.count(",") else ","
            rows = [row for row in csv.reader(itertools.chain([first], lines), delimiter=separator)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{file}: expected a table in UTF-8. Received: {error}") from error
    numbered = [(number, row) for number, row in enumerate(rows, 1) if any(row)]
    if len(numbered) < 2 or len(numbered[0][1]) < 2:
        raise ValueError(
            f"{file}: expected a header line of names, then lines of a file name and its factors. "
            f"Received: {len(numbered)} lines"
        )
    names = [name.strip() for name in numbered[0][1]]
    if len(set(names)) != len(names) or not all(names):
        raise ValueError(f"{file}: expected a different name for each column. Received: {names}")
    for number, row in numbered[1:]:
        if len(row) != len(names) or not all(value.strip() for value in row):
            raise ValueError(
                f"{file}, line {number}: expected {len(names)} values, none empty. Received: {row}"
            )
    return names, [[value.strip() for value in row] for _, row in numbered[1:]]


def _named_files(folder: Path, names: list[str], table: Path) -> list[Path]:
    root, seen = folder.resolve(), set()
    for name in names:
        place = (folder / name).resolve()
        if not place.is_relative_to(root):
            raise ValueError(f"{table}: expected files within the folder. Received: {name}")
        if name in seen:
            raise ValueError(f"{table}: expected each file once. Received: {name} twice")
        if not place.is_file():
            raise FileNotFoundError(f"{table}: a file that it names is not there: {name}")
        seen.add(name)
    return [folder / name for name in names]


def _factors(rows: list[list[str]]) -> list[list[str]]:
    return [list(column) for column in zip(*rows, strict=True)][1:]


def _typed(column: list[str]) -> np.ndarray:
    """A column as whole numbers, real numbers or words, whichever fits first."""
    for kind in (int, float):
        try:
            return np.array([kind(value) for value in column])
        except (ValueError, OverflowError):
            continue
    return np.array(column)
