"""minigpt generate: let a trained GPT continue a text, word by word."""

import argparse

import minigpt
from minigpt.commands.options import add_run, add_sampling, sampling_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("prompt", nargs="?", default="", help='the text to continue, such as "who is"; none starts anywhere')
    add_sampling(parser)
    parser.add_argument("--only-new", action="store_true", help="print only what is new, not the prompt")


def run(arguments: argparse.Namespace) -> int:
    model, tokenizer = minigpt.load_gpt(arguments.run)
    pieces = minigpt.stream_text(model, tokenizer, arguments.prompt, **sampling_of(arguments))
    at_start = arguments.only_new
    print("" if at_start else arguments.prompt, end="", flush=True)
    for piece in pieces:
        print(piece.lstrip() if at_start else piece, end="", flush=True)
        at_start = False
    print()
    return 0
