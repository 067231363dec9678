"""minigpt chat: talk to a trained GPT, on a page in the browser or in the terminal."""

import argparse
import importlib.util
import runpy
import sys
from pathlib import Path

from minigpt.chat.runs import find_runs
from minigpt.commands.generate import add_sampling_arguments
from minigpt.errors import MinigptError

PAGE = Path(__file__).with_name("page.py")
OPTIONS = (
    "--server.address=127.0.0.1",  # nobody else in the network can reach the page
    "--server.headless=true",  # no question about an e-mail address
    "--browser.gatherUsageStats=false",  # nothing is sent to anyone
    "--server.fileWatcherType=none",  # watching all of TensorFlow's files costs seconds and serves nobody here
    "--client.toolbarMode=minimal",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the folder of a trained GPT, or a folder of several, such as runs")
    parser.add_argument("--terminal", action="store_true", help="talk here, without a page")
    parser.add_argument("--port", type=int, metavar="N", help="of the page; by default 8501 or the next one that is free")
    settings = parser.add_argument_group("settings of --terminal", "on the page they stand in the side bar")
    add_sampling_arguments(settings)  # type: ignore[arg-type]  # a group takes arguments as a parser does
    parser.set_defaults(temperature=0.0, max_new_tokens=40)


def run(arguments: argparse.Namespace) -> int:
    find_runs(arguments.run)  # a wrong folder is told here, not on the page
    if arguments.terminal:
        from minigpt.chat.terminal import talk

        talk(
            arguments.run,
            max_new_tokens=arguments.max_new_tokens,
            temperature=arguments.temperature,
            top_k=arguments.top_k,
            top_p=arguments.top_p,
            seed=arguments.seed,
        )
        return 0
    if importlib.util.find_spec("streamlit") is None:
        raise MinigptError(
            'the page needs Streamlit, which is not installed: type  python -m pip install "minigpt[chat]"  '
            "or talk in the terminal with --terminal"
        )
    print("The page is at the address below. Ctrl-C ends it.", flush=True)
    sys.argv = ["streamlit", *page_arguments(arguments.run, arguments.port)]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)  # in this process, so that nothing outlives it
    return 0


def page_arguments(folder: str, port: int | None = None) -> list[str]:
    """What `streamlit` is told, to serve the page of a folder of runs."""
    options = [*OPTIONS, *([f"--server.port={port}"] if port else [])]
    return ["run", str(PAGE), *options, "--", folder]
