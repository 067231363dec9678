"""Windows of ten million words: views against the lists of lists of the class.

    python tests/benchmarks/bench_windows.py

The lists of the class are made for a part of the words only (all of them would take some 16 GB) and their time and memory are
scaled up; both grow in step with the number of windows.
"""

import resource
import sys
import tracemalloc

import numpy as np
from table import print_table, seconds

import minigpt

WORDS, WINDOW, PART, SERVED = 10_000_000, 100, 100_000, 2000


def windows_of_the_class(sequence, window_size):
    x, y = [], []
    for i in range(len(sequence) - window_size):
        x.append(sequence[i : i + window_size])
        y.append(sequence[i + 1 : i + window_size + 1])
    return np.array(x), np.array(y)


def serve(batches):
    """What a training does with them: copy batch after batch."""
    for index in range(SERVED):
        batches[index]


def peak_memory(work) -> int:
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> None:
    words = np.random.default_rng(0).integers(1, 5000, WORDS, dtype="int32")
    few = words[:PART].tolist()
    minigpt.create_dataset(few, WINDOW)  # import Keras outside the timing
    scale = WORDS / PART

    lists = seconds(lambda: windows_of_the_class(few, WINDOW), repeat=3) * scale
    views = seconds(lambda: minigpt.create_dataset(words, WINDOW), repeat=3)
    ids = words.tolist()
    views_of_list = seconds(lambda: minigpt.create_dataset(ids, WINDOW))
    list_memory = peak_memory(lambda: windows_of_the_class(few, WINDOW)) * scale
    view_memory = words.nbytes + peak_memory(lambda: minigpt.create_dataset(words, WINDOW))
    batches = minigpt.stream_dataset(words, WINDOW, batch_size=32)
    serving = seconds(lambda: serve(batches)) / SERVED
    serve_memory = words.nbytes + peak_memory(lambda: serve(batches))

    def row(name, time, memory):
        return name, f"{time:.3g} s", f"{lists / time:,.0f} x", f"{memory / 1e6:,.0f} MB", f"{memory / words.nbytes:.2f}"

    print_table(
        f"Windows of {WINDOW} over {WORDS:,} words ({words.nbytes / 1e6:.0f} MB as int32)",
        ("way", "time", "as fast as the lists", "memory, words included", "memory / words"),
        [
            row("lists of lists, as in class", lists, list_memory),
            row("create_dataset of a Python list", views_of_list, 2 * words.nbytes),
            row("create_dataset of an array", views, view_memory),
        ],
    )
    print(
        f"\nstream_dataset serves a shuffled batch of 32 windows in {serving * 1e3:.2f} ms; "
        f"words and batches together take {serve_memory / words.nbytes:.2f} times the words"
    )
    unit = 1 if sys.platform == "darwin" else 1024
    print(f"peak of the whole process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
