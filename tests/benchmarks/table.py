"""What the benchmarks share: a small table, and the machine it came from."""

import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table under a title, with the machine below it."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells]
    print(f"\n{title}\n\n{lines[0]}\n|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print("\n".join(lines[1:]) + f"\n\n{machine()}")


def machine() -> str:
    """The processor, the cores and the versions that the figures depend on."""
    import keras
    import numpy
    import tensorflow

    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    name = model.group(1) if model else platform.processor() or platform.machine()
    return (
        f"{name}, {os.cpu_count()} cores; Python {platform.python_version()}, TensorFlow {tensorflow.__version__}, "
        f"Keras {keras.__version__}, NumPy {numpy.__version__}"
    )


def seconds(work: Callable[[], object], repeat: int = 1) -> float:
    """The median time of some runs."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
