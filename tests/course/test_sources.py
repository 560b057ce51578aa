"""Making notebooks from their sources, on throw-away ones."""

import nbformat
import pytest

from kerasvae.course import sources as notebook_sources

pytestmark = pytest.mark.numpy_only  # the kernels choose their own backend

SOURCE = """\
# %% [markdown]
# # A chapter

# %% tags=["kept"]
import sys

print("noise", file=sys.stderr)
answer = 6 * 7

# %%
answer

# %%
answer
"""


@pytest.fixture
def tutorials(tmp_path):
    """A tutorials folder with the source of one chapter."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "01_chapter.py").write_text(SOURCE)
    return tmp_path


def edit(tutorials, old, new):
    """Replace text in the source of the chapter."""
    path = tutorials / "source" / "01_chapter.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_the_notebook_holds_cells_and_outputs_and_nothing_that_varies(tutorials):
    assert notebook_sources.sync(folder=tutorials) == 0
    path = tutorials / "01_chapter.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code", "code"]
    assert notebook.cells[0].source == "# A chapter"
    assert notebook.cells[1].outputs == []  # the warning is gone
    assert notebook.cells[2].outputs[0].data == {"text/plain": "42"}
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3]
    assert [cell.metadata for cell in notebook.cells] == [{}, {"tags": ["kept"]}, {}, {}]
    assert sorted(notebook.metadata) == ["kernelspec", "language_info"]
    assert len({cell.id for cell in notebook.cells}) == 4  # although two sources are equal

    first = path.read_bytes()
    assert notebook_sources.sync(folder=tutorials) == 0
    assert path.read_bytes() == first


def test_an_edited_source_is_executed_anew(tutorials):
    notebook_sources.sync(folder=tutorials)
    edit(tutorials, "6 * 7", "6 * 8")
    notebook_sources.sync(folder=tutorials)
    notebook = nbformat.read(tutorials / "01_chapter.ipynb", as_version=4)
    # The cell that shows the answer did not change; its output did.
    assert notebook.cells[2].outputs[0].data == {"text/plain": "48"}


@pytest.mark.parametrize(
    "expression", ["object()", "print(sys.executable)", "1 / 0"], ids=["address", "path", "error"]
)
def test_a_chapter_that_varies_or_fails_is_not_written(tutorials, capsys, expression):
    edit(tutorials, "# %%\nanswer\n\n", f"# %%\n{expression}\n\n")
    assert notebook_sources.sync(folder=tutorials) == 1
    assert "ell 3" in capsys.readouterr().out
    assert not (tutorials / "01_chapter.ipynb").exists()


@pytest.mark.parametrize("text", ["loss/kl", "1/2", "https://a.org/b/c", "(64, 64)", "p(x) / q(x)"])
def test_ordinary_text_is_stable(text):
    assert notebook_sources.UNSTABLE_TEXT.search(text) is None


def test_new_text_needs_no_execution(tutorials):
    notebook_sources.sync(folder=tutorials)
    path = tutorials / "01_chapter.ipynb"
    executed = nbformat.read(path, as_version=4)
    executed.cells[2].outputs[0].data["text/plain"] = "an output that no execution gives"
    nbformat.write(executed, path)
    edit(
        tutorials,
        "# # A chapter",
        "# # A better chapter\n#\n# Two lines.\n\n# %% [markdown]\n# More",
    )
    edit(tutorials, 'tags=["kept"]', 'tags=["kept", "new"]')
    assert notebook_sources.sync(folder=tutorials, execute="never") == 0
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert [c.source for c in notebook.cells[:2]] == ["# A better chapter\n\nTwo lines.", "More"]
    assert notebook.cells[2].metadata == {"tags": ["kept", "new"]}
    assert [cell.execution_count for cell in notebook.cells[2:]] == [1, 2, 3]
    kept = [cell.outputs for cell in executed.cells[1:]]
    assert [cell.outputs for cell in notebook.cells[2:]] == kept

    written = path.read_bytes()
    assert notebook_sources.sync(folder=tutorials) == 0  # nothing has changed, nothing runs
    assert path.read_bytes() == written
    assert notebook_sources.sync(folder=tutorials, execute="all") == 0
    assert nbformat.read(path, as_version=4).cells[3].outputs[0].data == {"text/plain": "42"}


def test_text_alone_refuses_code_that_was_not_executed(tutorials, capsys):
    assert notebook_sources.sync(folder=tutorials, execute="never") == 1
    assert not (tutorials / "01_chapter.ipynb").exists()
    notebook_sources.sync(folder=tutorials)
    written = (tutorials / "01_chapter.ipynb").read_bytes()
    edit(tutorials, "6 * 7", "6 * 8")
    capsys.readouterr()
    assert notebook_sources.sync(folder=tutorials, execute="never") == 1
    assert "01_chapter: its code has changed" in capsys.readouterr().out
    assert (tutorials / "01_chapter.ipynb").read_bytes() == written
    with pytest.raises(ValueError, match="Received: execute='some'"):
        notebook_sources.sync(folder=tutorials, execute="some")


@pytest.mark.parametrize(
    ("words", "execute"),
    [(["01"], "changed"), (["01", "--text"], "never"), (["--all", "01"], "all")],
)
def test_the_command_line_says_what_is_executed(monkeypatch, words, execute):
    monkeypatch.setattr(notebook_sources, "sync", lambda numbers, execute: (numbers, execute))
    assert notebook_sources.main(words) == (["01"], execute)
