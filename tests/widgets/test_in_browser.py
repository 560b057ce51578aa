"""The latent explorer as people use it: in a real JupyterLab, and as a page of its own."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from kerasvae.cli import app as cli
from tests import browser

pytestmark = pytest.mark.numpy_only  # what it adds to test_widgets.py is the same on every backend

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 240  # seconds for a server, a kernel with TensorFlow and a page on a busy machine
STARTED = r"\[(\*|\d+)\]:"  # the prompt of a cell that runs, or has run
FOLDERS = {
    "config": "JUPYTER_CONFIG_DIR",
    "data": "JUPYTER_DATA_DIR",
    "runtime": "JUPYTER_RUNTIME_DIR",
    "ipython": "IPYTHONDIR",
}
SHIPPED = "beta-tcvae-dsprites"
DECODED = "image decoded from the sliders"
# Ctrl-C works as in a terminal; what a shell started in the background would ignore it.
EXPLORE = """\
import signal, sys
from kerasvae.cli.explore import explore
signal.signal(signal.SIGINT, signal.default_int_handler)
explore(sys.argv[1], int(sys.argv[2]), False)"""
CELL = """\
from pathlib import Path
from kerasvae.runs import Run
from kerasvae.widgets import LatentExplorer
run = Run.open(Path({folder!r}))
LatentExplorer(run.load_model(), run.dataset())"""


def skip_without_a_browser():
    browser.chromium()
    for module in ("playwright", "jupyterlab", "voila", "anywidget"):
        pytest.importorskip(module)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A small run; without a browser nothing is trained."""
    skip_without_a_browser()
    folder = tmp_path_factory.mktemp("runs") / "beta"
    options = ["--data", "digits", "--steps", "400", "--latent-dim", "4", "--out", str(folder)]
    assert cli.app(["train", "vae", *options], standalone_mode=False) is None
    return folder


@pytest.fixture
def environment(tmp_path):
    """An environment without anyone's settings of Jupyter, in which kerasvae can be imported."""
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    folders = {variable: str(tmp_path / name) for name, variable in FOLDERS.items()}
    given = {**os.environ, **folders, "PYTHONPATH": path}
    given.pop("JUPYTER_DEFAULT_PROVISIONER_NAME", None)  # people start whole kernels
    return given


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url, **headers) -> int:
    """The status with which a server answers, 0 if it does not."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@contextlib.contextmanager
def serving(command, url, env, log):
    """A server that answers at the address until the end; what it prints goes to the log."""
    with open(log, "w") as output:
        process = subprocess.Popen(
            [sys.executable, *command], env=env, cwd=log.parent, stdout=output, stderr=output
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while not answers(url):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE)


def kernels(process) -> list[int]:
    """The kernels that a server runs, by their process numbers."""
    psutil = pytest.importorskip("psutil")
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended meanwhile
            if "ipykernel_launcher" in child.cmdline():
                found.append(child.pid)
    return found


def pictures(page) -> dict[str, str]:
    """What the pictures on the page show, {alternative text: address with all bytes}."""
    seen = "all => all.filter(i => i.offsetParent).map(i => [i.alt, i.src])"
    return dict(page.locator("img.kerasvae-picture").evaluate_all(seen))


def assert_changes(page, before, expected):
    """Those pictures, and no others, come to show something else than before."""

    def changed():
        after = pictures(page)
        assert all(source.startswith("data:image/png;base64,") for source in after.values())
        return {name for name in after if after[name] != before[name]}

    deadline = time.monotonic() + PATIENCE / 4
    while changed() != expected and time.monotonic() < deadline:
        page.wait_for_timeout(100)  # the traversals follow the decoded image
    page.wait_for_timeout(300)
    assert changed() == expected


def use(page, name, factor, levels):
    """Keys on a slider, a click on a traversal, another image, a sweep: each has its effect."""
    page.wait_for_selector("img[alt^=traversal]", timeout=PATIENCE * 1000)
    page.wait_for_timeout(500)
    slider = page.locator(".kerasvae-slider input").first
    stands = page.locator(".kerasvae-slider output").first
    top = page.locator("img[alt^=traversal]").first
    strip = top.get_attribute("alt")
    strips = {name for name in pictures(page) if name.startswith("traversal")}
    assert slider.bounding_box()["width"] >= 250
    assert slider.get_attribute("aria-label").startswith(f"{strip.split()[-1]}, ")

    before = pictures(page)
    slider.focus()
    page.keyboard.press("Home")
    # A dimension's own traversal goes through all its values, wherever its slider stands.
    assert_changes(page, before, {DECODED, *strips - {strip}})
    assert stands.text_content() == "−3.00"
    for key, value in (("ArrowRight", "−2.90"), ("Shift+ArrowUp", "−2.89"), ("PageUp", "−1.89")):
        page.keyboard.press(key)
        assert stands.text_content() == value

    page.wait_for_timeout(1000)
    before, box = pictures(page), top.bounding_box()
    top.click(position={"x": box["width"] - 2, "y": box["height"] / 2})
    assert_changes(page, before, {DECODED, *strips - {strip}})
    assert stands.text_content() == "2.00"
    assert top.get_attribute("title") == f"{strip.split()[-1]} = 2.00"

    before = pictures(page)
    page.get_by_role("button", name="next").click()
    assert_changes(page, before, set(before))
    after = pictures(page)
    assert after[DECODED] == after["reconstruction from the posterior mean"]
    browser.screenshot(page, name)
    sweep(page, stands)
    choose_by_factor(page, factor, levels)


def sweep(page, stands):
    """The image moves by itself for a while, and ends where it began."""
    before, places, images = stands.text_content(), set(), set()
    page.get_by_role("button", name="animate").click()
    stop = page.get_by_role("button", name="stop")
    stop.wait_for(timeout=PATIENCE * 1000)
    while stop.count():
        places.add(stands.text_content())
        images.add(pictures(page)[DECODED])
        page.wait_for_timeout(100)
    assert len(places) > 5 and len(images) > 3
    assert stands.text_content() == before


def choose_by_factor(page, factor, levels):
    """A menu leads to an image with another level of a factor: one of two that the page lacks."""
    menu = page.get_by_role("combobox", name=factor)
    other = next(level for level in levels if level != menu.input_value())
    before = pictures(page)
    menu.select_option(label=other)
    assert_changes(page, before, set(before))
    assert menu.input_value() == other


def run_first_cell(page):
    """Run it as a person does, who tries again if JupyterLab had no kernel yet and ignored it."""
    from playwright.sync_api import expect

    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=PATIENCE * 1000)
    deadline = time.monotonic() + PATIENCE
    while True:
        page.locator(".jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        try:
            prompt = page.locator(".jp-CodeCell .jp-InputPrompt").first
            return expect(prompt).to_have_text(re.compile(STARTED), timeout=5000)
        except AssertionError:
            assert time.monotonic() < deadline, "JupyterLab does not run the cell"


# JupyterLab on a busy machine now and then ignores a key; what we test is not that.
@pytest.mark.flaky(reruns=2)
def test_in_jupyterlab(run_folder, environment, tmp_path):
    import nbformat

    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(CELL.format(folder=str(run_folder)))]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "explorer.ipynb")
    # JupyterLab's own news would be asked of the internet.
    quiet = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (tmp_path / "config" / "labconfig").mkdir()
    (tmp_path / "config" / "labconfig" / "page_config.json").write_text(json.dumps(quiet))
    port, token = free_port(), "the-token-of-a-test"
    command = ["-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={tmp_path}", "--ServerApp.port_retries=0"]
    url = f"http://127.0.0.1:{port}"
    with serving(command, f"{url}/api", environment, tmp_path / "log"), browser.page() as page:
        page.goto(f"{url}/lab/tree/explorer.ipynb?token={token}")
        run_first_cell(page)
        use(page, "explorer_jupyterlab", "digit", ("7", "3"))
        assert page.errors == []


def test_kerasvae_explore(environment, tmp_path):
    """What the README promises: a sprite of a shipped model moves with a slider."""
    skip_without_a_browser()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = ["-c", EXPLORE, SHIPPED, str(port)]
    log = tmp_path / "log"
    # An address that starts no kernel tells when the server is there.
    probe = f"{url}/voila/static/voila.js"
    with serving(command, probe, environment, log) as process:
        (address,) = re.findall(r"explore it at (\S+)\n", log.read_text())
        assert address.startswith(f"{url}/?token=")
        with browser.page() as page:
            page.goto(address, timeout=PATIENCE * 1000)
            use(page, "explorer_page", "shape", ("heart", "square"))
            assert page.errors == []
            assert "Traceback" not in page.content()
            (kernel,) = kernels(process)
            page.reload(timeout=PATIENCE * 1000)
            page.wait_for_selector("img[alt^=traversal]", timeout=PATIENCE * 1000)
            assert len(kernels(process)) == 1 and kernels(process) != [kernel]
            page.goto("about:blank")
            deadline = time.monotonic() + 20  # far less than a page that vanished is waited for
            while kernels(process):
                assert time.monotonic() < deadline, "the page's process outlived it"
                time.sleep(0.2)
        # Without the token, and under a foreign name, the server gives nothing away.
        assert answers(url) == answers(address, Host="example.com") == 403
        assert SHIPPED in log.read_text()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0, log.read_text()
    assert "Traceback" not in log.read_text()
    assert answers(probe) == 0
