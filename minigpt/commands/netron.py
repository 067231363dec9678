"""minigpt netron: look at the graph of a trained GPT in the browser."""

import argparse
import time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the folder of a trained GPT, such as runs/demo, or a .h5 or .keras file")
    parser.add_argument("--port", type=int, help="of the page; by default a free one")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def run(arguments: argparse.Namespace) -> int:
    import webbrowser

    from minigpt.show import show_netron

    address = show_netron(arguments.run, port=arguments.port)
    if not arguments.no_browser:
        webbrowser.open(address)
    print("Ctrl-C stops it.", flush=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print()
    return 0
