"""The command `minigpt` picks the module of a command; `minigpt --help` answers at once, because it imports none of them."""

import contextlib
import importlib
import os
import sys
import warnings
from collections.abc import Sequence

import minigpt
from minigpt.commands.options import USAGE, Parser
from minigpt.engine.console import accept_any_text

COMMANDS = {  # each is a module of minigpt.commands
    "demo": "build, train, save and ask a small GPT, start to end, in a minute",
    "train": "train a GPT on your own text",
    "generate": "let a trained GPT continue a text",
    "summary": "show the layers and the parameters of a trained GPT",
    "netron": "open a trained GPT in Netron and look at its graph",
    "chat": "talk to a trained GPT, on a page or in the terminal",
    "lab": "open the notebooks of the class in JupyterLab",
    "notebooks": "for instructors: build, check and reveal the notebooks",
    "grade": "for instructors: mark the work of a student, or of a class",
    "doctor": "check that this computer has what the class needs",
}

OK, FAILED, INTERRUPTED = 0, 1, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        The exit code: 0 all is well, 1 something was wrong and was said in one line, 2 the command was mistyped, 130 stopped
        with Ctrl-C.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    name = argv[0] if argv and argv[0] in COMMANDS else None
    accept_any_text()
    warnings.showwarning = _show_warning
    try:
        code = _run(name, argv)
        sys.stdout.flush()
        return code
    except minigpt.MinigptError as error:
        return _fail(name, str(error))
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has closed: nobody is left to tell
        return FAILED
    except OSError as error:
        return _fail(name, f"{error.filename or 'the output'} cannot be used ({error.strerror})")
    finally:
        try:
            sys.stdout.flush()
        except OSError:  # Python would try once more at its end, and print a traceback
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(name: str | None, argv: Sequence[str]) -> int:
    try:
        if name is None:
            overview = build_overview()
            overview.parse_args(argv)  # --help, --version, or a mistyped command
            overview.print_help()
            return USAGE
        arguments = build_parser(name).parse_args(argv[1:])
    except SystemExit as stop:  # argparse has shown the help, or said what is wrong
        return int(stop.code or OK)
    return importlib.import_module(f"minigpt.commands.{name}").run(arguments)


def build_overview() -> Parser:
    """The parser of `minigpt` itself, which knows the names of the commands and what they do."""
    parser = Parser(
        prog="minigpt",
        description="Build your own GPT, from a text file to a model that answers. New here? Type: minigpt demo",
    )
    parser.add_argument("--version", action="version", version=f"minigpt {minigpt.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, purpose in COMMANDS.items():
        commands.add_parser(name, help=purpose)
    return parser


def build_parser(name: str) -> Parser:
    """The parser of a command."""
    purpose = COMMANDS[name]
    parser = Parser(prog=f"minigpt {name}", description=f"{purpose[0].upper()}{purpose[1:]}.")
    importlib.import_module(f"minigpt.commands.{name}").add_arguments(parser)
    return parser


def _fail(name: str | None, sentence: str) -> int:
    with contextlib.suppress(OSError):
        print(f"minigpt {name}: {sentence}" if name else f"minigpt: {sentence}", file=sys.stderr)
    return FAILED


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    if category is UserWarning:  # ours, meant for the user; the remarks of libraries are not
        print(f"note: {message}", file=sys.stderr)
