"""The autograder for Gradescope: a ZIP with the source of minigpt, and the two scripts that Gradescope expects.

Reference: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

import io
import zipfile
from pathlib import Path

from minigpt.classroom.grading.marks import POINTS_FILE
from minigpt.engine.files import data_path, write_atomic

PACKAGE = Path(__file__).resolve().parents[2]
EXECUTABLE = 0o755 << 16

SETUP = """\
#!/usr/bin/env bash
# Runs once, when Gradescope builds its machine: installs what grading needs, in an environment of its own.
set -euo pipefail
base="${AUTOGRADER:-/autograder}"
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv
python3 -m venv "$base/venv"
"$base/venv/bin/python" -m pip install --no-cache-dir \\
    "tensorflow>=2.21" "keras>=3.12.4; python_version < '3.11'" "keras>=3.15; python_version >= '3.11'" "numpy>=1.26" \\
    "filelock>=4.1" "lazy_loader>=0.4" "psutil>=5.9.6" "rich>=13.7" "threadpoolctl>=3.1" "tomli>=2; python_version < '3.11'"
PYTHONPATH="$base/source" "$base/venv/bin/python" -c "from minigpt.classroom.grading.worker import prepare; prepare()"
"""

RUN = """\
#!/usr/bin/env bash
# Runs for each submission. The machine has half a processor, so everything gets more time than on a laptop.
base="${AUTOGRADER:-/autograder}"
mkdir -p "$base/results"
PYTHONPATH="$base/source" "$base/venv/bin/python" -m minigpt grade "$base/submission" \\
    --points "$base/source/points.toml" --gradescope "$base/results/results.json" \\
    --memory 300 --check-seconds 15 --total-seconds 400
if [ ! -s "$base/results/results.json" ]; then
    echo '{"score": 0, "output": "The autograder could not start: tell your instructor."}' > "$base/results/results.json"
fi
"""


def write_kit(path: Path, points: Path | None = None) -> None:
    """Write the ZIP to a path, with a file of points of your own or the one of minigpt."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as kit:
        for name, script in (("setup.sh", SETUP), ("run_autograder", RUN)):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = EXECUTABLE
            kit.writestr(entry, script)
        for file in sorted(PACKAGE.rglob("*")):
            if file.suffix in (".py", ".toml") and "__pycache__" not in file.parts:
                kit.write(file, f"minigpt/{file.relative_to(PACKAGE).as_posix()}")
        for name in ("data.txt", "questions.txt"):
            kit.write(data_path(name), f"minigpt/data/{name}")
        kit.write(points or POINTS_FILE, "points.toml")
    write_atomic(path, content.getvalue())
