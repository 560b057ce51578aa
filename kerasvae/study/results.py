"""The results of a study: one Parquet file, a row for each run, finished or not."""

from collections.abc import Sequence
from pathlib import Path

from kerasvae.files import atomic_write
from kerasvae.runs import evaluation
from kerasvae.runs.checked import check_names
from kerasvae.runs.comparison import read_rows
from kerasvae.study.attempts import Outcome
from kerasvae.study.plan import Job

FILE = "results.parquet"


def collect(
    jobs: Sequence[Job], outcomes: dict[str, Outcome], out: Path, before: Sequence[dict] = ()
) -> list[dict]:
    """A row for each job: name and status, and the numbers of those that were measured.

    Args:
        jobs: of the study.
        outcomes: by name, of those that are over; the others are "waiting".
        out: the study's folder.
        before: rows of an earlier start of the study: what a run took then is kept.

    Returns:
        Rows with run, status, attempts, seconds, error, and those of
        `kerasvae.runs.comparison.read_rows`.
    """
    done = [
        job.name for job in jobs if job.name in outcomes and outcomes[job.name].status == "done"
    ]
    measured = [name for name in done if (out / name / evaluation.FILE).is_file()]
    numbers = dict(zip(measured, read_rows(out / name for name in measured), strict=True))
    took = {row["run"]: (row["attempts"], row["seconds"]) for row in before}
    rows = []
    for job in jobs:
        outcome = outcomes.get(job.name, Outcome(job.name, "waiting", 0, 0.0))
        attempts, seconds = took.get(job.name, (0, 0.0))
        rows.append(
            {
                "model": job.model,
                "seed": job.given["seed"],
                **numbers.get(job.name, {}),
                "run": job.name,
                "status": outcome.status,
                "attempts": attempts + outcome.attempts,
                "seconds": seconds + outcome.seconds,
                "error": outcome.error,
            }
        )
    return rows


def write_parquet(path: Path, rows: Sequence[dict]) -> None:
    """Write rows as Parquet, atomically; a column that a row lacks is null there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: [row.get(name) for row in rows] for name in columns})
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary)


def read_parquet(path: Path) -> list[dict]:
    """The rows of a study's results, a dict each.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it holds no results of a study.
    """
    import pyarrow.parquet as pq

    if not path.is_file():
        raise FileNotFoundError(f"Expected a study's {FILE}. Received: {path}, which is not a file")
    try:
        rows = pq.read_table(path).to_pylist()
        check_rows(rows)
    except ValueError as error:
        raise ValueError(
            f"{path} is damaged: {error}. Delete it: the study collects the numbers again."
        ) from error
    return rows


def check_rows(rows: Sequence[dict]) -> None:
    """Refuse rows that are not those of a study.

    Raises:
        ValueError: names the column that is missing.
    """
    for row in rows:
        check_names("a row", row, needed=("run", "status", "attempts", "seconds", "error"))
