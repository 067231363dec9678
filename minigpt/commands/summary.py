"""minigpt summary: the layers and the parameters of a trained GPT."""

import argparse
from pathlib import Path

import minigpt
from minigpt.commands.options import add_run
from minigpt.engine.console import console, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("--blocks", action="store_true", help="open the decoder blocks and list their layers too")


def run(arguments: argparse.Namespace) -> int:
    from minigpt.engine.saved_files import read_saved

    model, tokenizer = minigpt.load_gpt(arguments.run)
    print_summary(model, expand_nested=arguments.blocks)
    saved = read_saved(Path(arguments.run)).description
    if saved["config"]:
        say("GPTConfig: " + ", ".join(f"{name}={value!r}" for name, value in saved["config"].items()), indent=2)
    say("made with: " + ", ".join(f"{name} {version}" for name, version in saved["versions"].items()), indent=2)
    frequent = ", ".join(list(tokenizer.word_counts)[:8])
    say(f"tokenizer: {tokenizer.vocab_size} ids; most frequent words: {frequent}", indent=2)
    return 0


def print_summary(model, expand_nested: bool = False) -> None:
    """Keras' summary, as wide as the terminal; Keras itself leaves four columns free."""
    model.summary(line_length=min(console().width, 88), expand_nested=expand_nested)
