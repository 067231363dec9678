"""minigpt doctor: does this computer have what the class needs, and if not, what exactly fixes it?"""

import argparse
import importlib.metadata
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from minigpt.engine.console import say

INSTALL_AGAIN = "in the folder with README.md, type: python -m pip install --upgrade --force-reinstall -e ."


@dataclass
class Finding:
    """What a check found. `fix` is empty where all is well; without `essential` it is advice, not a fault."""

    name: str
    found: str
    fix: str = ""
    essential: bool = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Exit code 0: the class can begin. 1: something must be fixed first; the lines below a ✗ say how."


def run(arguments: argparse.Namespace) -> int:
    faults = 0
    for check in CHECKS:
        finding = examine(check)
        faults += bool(finding.fix and finding.essential)
        sign = "✓" if not finding.fix else "✗" if finding.essential else "!"
        say(f"{sign} {finding.name:<12} {finding.found}", indent=15)
        if finding.fix:
            say(f"{'':<14} → {finding.fix}", indent=17)
    say("All is well." if not faults else f"{faults} to fix; each → line says how.")
    return 1 if faults else 0


def examine(check: Callable[[], Finding]) -> Finding:
    """Run a check; an error in it becomes a finding too, never a traceback."""
    try:
        return check()
    except Exception as error:  # a doctor must not faint at what it finds
        name = check.__name__.removeprefix("check_")
        line = (str(error).splitlines() or [""])[0][:150]
        return Finding(name, f"{type(error).__name__}: {line}", INSTALL_AGAIN)


def check_python() -> Finding:
    fits = (3, 10) <= sys.version_info[:2] <= (3, 13)
    fix = "" if fits else "TensorFlow needs Python 3.10 to 3.13: install one of these and make a new venv with it"
    return Finding("Python", f"{sys.version.split()[0]} in {sys.prefix}", fix)


def check_tensorflow() -> Finding:
    import keras
    import tensorflow as tf

    float(tf.reduce_sum(tf.ones((2, 2))))  # it does not only import, it computes
    gpus = len(tf.config.list_physical_devices("GPU")) or "none, and none is needed"
    return Finding("TensorFlow", f"{tf.__version__}, Keras {keras.__version__} on {keras.backend.backend()}; GPU: {gpus}")


def check_tokenizer() -> Finding:
    from tensorflow.keras.preprocessing.text import Tokenizer

    tokenizer = Tokenizer(oov_token="<OOV>")
    tokenizer.fit_on_texts(["a b"])
    works = tokenizer.texts_to_sequences(["b c"]) == [[3, 1]]
    found = f"from tensorflow.keras.preprocessing.text import Tokenizer {'works' if works else 'is wrong'}"
    return Finding("Tokenizer", found, "" if works else INSTALL_AGAIN)


def check_hdf5() -> Finding:
    import h5py

    with tempfile.TemporaryDirectory() as folder, h5py.File(Path(folder, "probe.h5"), "w") as file:
        file["x"] = [1.0, 2.0]
    return Finding("HDF5", f"h5py {h5py.__version__} writes .h5 files")


def check_jupyter() -> Finding:
    fix = "python -m pip install jupyter && python -m ipykernel install --sys-prefix"
    missing = [name for name in ("jupyterlab", "ipykernel") if importlib.util.find_spec(name) is None]
    if missing:
        return Finding("Jupyter", f"{' and '.join(missing)} not installed", fix)
    from jupyter_client.kernelspec import KernelSpecManager

    kernels = KernelSpecManager().get_all_specs()
    if "python3" not in kernels:
        return Finding("Jupyter", f"no kernel named python3 (found: {', '.join(kernels) or 'none'})", fix)
    interpreter = kernels["python3"]["spec"]["argv"][0]
    if Path(interpreter).is_absolute() and Path(interpreter).parent != Path(sys.executable).parent:
        found = f"the kernel python3 starts {interpreter}, where minigpt is not installed"
        return Finding("Jupyter", found, "python -m ipykernel install --sys-prefix", essential=False)
    return Finding("Jupyter", f"JupyterLab {importlib.metadata.version('jupyterlab')}, kernel python3")


def check_netron() -> Finding:
    import netron

    from minigpt.show.netron_page import INSTALL, days_left

    left = days_left(Path(netron.__file__).parent)
    if left is None or left < 0:
        age = "its age is unknown" if left is None else "too old: its page no longer draws"
        return Finding("Netron", f"{netron.__version__}, {age}", INSTALL, essential=False)
    return Finding("Netron", f"{netron.__version__}, its page draws for {left} more days")


def check_streamlit() -> Finding:
    from minigpt.commands.chat import INSTALL

    if importlib.util.find_spec("streamlit") is None:
        return Finding("Streamlit", "not installed; only the page of minigpt chat needs it", INSTALL, essential=False)
    return Finding("Streamlit", importlib.metadata.version("streamlit"))


def check_computer() -> Finding:
    import psutil

    free = psutil.virtual_memory().available / 1e9
    fix = "close other programs: the full-size model needs about 2 GB" if free < 2 else ""
    return Finding("computer", f"{os.cpu_count()} cores (the class is made for 2), {free:.1f} GB of memory free", fix, False)


def check_data() -> Finding:
    import minigpt

    return Finding("data", f"the text of the class is at {minigpt.data_path('data.txt')}")


CHECKS = (
    check_python,
    check_tensorflow,
    check_tokenizer,
    check_hdf5,
    check_jupyter,
    check_netron,
    check_streamlit,
    check_computer,
    check_data,
)
