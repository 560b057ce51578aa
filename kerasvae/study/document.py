"""Read a YAML document that a stranger may have written: no objects, no bombs, one-line errors."""

from pathlib import Path

MAX_BYTES = 1_000_000
MAX_VALUES = 100_000  # with every alias written out


def read_document(path: Path):
    """Read a YAML file of plain values.

    Args:
        path: of the file.

    Returns:
        dicts, lists, numbers, texts.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is not YAML, or holds far more than it should.
        ModuleNotFoundError: PyYAML is not installed.
    """
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("A study needs PyYAML: pip install 'kerasvae[study]'") from error
    if not path.is_file():
        raise FileNotFoundError(
            f"Expected a study's YAML file. Received: {path}, which is not a file"
        )
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path}: expected at most {MAX_BYTES:,} bytes of YAML")
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        small = node is None or _size(node, {}) <= MAX_VALUES
        content = yaml.safe_load(text) if small else None
    except (yaml.YAMLError, ValueError) as error:  # a text that is no UTF-8, a date that is none
        raise ValueError(f"{path} is not valid YAML: {error}") from error
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deeply") from error
    if not small:
        raise ValueError(f"{path}: expected at most {MAX_VALUES:,} values, aliases written out")
    return content


def _size(node, known: dict[int, float]) -> float:
    """Values of a node with every alias written out; infinite for a node that holds itself."""
    if id(node) not in known:
        known[id(node)] = float("inf")  # what a cycle back to here finds
        children = node.value if isinstance(node.value, list) else []
        nodes = [part for child in children for part in _parts(child)]
        known[id(node)] = 1 + sum(_size(part, known) for part in nodes)
    return known[id(node)]


def _parts(child) -> tuple:
    return child if isinstance(child, tuple) else (child,)  # key and value, or an item of a list
