"""The table of metrics: complete, true, and all that a new metric needs."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from kerasvae import metrics
from kerasvae.metrics.metric import GIVEN
from kerasvae.runs import scores
from kerasvae.runs.report import score_rows
from tests.metrics.cases import check_known_answers, grid, perfect_codes, rows

ROOM = Path(metrics.__file__).parent
# mig_chen's densities run on the Keras backend.
ALL = rows("mig_chen")


@pytest.mark.numpy_only
def test_every_metric_has_a_row():
    """A metric is a file whose function bears its name and makes a Result of that name."""
    files = {
        path.stem
        for path in ROOM.glob("*.py")
        if f'Result(\n        "{path.stem}"' in path.read_text()
    }
    assert set(metrics.BY_NAME) == files
    useful = {"downstream", "generalisation", "unfairness"}  # not of the table: see its docstring
    others = useful | {"BY_NAME", "Metric", "NotApplicable", "Result"}
    assert set(metrics.__all__) == files | others
    for name, row in metrics.BY_NAME.items():
        assert getattr(metrics, name) is row.function and row.function.__name__ == name
        assert row.matrix or not row.heat_map
    assert {row.given for row in metrics.BY_NAME.values()} == set(GIVEN)


@pytest.mark.parametrize("row", ALL)
def test_known_answers_of_every_row(row):
    check_known_answers(row)


TOY = '''
"""The largest correlation of each factor with a code."""

import numpy as np

from kerasvae.metrics import Metric, Result


def toy(codes, factors, seed=0):
    """Whether a line through one code tells each factor."""
    both = np.hstack([codes, factors]).astype(float)
    with np.errstate(all="ignore"):
        matrix = np.nan_to_num(np.abs(np.corrcoef(both.T)))[: codes.shape[1], codes.shape[1] :]
    top = matrix.max(axis=0)
    return Result("toy", top.mean(), {"lowest": top.min()}, matrix, {"points": len(codes)})


ROW = Metric(toy, given="draw", parts=("lowest",), matrix="correlation", chance="about 0.1")
'''


@pytest.fixture
def add_toy(tmp_path, monkeypatch):
    """Add a new metric: its file in a temporary folder, and its row in the table."""

    def add(source=TOY):
        path = tmp_path / "toy.py"
        path.write_text(source)
        spec = importlib.util.spec_from_file_location("toy", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        monkeypatch.setitem(metrics.BY_NAME, "toy", module.ROW)
        return module.ROW

    return add


@pytest.mark.numpy_only
def test_a_new_metric_is_its_file_and_a_row(add_toy):
    row, dataset = add_toy(), grid()
    codes = perfect_codes(dataset)
    assert "toy" in scores.of_one_model()
    result = scores.score({"loc": codes, "scale": codes}, dataset, ["toy"], points=1000, draws=2)
    assert result["toy"]["mean"] == pytest.approx(1) and len(result["toy"]["draws"]) == 2
    score, part = score_rows(result)
    assert score["question"] == "Whether a line through one code tells each factor."
    assert score["reading"] == "0 to 1, higher is better; codes that say nothing: about 0.1"
    assert part["name"] == "lowest" and part["depth"] == 1 and part["reading"] == ""
    check_known_answers(row)


@pytest.mark.numpy_only
@pytest.mark.parametrize("fault", ["2 * top.mean()", "np.log(top.min())", "0.5", "matrix[0, 0]"])
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_known_answers_find_a_wrong_metric(add_toy, fault):
    """Out of range; infinite for constant codes; the same for all codes; of the first code only."""
    source = TOY.replace("top.mean()", fault)
    assert source != TOY
    with pytest.raises((AssertionError, ValueError)):
        check_known_answers(add_toy(source))


@pytest.mark.numpy_only
@pytest.mark.parametrize("wrong", [{"given": "images"}, {"given": "draw", "better": "more"}])
def test_rows_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match="Received: given="):
        metrics.Metric(np.mean, **wrong)
