"""Runs one notebook in a fresh kernel of the Python that runs this module.

No kernel needs to be registered. Several notebooks can run at once: each is a coroutine that waits
for its kernel, and `run_loop` is the event loop in which Ctrl-C ends them all.
"""

import asyncio
import atexit
import os
import re
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path

try:
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"Running the tutorials needs {missing.name}, which is not installed. "
        "Install the extra: pip install 'kerasvae[tutorials]'"
    ) from missing

# The entry point of forked_kernels.py; elsewhere a fork of loaded libraries is not safe.
FORKED = "kerasvae-forked" if sys.platform == "linux" else "local-provisioner"

# What TensorFlow's C++ side says about the machine at start-up, whatever the log level asked for.
STARTUP_LINES = re.compile(
    r"^(?:WARNING: All log messages before|[IWE]\d{4} \d\d:\d\d:|To enable the following"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] ).*\n?",
    re.MULTILINE,
)
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


class _Loop(asyncio.SelectorEventLoop):
    def add_signal_handler(self, *arguments) -> None:
        """Refuse: each notebook's client would take Ctrl-C to mean its own kernel only."""
        raise RuntimeError("Ctrl-C belongs to the loop that runs all notebooks.")


def run_loop(coroutine: Coroutine):
    """Run a coroutine that executes notebooks; Ctrl-C ends it and every kernel.

    Args:
        coroutine: what to run.

    Returns:
        What it returns.

    Raises:
        KeyboardInterrupt: when the user stops the run.
    """
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(coroutine)


def environment(tier: str, one_thread: bool = True) -> dict[str, str]:
    """The environment variables of a chapter's kernel; what the caller has set stays as it is.

    Args:
        tier: "quick" or "full"; the chapter reads it as KERASVAE_TIER.
        one_thread: whether the kernel computes with one thread. Dense networks as small as the
            chapters' gain little from a second one, which another chapter can use.

    Returns:
        The names and their values.
    """
    env = dict(os.environ, KERASVAE_TIER=tier, PYDEVD_DISABLE_FILE_VALIDATION="1")
    env.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Without it, TensorFlow leaves its fast convolutions off on processors without AVX-512.
    env.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    for name in THREADS if one_thread else ():
        env.setdefault(name, "1")
    env.pop("MPLBACKEND", None)  # the kernel's own choice shows figures inline
    return env


async def execute(
    notebook: nbformat.NotebookNode,
    folder: str | Path,
    env: dict[str, str],
    on_cell: Callable[[int], None] = lambda index: None,
) -> None:
    """Run every code cell in a fresh kernel and store the outputs in the notebook.

    Args:
        notebook: the chapter; changed in place.
        folder: the kernel's working folder.
        env: the kernel's environment variables.
        on_cell: called with a cell's index before the cell runs.

    Raises:
        CellExecutionError: when a cell raises.
        DeadKernelError: when the kernel ends, for want of memory for instance.
    """
    # Without folders to search, the one kernel left is ipykernel in this interpreter.
    specs = _Forked(kernel_dirs=[])
    client = NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs),
        extra_arguments=["--log-level=ERROR"],  # not the advice on encryption at every start
        timeout=None,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    # The kernel repeats what it prints on its own streams: kept off the progress display.
    with tempfile.TemporaryFile() as log:
        try:
            async with client.async_setup_kernel(env=env, cleanup_kc=True, stdout=log, stderr=log):
                for index, cell in enumerate(notebook.cells):
                    if cell.cell_type == "code":
                        on_cell(index)
                        try:
                            await client.async_execute_cell(cell, index)
                        finally:
                            cell.outputs = _without_startup_lines(cell.outputs)
        except DeadKernelError as dead:
            log.seek(0)
            last_words = log.read().decode(errors="replace").splitlines()[-20:]
            raise DeadKernelError("\n".join(last_words)) from dead
        finally:
            # Cancelled while it ends a kernel, nbclient leaves this behind, and stumbles over it.
            atexit.unregister(client._cleanup_kernel)


class _Forked(KernelSpecManager):
    """Says of every kernel that it is to be forked."""

    def get_kernel_spec(self, kernel_name):
        """The kernel's specification, with the provisioner that starts it."""
        spec = super().get_kernel_spec(kernel_name)
        spec.metadata["kernel_provisioner"] = {"provisioner_name": FORKED}
        return spec


def _without_startup_lines(outputs: list) -> list:
    """Drop the start-up lines of TensorFlow from stderr, and stderr when nothing else is left."""
    for output in outputs:
        if output.get("name") == "stderr":
            output.text = STARTUP_LINES.sub("", output.text)
    return [output for output in outputs if output.get("text") != ""]
