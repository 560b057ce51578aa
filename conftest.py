"""What every test run shares: tests, docstring examples and notebook cells."""

import contextlib
import gc
import os
import sys
import tempfile

# Set before NumPy or a backend is imported, and inherited by the kernels of the notebooks.
# Two test processes share two cores, so one thread each is faster than a contended pool.
for name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
):
    os.environ.setdefault(name, "1")
# Without it, TensorFlow leaves its fast convolutions off on processors without AVX-512.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# Notebooks, here and in nbgrader, get kernels that need not import TensorFlow.
if sys.platform == "linux":
    os.environ.setdefault("JUPYTER_DEFAULT_PROVISIONER_NAME", "kerasvae-forked")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# On a GPU each test process would otherwise claim the whole memory.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")

# The width of the terminal that the tests were started from is not theirs.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)

# JAX compiles a program once for all test processes of a run, and for those that they start.
if os.environ["KERAS_BACKEND"] == "jax" and "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    compiled = tempfile.TemporaryDirectory(prefix="kerasvae-compiled-")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = compiled.name
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.3"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
    # The programs of tests run for a moment: compiling them with care would take longer.
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import hypothesis  # noqa: E402
import matplotlib  # noqa: E402
import pytest  # noqa: E402

# Not through MPLBACKEND: the notebooks' kernels would inherit it and lose their inline figures.
matplotlib.use("Agg")

# The same examples in every run, and no deadline: the first call of a backend compiles.
hypothesis.settings.register_profile("kerasvae", derandomize=True, deadline=None)
hypothesis.settings.load_profile("kerasvae")


def pytest_collectstart(collector):
    """Checked notebook cells compare neither warnings nor HTML: both vary between machines."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr", "text/html")


@pytest.fixture(autouse=True, scope="module")
def freed():
    """Let go of a file's models at its end: they hang together in circles, with their graphs.

    What stays is frozen: else each search for circles would walk through all the modules and tests
    that are loaded, four seconds a file at the end of the suite.
    """
    yield
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="module")
def narrow():
    """Give the named networks layers of 32 units, for a file that is not about networks."""
    from tests.narrow import narrow_networks

    with narrow_networks():
        yield


@contextlib.contextmanager
def _eager():
    if os.environ["KERAS_BACKEND"] != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


@pytest.fixture
def eagerly():
    """Let TensorFlow run a training of a few steps as it is: tracing it would take far longer."""
    with _eager():
        yield


@pytest.fixture(scope="module")
def all_eagerly():
    """The same, for a whole file."""
    with _eager():
        yield


@pytest.fixture(autouse=True)
def reproducible():
    """Start every test from the same seeds, and close the figures that it leaves open."""
    # Keras is looked up, not imported: a test that needs no backend does not wait for one.
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
