"""Time each competitor in a process of its own: TensorFlow and PyTorch in one process crash on some versions."""

import multiprocessing
import time
from collections.abc import Callable
from typing import Any


class Peer:
    """A piece of work that is prepared and run in a process of its own, so that competitors can take turns.

    Args:
        prepare: a function at the top of a module; it is called in the process with the arguments, and returns the work, a
            function without arguments.
        arguments: for `prepare`.
    """

    def __init__(self, prepare: Callable[..., Callable[[], Any]], *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, prepare, arguments), daemon=True)
        self.process.start()
        theirs.close()
        try:
            self.missing = self.pipe.recv()  # the package that is not installed, or ""
        except EOFError:
            raise RuntimeError(f"{prepare.__name__} failed: see above") from None

    def seconds(self) -> float:
        """Do the work once and return the seconds that it took."""
        self.pipe.send("go")
        return self.pipe.recv()

    def close(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.join()


def _serve(pipe, prepare, arguments) -> None:
    try:
        work = prepare(*arguments)
    except ImportError as error:
        pipe.send(error.name or str(error))
        return
    work(), work()  # warm up, trace
    pipe.send("")
    while pipe.recv():
        start = time.perf_counter()
        work()
        pipe.send(time.perf_counter() - start)
