"""The command `minigpt`: one line for each thing one does with it.

`minigpt --help` answers at once, because the module of a command is imported only when that command is given.
"""

import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Sequence

import minigpt

# name: (module with add_arguments and run, what it does)
COMMANDS = {
    "demo": ("minigpt.commands.demo", "build, train, save and ask a small GPT, start to end, in a minute"),
    "train": ("minigpt.commands.train", "train a GPT on your own text"),
    "generate": ("minigpt.commands.generate", "let a trained GPT continue a text"),
    "summary": ("minigpt.commands.summary", "show the layers and the parameters of a trained GPT"),
    "netron": ("minigpt.commands.netron", "open a trained GPT in Netron and look at its graph"),
    "chat": ("minigpt.commands.chat", "talk to a trained GPT, on a page or in the terminal"),
    "lab": ("minigpt.commands.lab", "open the notebooks of the class in JupyterLab"),
    "notebooks": ("minigpt.commands.notebooks", "for instructors: build, check and reveal the notebooks"),
    "grade": ("minigpt.commands.grade", "for instructors: mark the work of a student, or of a class"),
    "doctor": ("minigpt.commands.doctor", "check that this computer has what the class needs"),
}

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        The exit code: 0 all is well, 1 something was wrong and was said in one line, 2 the command was mistyped, 130 stopped
        with Ctrl-C.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    arguments = build_parser(argv).parse_args(argv)
    if arguments.command is None:
        build_parser([]).print_help()
        return USAGE
    warnings.showwarning = _show_warning
    try:
        return importlib.import_module(COMMANDS[arguments.command][0]).run(arguments)
    except minigpt.MinigptError as error:
        print(f"minigpt {arguments.command}: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has closed: nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def build_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Make the parser, with the arguments of the command that `argv` names and of no other."""
    parser = argparse.ArgumentParser(
        prog="minigpt",
        description="Build your own GPT, from a text file to a model that answers. New here? Type: minigpt demo",
    )
    parser.add_argument("--version", action="version", version=f"minigpt {minigpt.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    given = next((word for word in argv if not word.startswith("-")), None)
    for name, (module, purpose) in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
        if name == given:
            importlib.import_module(module).add_arguments(command)
    return parser


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    if category is UserWarning:  # ours, meant for the user; the remarks of libraries are not
        print(f"note: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
