"""The rooms of the package stand on levels, and imports point down."""

import ast
import inspect
from pathlib import Path

import pytest

pytestmark = pytest.mark.numpy_only  # reads files

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "kerasvae"

# From the ground up. A room may import from lower levels, and within its own level as long as
# there is no circle.
LEVELS = (
    {"version", "checks", "files", "sampling"},
    {"backend"},
    {"data", "distributions", "networks", "losses"},
    {"training", "estimators", "divergences", "priors"},
    {"models", "layers", "metrics", "plotting", "surgery"},
    {"callbacks", "testing", "runs", "zoo", "widgets"},
    {"study"},
    {"course", "cli"},
)
# Modules that name the backend in a report or on the screen, and decide nothing by it.
SAYS = ("config.py", "session.py", "devices.py", "train.py")
LEVEL = {room: number for number, rooms in enumerate(LEVELS) for room in rooms}


def room_of(path: Path) -> str:
    """The room that a file stands in: its folder, or its own name."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported_rooms(text: str) -> set[str]:
    """The rooms of kerasvae that a module's text imports from, inside of functions too."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = node.module.split(".")
            if parts == ["kerasvae"]:
                found |= {alias.name for alias in node.names}
            elif parts[0] == "kerasvae":
                found.add(parts[1])
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found |= {parts[1] for parts in names if parts[0] == "kerasvae" and parts[1:]}
    return found


def modules() -> list[Path]:
    """Every module but the package's own door, which opens all rooms."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent != PACKAGE
            or path.name != "__init__.py"]  # fmt: skip


def wrong_imports(files: dict[str, str], level: dict[str, int]) -> list[str]:
    """Imports that point up, of {room: text of its modules}."""
    return [
        f"{room} imports {other}"
        for room, text in sorted(files.items())
        for other in sorted(imported_rooms(text) - {room})
        if level.get(other, len(LEVELS)) > level[room]
    ]


def circles(graph: dict[str, set[str]]) -> list[str]:
    """Rooms that can be reached from themselves."""

    def reached(start):
        seen, waiting = set(), [start]
        while waiting:
            for other in graph.get(waiting.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return seen

    return [room for room in sorted(graph) if room in reached(room)]


def rooms() -> dict[str, str]:
    """{room: text of its modules}."""
    texts = {}
    for path in modules():
        texts[room_of(path)] = texts.get(room_of(path), "") + "\n" + path.read_text()
    return texts


def test_every_room_has_a_level():
    assert set(rooms()) <= set(LEVEL)


def test_no_room_imports_from_a_higher_level():
    assert wrong_imports(rooms(), LEVEL) == []


def test_no_circle():
    graph = {room: imported_rooms(text) - {room} for room, text in rooms().items()}
    assert circles(graph) == []


def test_an_upward_import_and_a_circle_are_found():
    files = {"data": "from kerasvae.models import VAE", "models": "import kerasvae.data.files"}
    assert wrong_imports(files, LEVEL) == ["data imports models"]
    graph = {room: imported_rooms(text) for room, text in files.items()}
    assert circles(graph) == ["data", "models"]


def test_the_backends_are_imported_in_one_place():
    named = {"tensorflow", "jax", "torch", "tensorflow_probability"}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            found = {name.split(".")[0] for name in names} & named
            assert not found or room_of(path) == "backend", f"{path} imports {found}"


def test_nothing_outside_of_backend_asks_which_backend_runs():
    for path in modules():
        asks = "backend.backend()" in path.read_text() or "config.backend()" in path.read_text()
        assert not asks or room_of(path) == "backend" or path.name in SAYS


def test_every_model_shows_the_arguments_that_all_have():
    """Written out in each signature, for help, docs and editors; held here to the base's."""
    from kerasvae.models import BY_NAME, LatentVariableModel

    shared = [
        parameter
        for parameter in inspect.signature(LatentVariableModel.__init__).parameters.values()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    for model in BY_NAME.values():
        own = list(inspect.signature(model.__init__).parameters.values())
        given = [(p.name, p.default) for p in own if p.kind is p.POSITIONAL_OR_KEYWORD]
        assert given == [(p.name, p.default) for p in shared], model.__name__
        named = [p for p in own if p.kind is p.KEYWORD_ONLY]
        assert all(p.default is not p.empty for p in named), model.__name__
        assert not any(p.kind is p.VAR_POSITIONAL for p in own), model.__name__
