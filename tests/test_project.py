"""The set-up and the house rules, which no single module can test."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.numpy_only  # reads files

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MODULES = sorted((ROOT / "kerasvae").rglob("*.py"))
# Paths and addresses of one machine: the patterns are written so that they do not match here.
FOREIGN = re.compile(
    r"(?<![\w.\]])/(home|root|Users|work)/\w|file:/{2,3}\w|--(extra-)?index-url\b"
    r"|https?://\S+/simple\b|files\.pythonhosted\b"
)
# The backends are named in these files only; everything else goes through keras.ops.
BACKEND_FILES = ("kerasvae/backend/",)


def project_files() -> list[Path]:
    """List the files that are, or would be, committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: no list of the project's files")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def imports(path: Path) -> set[str]:
    """List the modules that a file imports, in full."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def requirements(extra: str) -> set[str]:
    """List what pyproject.toml requires with an extra, its own extras resolved."""
    found = set()
    for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"][extra]:
        requirement = Requirement(line)
        if requirement.name == PROJECT["name"]:
            found = found.union(*map(requirements, requirement.extras))
        else:
            found.add(str(requirement))
    return found


def test_environment_yml_installs_what_pyproject_requires(tmp_path):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [line for line in environment["dependencies"] if isinstance(line, str)]
    (pip,) = (line["pip"] for line in environment["dependencies"] if isinstance(line, dict))
    assert [re.match(r"[\w-]+", line).group() for line in conda] == ["python", "pip"]

    # pip itself reads the section and resolves it, offline: this environment satisfies it all,
    # so the project is what is left to install.
    listed = tmp_path / "requirements.txt"
    constraint, project = pip
    assert constraint == "--constraint constraints.txt"
    listed.write_text(f"--constraint {ROOT / 'constraints.txt'}\n{project}\n")
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-"]
    command += ["--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    run = subprocess.run(
        [*command, "--requirement", str(listed)], cwd=ROOT, capture_output=True, text=True
    )
    if "No module named pip" in run.stderr:
        pytest.skip("this environment was made without pip")
    assert run.returncode == 0, run.stderr
    (installed,) = json.loads(run.stdout)["install"]
    assert installed["metadata"]["name"] == PROJECT["name"]
    assert installed["download_info"]["url"] == ROOT.as_uri()

    (extra,) = installed["requested_extras"]
    resolved = set()
    for line in installed["metadata"]["requires_dist"]:
        requirement = Requirement(line)
        extras = ["", *requirements_extras(extra)]
        if any(not requirement.marker or requirement.marker.evaluate({"extra": e}) for e in extras):
            requirement.marker = None
            resolved.add(str(requirement))
    resolved = {line for line in resolved if Requirement(line).name != PROJECT["name"]}
    assert resolved == requirements(extra)


def requirements_extras(extra: str) -> set[str]:
    """List an extra and the extras of this project that it asks for."""
    found = {extra}
    for requirement in map(Requirement, PROJECT["optional-dependencies"][extra]):
        if requirement.name == PROJECT["name"]:
            found = found.union(*map(requirements_extras, requirement.extras))
    return found


def test_constraints_are_exact_and_hold_every_requirement():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert not [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)]
    pinned = {canonicalize_name(name): version for name, version in (s.split("==") for s in lines)}
    for requirement in map(Requirement, requirements("test")):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])
    # What the benchmark compares with is large, and nobody else needs it.
    assert not {"torch", "pythae", PROJECT["name"]} & pinned.keys()


def test_the_extras_are_the_documented_ones():
    assert sorted(PROJECT["optional-dependencies"]) == [
        "benchmark", "classroom", "cluster", "docs", "gpu", "jax", "lab", "study",
        "tensorboard", "test", "tutorials",
    ]  # fmt: skip
    assert "torch" not in {Requirement(line).name for line in requirements("test")}


def test_the_changelog_begins_with_this_version():
    heading = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heading.group(1) == PROJECT["version"]


@pytest.mark.parametrize(
    "target", ["tutorials", "test", "lab", "docs", "assignments", "lint", "format", "notebooks"]
)
def test_make_knows_its_targets(target):
    run = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    helped = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True)
    assert f"make {target} " in helped.stdout


def test_make_refuses_an_old_python(tmp_path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python 3.9.2'\nexit 1\n")
    old.chmod(0o755)
    command = ["make", "constraints", f"PYTHON={old}"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode != 0
    assert f"Received: PYTHON={old}, Python 3.9.2." in run.stderr


# Python and uv, as far as make asks for them; each notes in `log` how it was called.
STAND_IN = """\
#!/bin/sh
echo "$(basename "$0") $*" >> '{log}'
case "$*" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/kerasvae" ;;
    "venv "*) for last; do :; done; mkdir -p "$last/bin"; cp '{python}' "$last/bin/python"
        cp '{python}' "$last/bin/kerasvae" ;;
    *"install "*) [ ! -e '{log}.broken' ] ;;
    "-m pytest "*) echo "ran on $KERAS_BACKEND: $*"; [ "$KERAS_BACKEND" != tensorflow ] ;;
esac
"""


def outside_make():
    """The environment without what `make test` tells a make that it starts: it would talk more."""
    return {key: os.environ[key] for key in os.environ if not re.match("M(AKE|FLAGS)", key)}


@pytest.fixture
def checkout(tmp_path):
    """A folder with the Makefile in which `make(*words)` runs with stand-ins, and their log."""
    folder = tmp_path / "checkout"
    for name in ("bin", "tutorials"):
        (folder / name).mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    log = folder / "log"

    def stand_in(name):
        path = folder / "bin" / name
        path.write_text(STAND_IN.format(log=log, python=folder / "bin" / "python3"))
        path.chmod(0o755)

    def make(*words, status=0):
        """The lines of the log that concern installing, and what make printed."""
        log.write_text("")
        path = f"{folder / 'bin'}:/usr/bin:/bin"
        run = subprocess.run(
            ["make", *words], cwd=folder, env={"PATH": path}, capture_output=True, text=True
        )
        assert (run.returncode != 0) == bool(status), run.stdout + run.stderr
        lines = log.read_text().splitlines()
        return [line for line in lines if " venv " in line or " install " in line], run.stdout

    stand_in("python3")
    make.folder, make.stand_in, make.broken = folder, stand_in, Path(f"{log}.broken")
    return make


@pytest.mark.parametrize(
    ("target", "extra"),
    [("tutorials", "tutorials"), ("lab", "lab"), ("assignments", "classroom"), ("docs", "docs")],
)
def test_make_installs_what_the_target_needs_once(checkout, target, extra):
    (created, installed), printed = checkout(target)
    assert created == "python3 -m venv .venv"
    assert installed.endswith(f"install --quiet --constraint constraints.txt -e .[{extra}]")
    assert re.search(rf"'make {target}' needs into .venv: .* \d\.\d GB in all", printed)
    assert checkout(target)[0] == []


def test_make_adds_to_the_environment_and_holds_what_an_extra_holds(checkout):
    checkout("tutorials")
    (installed,), _ = checkout("test", status=2)  # the stand-in's tests fail
    assert installed.endswith(".[test]")
    for target in ("tutorials", "lab", "assignments", "docs", "lint"):
        assert checkout(target)[0] == [], target


def test_an_interrupted_installation_starts_anew(checkout):
    checkout("tutorials")
    checkout.broken.touch()
    checkout("docs", status=2)
    checkout.broken.unlink()
    (created, installed), _ = checkout("tutorials")  # what was whole may have been touched too
    assert created == "python3 -m venv .venv" and installed.endswith(".[tutorials]")


def test_an_environment_of_another_folder_or_other_requirements_is_renewed(checkout):
    checkout("tutorials")
    checkout("docs")
    stamp = checkout.folder / ".venv" / "docs.installed"
    later = stamp.stat().st_mtime + 5
    os.utime(checkout.folder / "pyproject.toml", (later, later))
    (installed,), _ = checkout("docs")  # into the environment that is there
    assert installed.endswith(".[docs]")
    os.utime(stamp, (later + 5, later + 5))
    (installed,), _ = checkout("tutorials")
    assert installed.endswith(".[tutorials]")
    stamp.write_text("/elsewhere\n")
    assert len(checkout("docs")[0]) == 2


def test_make_uses_uv_where_it_is_installed(checkout):
    checkout.stand_in("uv")
    (created, installed), _ = checkout("tutorials")
    assert created == "uv venv --quiet --seed --python python3 .venv"
    expected = "uv pip install --quiet --python .venv/bin/python --constraint constraints.txt -e"
    assert installed == f"{expected} .[tutorials]"


def test_what_tutorials_need_is_not_what_tests_need():
    names = {Requirement(line).name for line in requirements("tutorials")}
    assert not names & {"ray", "playwright", "sphinx", "nbgrader", "jax", "pytest", "pyarrow"}
    makefile = (ROOT / "Makefile").read_text()
    held = dict(re.findall(r"^HELD_(\w+) := (.*)$", makefile, re.MULTILINE))
    held["test"] = held["test"].replace("$(EXTRAS)", " ".join(held))
    for extra, inner in held.items():
        for name in inner.split():
            assert requirements(name) <= requirements(extra), (extra, name)


def test_make_tutorials_shows_all_but_the_greeting_of_tensorflow(checkout):
    checkout("tutorials")
    command = checkout.folder / ".venv" / "bin" / "kerasvae"
    lines = [
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "I0000 00:00:1795523255.309308   19185 cudart_stub.cc:31] Could not find cuda drivers",
        "E0000 00:00:1795523255.309308   19185 cuda_platform.cc:51] failed call to cuInit: 303",
        "an error that matters",
    ]
    said = "\n".join(lines)
    command.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}\nEND\necho on stdout: $*\nexit 3\n")
    command.chmod(0o755)
    run = subprocess.run(
        ["make", "tutorials", "TIER=full"],
        cwd=checkout.folder,
        env=outside_make(),
        capture_output=True,
        text=True,
    )
    assert run.returncode != 0 and "Error 3" in run.stderr
    assert run.stdout == "on stdout: tutorials --tier full\n"
    assert run.stderr.splitlines()[0] == "an error that matters"


def test_make_test_runs_both_backends_and_fails_when_one_does(checkout):
    _, printed = checkout("test", status=2)
    assert "ran on tensorflow: -m pytest" in printed, printed
    assert "ran on jax: -m pytest" in printed


@pytest.mark.parametrize("browser", [0, 1], ids=["a browser is installed", "none to be had"])
def test_ci_runs_make_test_and_ends_as_it_does(tmp_path, browser):
    stubs = {"make": 'echo "make $*"; exit 7', "apt-get": f"exit {browser}", "id": "echo 0"}
    for name, does in stubs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    for name in ("bash", "dirname", "sh"):
        (tmp_path / name).symlink_to(shutil.which(name))
    run = subprocess.run(
        ["bash", str(ROOT / ".ci" / "run")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.stdout == "make test\n", run.stderr
    assert run.returncode == 7


def test_the_code_is_in_the_agreed_style():
    for arguments in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "."]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr


def test_no_file_names_one_machine_or_is_large():
    for path in project_files():
        content = path.read_bytes()
        assert len(content) <= 2_000_000, f"{path} has {len(content)} bytes"
        if b"\0" not in content:
            found = FOREIGN.search(content.decode())
            assert not found, f"{path} contains {found and found.group()!r}"


@pytest.mark.parametrize(
    "text", ["/".join(["", "home", "ann"]), "see /Users" + "/ann", "--index-" + "url"]
)
def test_the_pattern_of_foreign_text_finds_it(text):
    assert FOREIGN.search(text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_are_documented_and_short(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 350
    assert ast.get_docstring(tree), "the module has no docstring"
    kinds = (ast.FunctionDef, ast.ClassDef)
    for node in tree.body:
        if isinstance(node, kinds) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            # A docstring with formula and references may be long; code may not.
            documented = len((ast.get_docstring(node, clean=False) or "").splitlines())
            code = node.end_lineno - node.lineno - documented
            assert code < 60, f"{node.name} is too long"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_import_in_one_direction(path):
    name = str(path.relative_to(ROOT))
    found = imports(path)
    if not name.startswith(BACKEND_FILES):
        backends = {"tensorflow", "jax", "torch", "tensorflow_probability"}
        assert not {module.split(".")[0] for module in found} & backends
    if name.startswith(("kerasvae/data/", "kerasvae/metrics/", "kerasvae/plotting")):
        assert not [m for m in found if m.startswith(("kerasvae.models", "kerasvae.training"))]
    if not name.startswith("kerasvae/cli"):
        assert not [module for module in found if module.startswith("kerasvae.cli")]
    assert not found & {"pickle", "cPickle", "dill", "joblib", "marshal"}
    assert not re.search(r"allow_pickle\s*=\s*True|\beval\(|\bexec\(", path.read_text())
