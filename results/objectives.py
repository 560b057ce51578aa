"""Write the tables of results/objectives.yml from the study's results.

    kerasvae study results/objectives.yml --workers 2
    python results/objectives.py                  # or: --study FOLDER of the study

Writes objectives.csv, a row a run, and objectives.md, mean and standard deviation over seeds; the
README.md beside them shows the second, and a test compares all three. A study of some of the
settings, or of a new one, replaces their rows and keeps the others.
"""

import argparse
import csv
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Header in the table, and the key of a row.
COLUMNS = {
    "reconstruction": "reconstruction",
    "mutual information": "mutual_information",
    "total correlation": "total_correlation",
    "dimension-wise KL": "dimension_wise_kl",
    "MIG": "mig",
    "DCI": "dci",
    "SAP": "sap",
    "FactorVAE score": "factor_vae_score",
}


def table(rows: list[dict]) -> str:
    """The Markdown table: a row a setting, mean ± standard deviation over its seeds."""
    from kerasvae.runs.comparison import cell, mean_and_spread

    lines = [
        f"| setting | seeds | {' | '.join(COLUMNS)} |",
        f"|---|--:{'|--:' * len(COLUMNS)}|",
    ]
    for setting in dict.fromkeys(row["setting"] for row in rows):
        like = [row for row in rows if row["setting"] == setting]
        cells = []
        for key in COLUMNS.values():
            values = [float(row[key]) if row[key] not in (None, "") else None for row in like]
            cells.append(cell(*mean_and_spread(values), digits=2))
        lines.append(f"| {setting} | {len(like)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def read(path: Path) -> list[dict]:
    """The rows of objectives.csv."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def merged(old: list[dict], new: list[dict]) -> list[dict]:
    """Old rows of settings that are not among the new ones, then the new rows."""
    settings = {row["setting"] for row in new}
    return [*(row for row in old if row["setting"] not in settings), *new]


def main() -> None:
    """Read results.parquet, write both files."""
    from kerasvae.runs.comparison import write_csv
    from kerasvae.study.results import FILE, read_parquet

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", type=Path, default=Path("runs/objectives"))
    rows = read_parquet(parser.parse_args().study / FILE)
    missing = [row["run"] for row in rows if row["status"] != "done"]
    if missing:
        raise SystemExit(f"The study is not complete: {', '.join(missing)}")
    kept = ("setting", "seed", "step", *COLUMNS.values(), "seconds")
    new = [{name: row[name] for name in kept} for row in rows]
    write_csv(HERE / "objectives.csv", merged(read(HERE / "objectives.csv"), new))
    (HERE / "objectives.md").write_text(table(read(HERE / "objectives.csv")), encoding="utf-8")


if __name__ == "__main__":
    main()
