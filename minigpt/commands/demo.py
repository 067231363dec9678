"""minigpt demo: every step of the class, start to end, on the text of the class."""

import argparse
import time

import minigpt

EPOCHS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", default="runs/demo", metavar="RUN", help="folder for the trained GPT (default: %(default)s)")
    parser.add_argument("--prompt", default="who is tavia brankwell", help="what to ask at the end (default: %(default)r)")


def run(arguments: argparse.Namespace) -> int:
    started = time.perf_counter()
    step("1. read the text")
    text_data = minigpt.read_text(minigpt.data_path("data.txt"))
    print(text_data[:200].rsplit(" ", 1)[0] + " …")

    step("2. words to numbers (this starts TensorFlow, which takes some seconds)")
    tokenizer = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
    sequence = tokenizer.encode(text_data)
    print(f"{len(sequence)} words, {tokenizer.vocab_size} different ids")
    print(f"{' '.join(tokenizer.tokenize(text_data)[:8])} -> {sequence[:8]}")

    step("3. windows: y is x one word later")
    config = minigpt.GPTConfig.quick(tokenizer.vocab_size)
    x, y = minigpt.create_dataset(sequence, window_size=config.max_seq_length)
    print(f"{len(x)} windows of {config.max_seq_length} words")
    print(f"x[0]: {tokenizer.decode(x[0, :6])} …\ny[0]: {tokenizer.decode(y[0, :6])} …")

    step("4. the model")
    import keras

    keras.utils.set_random_seed(0)
    model = minigpt.build_gpt_model(config)
    model.summary()

    step("5. train it, and hear it learn to speak")
    sample = minigpt.SampleText(tokenizer, arguments.prompt)
    history = minigpt.train_model(model, x, y, epochs=EPOCHS, callbacks=[sample])
    print(f"it now says the next word of the text right {history.history['accuracy'][-1]:.0%} of the time")

    step("6. save it, and load it again")
    minigpt.save_gpt(arguments.out, model, tokenizer)
    model, tokenizer = minigpt.load_gpt(arguments.out)
    print(f"saved in {arguments.out}")

    step("7. ask it")
    for prompt in (arguments.prompt, "tavia brankwell was born in", "sunpetrel made"):
        print(minigpt.generate_text(model, tokenizer, prompt, max_new_tokens=25, temperature=0), "…")

    print(f"\nDone in {time.perf_counter() - started:.0f} s. Now try:")
    print(f'  minigpt generate {arguments.out} "tavia brankwell was born in"')
    print(f"  minigpt netron {arguments.out}                     look at its graph in the browser")
    print("  minigpt train YOUR_TEXT.txt --out runs/mine   the same with a text of your own")
    print("  minigpt lab                                   the notebooks that build all this step by step")
    return 0


def step(title: str) -> None:
    print(f"\n── {title} " + "─" * max(0, 76 - len(title)), flush=True)
