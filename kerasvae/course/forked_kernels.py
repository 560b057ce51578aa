"""Kernels that are forked from a process which has imported kerasvae: they start at once.

Importing TensorFlow takes a kernel longer than many a notebook's work. Here Python's fork server
imports it once; each kernel is a fork of that server, which has no threads and holds no data. The
class is an entry point of the package, a kernel provisioner of Jupyter's, so that nbclient, nbval
and nbgrader use it where the environment says `JUPYTER_DEFAULT_PROVISIONER_NAME=kerasvae-forked`.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing import forkserver, reduction
from types import ModuleType

from jupyter_client.provisioning import LocalProvisioner

PRELOADED = ["kerasvae", "matplotlib.pyplot", "ipykernel.kernelapp"]

# What is read when the preloaded modules are imported: a kernel that wants another value starts
# on its own.
READ_AT_IMPORT = ("KERAS_BACKEND", "PYTHONPATH", "TF_ENABLE_ONEDNN_OPTS", "OMP_NUM_THREADS")
INLINE = "module://matplotlib_inline.backend_inline"  # what ipykernel sets, but before it imports

_context = multiprocessing.get_context("forkserver")


class ForkedProvisioner(LocalProvisioner):
    """Starts a Python kernel as a fork; every other kernel as a process of its own."""

    _served: dict | None = None  # the environment of this process's fork server

    async def launch_kernel(self, cmd, **options):
        """Start the kernel that a command line asks for; see Jupyter's LocalProvisioner."""
        env = options.get("env") or dict(os.environ)
        if cmd[:3] != [sys.executable, "-m", "ipykernel_launcher"] or not self._serves(env):
            return await super().launch_kernel(cmd, **options)
        try:
            self.process = await asyncio.to_thread(ForkedProcess, cmd[3:], env, options)
        except (EOFError, OSError):  # the server could not import kerasvae: a kernel may say why
            type(self)._served = {}
            return await super().launch_kernel(cmd, **options)
        self.pid = self.pgid = self.process.pid
        self.cwd = options.get("cwd")
        return self.connection_info

    @classmethod
    def _serves(cls, env: dict) -> bool:
        """Whether forks of the server fit an environment; the first one starts it."""
        wanted = {name: env.get(name) for name in READ_AT_IMPORT}
        if cls._served is None:
            cls._served = wanted
            before = dict(os.environ)
            try:
                os.environ.update({"MPLBACKEND": INLINE} | env)
                _context.set_forkserver_preload(PRELOADED)
                forkserver.ensure_running()
            finally:
                os.environ.clear()
                os.environ.update(before)
        return cls._served == wanted


class ForkedProcess:
    """A kernel's process, with as much of `subprocess.Popen` as Jupyter asks of one.

    Args:
        arguments: of ipykernel.
        env: the kernel's environment variables.
        options: of Popen; its `cwd`, `stdout` and `stderr` count.
    """

    stdin = stdout = stderr = None  # Jupyter would close them

    def __init__(self, arguments: list[str], env: dict, options: dict):
        streams = {
            number: _Stream(options[name])
            for number, name in ((1, "stdout"), (2, "stderr"))
            if hasattr(options.get(name), "fileno")
        }
        ready, child = _context.Pipe(duplex=False)
        self._process = _context.Process(
            target=_run,
            args=(arguments, env, options.get("cwd"), streams, child),
            daemon=True,  # ended with the process that started it
        )
        with _no_main:
            self._process.start()
        child.close()
        ready.recv()  # it leads a group of its own by now, which a signal may be sent to
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end; return the exit status."""
        self._process.join(timeout)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal to it."""
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class _NoMain:
    """While it is held, a new process does not run the script again that this process runs."""

    def __init__(self):
        self._lock = threading.Lock()

    def __enter__(self):
        self._lock.acquire()
        self._main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")

    def __exit__(self, *error):
        sys.modules["__main__"] = self._main
        self._lock.release()


_no_main = _NoMain()


class _Stream:
    """A file that arrives in the kernel's process as a descriptor."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return _descriptor, (reduction.DupFd(self.file.fileno()),)


def _descriptor(sent) -> int:
    return sent.detach()


def _end_with_parent() -> None:
    """End this kernel when the process that started it is gone, killed for instance."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _run(arguments, env, cwd, streams, ready) -> None:
    """Be a kernel; what `python -m ipykernel_launcher` would be."""
    os.setsid()
    ready.send("ready")
    ready.close()
    for number, stream in streams.items():
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(env)
    if cwd:
        os.chdir(cwd)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    import numpy as np
    from ipykernel.kernelapp import launch_new_instance

    np.random.seed()  # noqa: NPY002 (not the state that all forks share)
    sys.argv = ["ipykernel_launcher", *arguments]
    launch_new_instance()
