"""What the commands share: a parser that suggests what was probably meant, and options that more than one of them has."""

import argparse
import difflib
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from minigpt.errors import MinigptError

USAGE = 2  # the exit code of a mistyped command


class Parser(argparse.ArgumentParser):
    """Answers a mistyped command, option or choice in one line, with what was probably meant."""

    def parse_args(self, args: Sequence[str], namespace=None):  # type: ignore[override]
        """Let options stand between arguments too: `minigpt generate RUN --seed 1 "who is"`."""
        if self._subparsers or {"-h", "--help"} & set(args):  # the two that argparse cannot do in this way
            return super().parse_args(args, namespace)
        return self.parse_intermixed_args(args, namespace)

    def parse_known_args(self, args: Sequence[str], namespace=None):  # type: ignore[override]
        """Name a mistyped option before argparse misses the one that was meant."""
        for word in args:
            name = word.partition("=")[0]
            if word == "--" or (self._subparsers and not word.startswith("-")):
                break  # what follows is no option, or one of a command of its own
            known = any(option.startswith(name) for option in self._option_string_actions)
            if word.startswith("--") and " " not in word and not known:
                self.error(f"there is no option {name}{probably(name, self._option_string_actions)}")
        return super().parse_known_args(args, namespace)

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            name = str(action.metavar or "/".join(action.option_strings)).lower()
            self.error(f"there is no {name} {value}{probably(str(value), map(str, action.choices))}")

    def error(self, message: str) -> NoReturn:
        """Exit without the usage, which would hide the sentence."""
        self.exit(USAGE, f"{self.prog}: {message} ({self.prog} --help shows all there is)\n")


def probably(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about a mistyped word.

    Example:
        >>> probably("trian", ["train", "demo"])
        ': did you mean train?'
    """
    similar = difflib.get_close_matches(word, list(known), n=1)
    return f": did you mean {similar[0]}?" if similar else ""


def whole_number(low: int, high: int | None = None) -> Callable[[str], int]:
    """The type of an option: a whole number from `low` up to and including `high`."""
    allowed = f"use a whole number from {low}" + (f" to {high}" if high is not None else " up")

    def convert(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number: {allowed}") from None
        if number < low or (high is not None and number > high):
            raise argparse.ArgumentTypeError(f"{number} is too {'small' if number < low else 'large'}: {allowed}")
        return number

    return convert


def add_run(parser: argparse.ArgumentParser, more: str = "") -> None:
    """The folder of a trained GPT."""
    parser.add_argument("run", metavar="RUN", help=f"the folder of a trained GPT, such as runs/demo{more}")


def add_seed(parser: argparse.ArgumentParser, effect: str, default: int | None = None) -> None:
    """The seed, within the bounds that NumPy and Keras have."""
    parser.add_argument("--seed", type=whole_number(0, 2**32 - 1), default=default, metavar="N", help=effect)


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """The settings of `generate_text`, with the same names."""
    default = "(default: %(default)s)"
    parser.add_argument("--max-new-tokens", type=int, default=30, metavar="N", help=f"how many words to write {default}")
    parser.add_argument("--temperature", type=float, default=0.8, metavar="T", help=f"0: always the likeliest word {default}")
    parser.add_argument("--top-k", type=int, metavar="K", help="choose among the K likeliest words only")
    parser.add_argument("--top-p", type=float, metavar="P", help="choose among the likeliest words of total probability P only")
    add_seed(parser, "the same seed writes the same text")


def sampling_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings of `add_sampling`, as arguments of `generate_text`."""
    return {name: getattr(arguments, name) for name in ("max_new_tokens", "temperature", "top_k", "top_p", "seed")}


def add_page(parser: argparse.ArgumentParser, default_port: str) -> None:
    """The port of a page, and whether to open it."""
    parser.add_argument("--port", type=whole_number(1, 65535), metavar="N", help=f"port of the page; by default {default_port}")
    add_no_browser(parser)


def add_no_browser(parser: argparse.ArgumentParser) -> None:
    """Whether to open a browser."""
    parser.add_argument("--no-browser", action="store_true", help="only print the address, do not open a browser")


def check_port(port: int | None) -> None:
    """Raise MinigptError where another program uses the port, or it may not be used."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port or 0))
    except OSError as error:
        raise MinigptError(f"port {port} cannot be used ({error.strerror}): give another --port, or leave it out") from None
