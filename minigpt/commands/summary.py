"""minigpt summary: the layers and the parameters of a trained GPT."""

import argparse

import minigpt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the folder of a trained GPT, such as runs/demo")
    parser.add_argument("--blocks", action="store_true", help="open the decoder blocks and list their layers too")


def run(arguments: argparse.Namespace) -> int:
    from minigpt.engine.saved_files import read_description

    model, tokenizer = minigpt.load_gpt(arguments.run)
    model.summary(expand_nested=arguments.blocks)
    saved = read_description(arguments.run)
    if saved["config"]:
        print("GPTConfig: " + ", ".join(f"{name}={value!r}" for name, value in saved["config"].items()))
    print("made with: " + ", ".join(f"{name} {version}" for name, version in saved["versions"].items()))
    print(f"tokenizer: {tokenizer.vocab_size} ids; most frequent words: {', '.join(list(tokenizer.word_counts)[:8])}")
    return 0
