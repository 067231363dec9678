"""minigpt demo: every step of the class, start to end, on the text of the class."""

import argparse
import time
from functools import partial

import minigpt
from minigpt.commands.summary import print_summary
from minigpt.engine.console import console, say

EPOCHS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", default="runs/demo", metavar="RUN", help="folder for the trained GPT (default: %(default)s)")
    parser.add_argument("--prompt", default="who is tavia brankwell", help="what to ask at the end (default: %(default)r)")


def run(arguments: argparse.Namespace) -> int:
    from minigpt.engine.files import locked

    out, prompt, started = arguments.out, arguments.prompt, time.perf_counter()
    with locked(out, "saving a model"):
        pass  # a folder that cannot be used is told now, not after the training
    step("1. read the text")
    text_data = minigpt.read_text(minigpt.data_path("data.txt"))
    say(text_data[:200].rsplit(" ", 1)[0] + " …")

    step("2. words to numbers (starts TensorFlow)")
    tokenizer = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
    sequence = tokenizer.encode(text_data)
    say(f"{len(sequence)} words, {tokenizer.vocab_size} different ids")
    say(f"{' '.join(tokenizer.tokenize(text_data)[:8])} -> {sequence[:8]}")

    step("3. windows: y is x one word later")
    config = minigpt.GPTConfig.quick(tokenizer.vocab_size)
    x, y = minigpt.create_dataset(sequence, window_size=config.max_seq_length)
    say(f"{len(x)} windows of {config.max_seq_length} words")
    say(f"x[0]: {tokenizer.decode(x[0, :6])} …\ny[0]: {tokenizer.decode(y[0, :6])} …", indent=6)

    step("4. the model")
    import keras

    keras.utils.set_random_seed(0)
    model = minigpt.build_gpt_model(config)
    print_summary(model)

    step("5. train it, and watch it learn to write")
    sample = minigpt.SampleText(tokenizer, prompt, say=partial(say, indent=4))
    history = minigpt.train_model(model, x, y, epochs=EPOCHS, callbacks=[sample])
    say(f"it now predicts the next word correctly {history.history['accuracy'][-1]:.0%} of the time")

    step("6. save it, and load it again")
    minigpt.save_gpt(out, model, tokenizer)
    model, tokenizer = minigpt.load_gpt(out)
    say(f"saved in {out}")

    step("7. ask it")
    for question in (prompt, "tavia brankwell was born in", "sunpetrel made"):
        say(minigpt.generate_text(model, tokenizer, question, max_new_tokens=25, temperature=0) + " …", indent=2)

    say(f"\nDone in {time.perf_counter() - started:.0f} s. Now try:")
    for command, purpose in (
        (f'generate {out} "who is"', "let it continue a text"),
        (f"netron {out}", "look at its graph in the browser"),
        ("train YOUR_TEXT.txt --out runs/mine", "the same with a text of your own"),
        ("lab", "the notebooks that build all this step by step"),
    ):
        say(f"  minigpt {command}\n      {purpose}", indent=6)
    return 0


def step(title: str) -> None:
    """Print a heading as wide as the page."""
    from rich.rule import Rule

    print(flush=True)
    page = console()
    page.print(Rule(title, align="left"), width=min(page.width, 80))
