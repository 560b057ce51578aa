"""The executor of chapters, on throw-away ones."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from kerasvae.course import notebooks

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
    assert sorted(path.name for path in out.iterdir()) == ["01_good.html", "01_good.ipynb"]


def test_figures_stay_inline_whatever_backend_the_caller_has(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    cell = "import matplotlib.pyplot as plt\nplt.plot([0, 1]);"
    write_chapter(tmp_path, "01_figure", [cell])
    notebook = nbformat.read(tmp_path / "01_figure.ipynb", as_version=4)
    notebooks.execute(notebook, tmp_path)
    assert [sorted(output.data) for output in notebook.cells[1].outputs] == [
        ["image/png", "text/plain"]
    ]


def test_warnings_are_kept_and_what_the_backend_says_at_startup_is_not(tmp_path, capfd):
    lines = [
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "I0000 00:00:1795523255.309308   19185 cudart_stub.cc:31] Could not find cuda drivers",
        "To enable the following instructions: AVX2, rebuild TensorFlow",
    ]
    noise = "\n".join(lines) + "\n"
    cells = [
        f"import os, sys\nsys.stderr.write({text!r})\nos.write(2, {noise.encode()!r});"
        for text in (noise, noise + "A warning\n")
    ]
    write_chapter(tmp_path, "01_noisy", cells)
    notebook = nbformat.read(tmp_path / "01_noisy.ipynb", as_version=4)
    notebooks.execute(notebook, tmp_path)
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
    assert sorted(path.name for path in out.iterdir()) == ["03_good.html", "03_good.ipynb"]


@pytest.mark.parametrize("numbers", [["2"], ["02"], ["02_b"], ["2", "02_b"]])
def test_chapters_are_chosen_by_number_or_name(tmp_path, numbers):
    for name in ("02_b", "01_a", "10_c", "notes"):
        write_chapter(tmp_path, name, [])
    assert [path.stem for path in notebooks.chapters(tmp_path)] == ["01_a", "02_b", "10_c"]
    assert [path.stem for path in notebooks.chapters(tmp_path, numbers)] == ["02_b"]


def test_wrong_arguments_are_refused_before_anything_runs(tmp_path):
    write_chapter(tmp_path, "01_a", [])
    with pytest.raises(ValueError, match=r"among: 01_a\. Received: '7'"):
        notebooks.run_tutorials(["7"], folder=tmp_path, out=tmp_path / "out")
    with pytest.raises(ValueError, match=r"Received: tier='fast'"):
        notebooks.run_tutorials(tier="fast", folder=tmp_path, out=tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="clone of the repository"):
        notebooks.run_tutorials(folder=tmp_path / "absent")
    assert not (tmp_path / "out").exists()


def test_an_interrupt_ends_the_run_and_its_kernel(tmp_path):
    started = tmp_path / "started"
    cell = f"import os, time\nopen({str(started)!r}, 'w').write(str(os.getpid()))\ntime.sleep(300)"
    write_chapter(tmp_path, "01_slow", [cell])
    write_chapter(tmp_path, "02_next", ["print('never')"])
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a CI may ignore it
        "from kerasvae.course.notebooks import run_tutorials\n"
        "run_tutorials(folder=sys.argv[1], out=sys.argv[2])\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(tmp_path / "out")]
    root = Path(notebooks.__file__).parents[2]
    process = subprocess.Popen(
        command, start_new_session=True, stderr=subprocess.PIPE, text=True, cwd=root
    )
    try:
        deadline = time.monotonic() + 120
        while not (started.exists() and started.read_text()):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode != 0
    assert errors.rstrip().endswith("KeyboardInterrupt")
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
    assert list((tmp_path / "out").iterdir()) == []
