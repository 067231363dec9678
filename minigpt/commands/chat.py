"""minigpt chat: talk to a trained GPT, on a page in the browser or in the terminal."""

import argparse
import importlib.util
import runpy
import sys
from pathlib import Path

import minigpt
from minigpt.chat.saved_runs import find_runs
from minigpt.commands.options import add_page, add_run, add_sampling, check_port, sampling_of
from minigpt.errors import MinigptError

PAGE = Path(minigpt.__file__).with_name("chat") / "page.py"
OPTIONS = (
    "--server.address=127.0.0.1",  # nobody else in the network can reach the page
    "--server.showEmailPrompt=false",
    "--browser.gatherUsageStats=false",  # nothing is sent to anyone
    "--server.fileWatcherType=none",  # watching all of TensorFlow's files costs seconds and serves nobody here
    "--client.toolbarMode=minimal",
)
INSTALL = (  # for those who have the project's folder, and for those who have a wheel only
    'type  python -m pip install -e ".[chat]"  in the folder with README.md, or  python -m pip install "streamlit>=1.50"'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser, more=", or a folder of several, such as runs")
    parser.add_argument("--terminal", action="store_true", help="talk here, without a page")
    add_page(parser, default_port="8501 or the next free one")
    settings = parser.add_argument_group("settings of --terminal", "on the page they are in the side bar")
    add_sampling(settings)  # type: ignore[arg-type]  # a group takes arguments as a parser does
    parser.set_defaults(temperature=0.0, max_new_tokens=40)


def run(arguments: argparse.Namespace) -> int:
    find_runs(arguments.run)  # a wrong folder is told here, not on the page
    if arguments.terminal:
        from minigpt.chat.terminal import talk

        talk(arguments.run, **sampling_of(arguments))
        return 0
    if importlib.util.find_spec("streamlit") is None:
        raise MinigptError(f"the page needs Streamlit, which is not installed: {INSTALL}; or talk here with --terminal")
    check_port(arguments.port)
    print("The page is at the address below. Ctrl-C ends it.", flush=True)
    options = [*OPTIONS, f"--server.headless={'true' if arguments.no_browser else 'false'}"]
    if arguments.port:
        options.append(f"--server.port={arguments.port}")
    sys.argv = ["streamlit", "run", str(PAGE), *options, "--", arguments.run]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)  # in this process, so that nothing outlives it
    return 0
