"""The executor of chapters, on throw-away ones."""

import os
import re
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import nbformat
import pytest

from kerasvae.course import kernels, notebooks
from kerasvae.course.chapters import chapters, listed, longest_first

pytestmark = pytest.mark.numpy_only  # the kernels choose their own backend

GOOD = ["import os, sys\nprint(sys.executable, os.environ['KERASVAE_TIER'])", "'second'"]
FAILING = ["numerator = 1", "def ratio(x):\n    return numerator / x\n\nratio(0)", "print('never')"]


def write_chapter(folder: Path, name: str, cells: list[str]) -> None:
    """Write a notebook of a heading and these code cells, not executed."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_markdown_cell(f"# {name}")]
    notebook.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


def run(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Execute a notebook as a chapter is."""
    kernels.run_loop(kernels.execute(notebook, folder, kernels.environment("quick")))


def streams(path: Path) -> str:
    """Join what the executed notebook at this path printed."""
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def test_a_chapter_runs_in_this_interpreter_and_becomes_html(tmp_path, monkeypatch):
    # A kernel registered under the usual name, of an interpreter that does not exist.
    spec = tmp_path / "share" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["/nowhere/python"], "display_name": "other"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    write_chapter(tmp_path / "tutorials", "01_good", GOOD)

    assert notebooks.run_tutorials(tier="full", folder=tmp_path / "tutorials") == 0
    out = tmp_path / "build" / "tutorials"
    assert streams(out / "01_good.ipynb").split() == [sys.executable, "full"]
    html = (out / "01_good.html").read_text()
    assert "<title>01_good</title>" in html
    assert "second" in html
    names = ["01_good.html", "01_good.ipynb", "index.html", "mathjax.js"]
    assert sorted(path.name for path in out.iterdir()) == names


def test_figures_stay_inline_whatever_backend_the_caller_has(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    cell = "import matplotlib.pyplot as plt\nplt.plot([0, 1]);"
    write_chapter(tmp_path, "01_figure", [cell])
    notebook = nbformat.read(tmp_path / "01_figure.ipynb", as_version=4)
    run(notebook, tmp_path)
    assert [sorted(output.data) for output in notebook.cells[1].outputs] == [
        ["image/png", "text/plain"]
    ]


def test_warnings_are_kept_and_what_the_backend_says_at_startup_is_not(tmp_path, capfd):
    lines = [
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "I0000 00:00:1795523255.309308   19185 cudart_stub.cc:31] Could not find cuda drivers",
        "To enable the following instructions: AVX2, rebuild TensorFlow",
        "E0000 00:00:1795523255.309308   19185 cuda_driver.cc:51] failed call to cuInit: 303",
        "2026-10-01 10:00:00.123456: E external/xla/cuda_driver.cc:266] failed call to cuInit",
    ]
    noise = "\n".join(lines) + "\n"
    cells = [
        f"import os, sys\nsys.stderr.write({text!r})\nos.write(2, {noise.encode()!r});"
        for text in (noise, noise + "A warning\n")
    ]
    write_chapter(tmp_path, "01_noisy", cells)
    notebook = nbformat.read(tmp_path / "01_noisy.ipynb", as_version=4)
    run(notebook, tmp_path)
    texts = [[output.text for output in cell.outputs] for cell in notebook.cells[1:]]
    assert texts == [[], ["A warning\n"]]
    assert capfd.readouterr() == ("", "")  # and the terminal shows the progress bars alone


def test_a_failing_cell_is_shown_and_the_other_chapters_still_run(tmp_path, capsys):
    write_chapter(tmp_path, "01_failing", FAILING)
    dying = "import os\nos.write(2, b'last words\\n')\nos._exit(3)"
    write_chapter(tmp_path, "02_dying", [dying])
    write_chapter(tmp_path, "03_good", GOOD)
    out = tmp_path / "out"
    out.mkdir()
    (out / "01_failing.html").write_text("an older success")

    assert notebooks.run_tutorials(folder=tmp_path, out=out) == 1
    shown = capsys.readouterr().out
    assert "01_failing, cell 3 of 4" in shown
    assert "return numerator / x" in shown
    assert "ZeroDivisionError: division by zero" in shown
    assert "02_dying, cell 2 of 2" in shown
    assert re.search("^last words", shown, re.MULTILINE)
    for row in (
        "01_failing .*cell 3: ZeroDivisionError",
        "02_dying .*the kernel",
        "03_good .*passed",
    ):
        assert re.search(row, shown), row
    assert [path.name for path in out.glob("*.ipynb")] == ["03_good.ipynb"]
    for name, state in [("01_failing", "cell 3: ZeroDivisionError"), ("02_dying", "the kernel")]:
        html = (out / f"{name}.html").read_text()
        assert "an older success" not in html and "This chapter failed in cell" in html
        assert state in (out / "index.html").read_text()
    assert "division by zero" in (out / "01_failing.html").read_text()


@pytest.mark.parametrize("numbers", [["2"], ["02"], ["02_b"], ["2", "02_b"]])
def test_chapters_are_chosen_by_number_or_name(tmp_path, numbers):
    for name in ("02_b", "01_a", "10_c", "notes", "02b_c"):
        write_chapter(tmp_path, name, [])
    assert [path.stem for path in chapters(tmp_path)] == ["01_a", "02_b", "02b_c", "10_c"]
    for number in ("2b", "02b", "02b_c"):
        assert [path.stem for path in chapters(tmp_path, [number])] == ["02b_c"]
    assert [path.stem for path in chapters(tmp_path, numbers)] == ["02_b"]


def test_wrong_arguments_are_refused_before_anything_runs(tmp_path):
    write_chapter(tmp_path, "01_a", [])
    with pytest.raises(ValueError, match=r"among: 01_a\. Received: '7'"):
        notebooks.run_tutorials(["7"], folder=tmp_path, out=tmp_path / "out")
    with pytest.raises(ValueError, match=r"Received: tier='fast'"):
        notebooks.run_tutorials(tier="fast", folder=tmp_path, out=tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="clone of the repository"):
        notebooks.run_tutorials(folder=tmp_path / "absent")
    assert not (tmp_path / "out").exists()


def start_run(folder: Path) -> tuple[subprocess.Popen, int]:
    """Run the chapters of a folder, and wait for the one that stops in `slow` for its kernel."""
    started = folder / "started"
    slow = f"import os, time\nopen({str(started)!r}, 'w').write(str(os.getpid()))\ntime.sleep(300)"
    write_chapter(folder, "02_slow", [slow])
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a CI may ignore it
        "from kerasvae.course import forked_kernels, notebooks\n"
        "forked_kernels.PRELOADED = ['ipykernel.kernelapp']\n"  # the chapters need no kerasvae
        "notebooks.side_by_side = lambda tier, chapters: 1\n"
        "notebooks.longest_first = lambda chapters, folder: chapters\n"
        "notebooks.run_tutorials(folder=sys.argv[1], out=sys.argv[2])\n"
    )
    command = [sys.executable, "-c", code, str(folder), str(folder / "out")]
    root = Path(notebooks.__file__).parents[2]
    process = subprocess.Popen(
        command, start_new_session=True, stderr=subprocess.PIPE, text=True, cwd=root
    )
    deadline = time.monotonic() + 240
    while not (started.exists() and started.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(process.communicate()[1])
        time.sleep(0.1)
    return process, int(started.read_text())


def is_gone(pid: int) -> bool:
    """Whether a process ends within a moment."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_an_interrupt_ends_the_run_and_its_kernel(tmp_path):
    write_chapter(tmp_path, "03_next", ["print('never')"])
    process, kernel = start_run(tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert errors.rstrip().endswith("KeyboardInterrupt"), errors
    assert is_gone(kernel)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_killed_run_leaves_whole_chapters_and_no_kernel(tmp_path):
    write_chapter(tmp_path, "01_good", GOOD)
    process, kernel = start_run(tmp_path)
    process.kill()
    process.communicate()
    assert is_gone(kernel)
    out = tmp_path / "out"
    assert [path.name for path in out.iterdir()] == ["01_good.ipynb"]
    assert "quick" in streams(out / "01_good.ipynb")

    write_chapter(tmp_path, "02_slow", ["print('now')"])
    assert notebooks.run_tutorials(folder=tmp_path, out=out) == 0
    assert streams(out / "02_slow.ipynb") == "now\n"
    assert (out / "index.html").is_file()


def test_chapters_run_side_by_side_and_say_so_line_by_line(tmp_path, monkeypatch, capsys):
    # Each waits for the other's file: one after the other, the first would fail.
    cell = (
        "import os, pathlib, time\n"
        "pathlib.Path('{mine}').touch()\n"
        "deadline = time.monotonic() + 60\n"
        "while not os.path.exists('{other}'):\n"
        "    assert time.monotonic() < deadline\n"
        "    time.sleep(0.05)\n"
        "print(*(os.environ[name] for name in ('TF_NUM_INTRAOP_THREADS', 'OMP_NUM_THREADS')))"
    )
    monkeypatch.setattr(notebooks, "side_by_side", lambda tier, chapters: 2)
    for name in kernels.THREADS:
        monkeypatch.delenv(name, raising=False)
    write_chapter(tmp_path / "tutorials", "01_a", [cell.format(mine="a", other="b")])
    write_chapter(tmp_path / "tutorials", "02_b", [cell.format(mine="b", other="a")])
    assert notebooks.run_tutorials(folder=tmp_path / "tutorials") == 0
    assert streams(tmp_path / "build" / "tutorials" / "01_a.ipynb").split() == ["1", "1"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["01_a: started", "02_b: started"]
    assert sorted(re.sub(r"\d+ s, \d", "_", line) for line in lines[2:4]) == [
        "01_a: passed (_ of 2)",
        "02_b: passed (_ of 2)",
    ]


def test_the_number_of_places_follows_cores_memory_and_chapters(monkeypatch):
    monkeypatch.setattr(notebooks.os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)

    def places(gigabytes, chapters, tier="quick"):
        free = types.SimpleNamespace(available=gigabytes * 10**9)
        monkeypatch.setattr(notebooks.psutil, "virtual_memory", lambda: free)
        return notebooks.side_by_side(tier, chapters)

    assert [places(64, 12), places(64, 3), places(5, 12), places(1, 12)] == [8, 3, 3, 1]
    assert places(64, 12, "full") == 1  # a GPU's memory would go to the first chapter


def test_the_longest_chapter_starts_first_and_an_unknown_one_before_it(tmp_path):
    rows = ["| [A](tutorials/01_a.ipynb) | Why? | 3 |", "| [B](tutorials/02_b.ipynb) | How? | 40 |"]
    (tmp_path / "README.md").write_text("\n".join(rows))
    paths = [tmp_path / "tutorials" / f"{name}.ipynb" for name in ("01_a", "02_b", "03_new")]
    ordered = longest_first(paths, tmp_path / "tutorials")
    assert [path.stem for path in ordered] == ["03_new", "02_b", "01_a"]
    assert longest_first(paths, tmp_path / "nowhere" / "tutorials") == paths


def test_the_readme_lists_the_seconds_of_every_chapter():
    root = Path(__file__).resolve().parents[2]
    rows = listed(root / "tutorials")
    assert list(rows) == [path.stem for path in chapters(root / "tutorials")]
    assert all(question.endswith("?") for question, _ in rows.values())
