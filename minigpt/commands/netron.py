"""minigpt netron: look at the graph of a trained GPT in the browser."""

import argparse
import time

from minigpt.commands.options import add_page, add_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser, more=", or a .h5 or .keras file")
    add_page(parser, default_port="a free one")


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
