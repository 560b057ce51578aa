"""Kernels that are forks of one process, and those that cannot be."""

import os

import nbformat
import pytest

from kerasvae.course import kernels

pytestmark = pytest.mark.numpy_only  # the kernels choose their own backend

CELL = """\
import os, sys
before = "keras" in sys.modules
import numpy as np
print(os.getppid(), before, np.random.random(), os.getsid(0) == os.getpid())
"""


def printed(*environments) -> list[list[str]]:
    """What kernels with these environment variables say of themselves."""
    said = []
    for changed in environments:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
        env = {**kernels.environment("quick"), **changed}
        kernels.run_loop(kernels.execute(notebook, ".", env))
        said.append(notebook.cells[0].outputs[0].text.split())
    return said


def test_kernels_are_forks_of_one_process_that_has_imported_all():
    first, second = printed({}, {})
    assert first[0] == second[0] != str(os.getpid())
    assert first[1] == second[1] == "True"
    assert first[2] != second[2], "both draw the same numbers"
    assert first[3] == second[3] == "True"  # a signal to one is none to the other


def test_a_kernel_with_another_backend_is_a_process_of_its_own():
    (alone,) = printed({"KERAS_BACKEND": "numpy"})
    assert alone[:2] == [str(os.getpid()), "False"]
