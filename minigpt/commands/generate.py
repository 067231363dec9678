"""minigpt generate: let a trained GPT continue a text, word by word."""

import argparse

import minigpt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the folder of a trained GPT, such as runs/demo")
    parser.add_argument("prompt", nargs="?", default="", help='the text to continue, such as "who is"; none starts anywhere')
    add_sampling_arguments(parser)
    parser.add_argument("--only-new", action="store_true", help="print only what is new, not the prompt")


def add_sampling_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings of `generate_text`, with the same names."""
    parser.add_argument(
        "--max-new-tokens", type=int, default=30, metavar="N", help="how many words to say (default: %(default)s)"
    )
    parser.add_argument(
        "--temperature", type=float, default=0.8, metavar="T", help="0 always takes the likeliest word (default: %(default)s)"
    )
    parser.add_argument("--top-k", type=int, metavar="K", help="choose among the K likeliest words only")
    parser.add_argument(
        "--top-p", type=float, metavar="P", help="choose among the likeliest words that reach probability P together"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed says the same")


def run(arguments: argparse.Namespace) -> int:
    model, tokenizer = minigpt.load_gpt(arguments.run)
    print_stream(model, tokenizer, arguments.prompt, arguments, with_prompt=not arguments.only_new)
    return 0


def print_stream(model, tokenizer, prompt: str, settings: argparse.Namespace, with_prompt: bool = True) -> None:
    """Print each word as it comes."""
    pieces = minigpt.stream_text(
        model,
        tokenizer,
        prompt,
        max_new_tokens=settings.max_new_tokens,
        temperature=settings.temperature,
        top_k=settings.top_k,
        top_p=settings.top_p,
        seed=settings.seed,
    )
    at_start = not with_prompt
    print(prompt if with_prompt else "", end="", flush=True)
    for piece in pieces:
        print(piece.lstrip() if at_start else piece, end="", flush=True)
        at_start = False
    print()
