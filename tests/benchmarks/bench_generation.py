"""A word of generated text: the key/value cache in NumPy against the loop of the class, and against Hugging Face.

    python tests/benchmarks/bench_generation.py

The loop of the class pads the text to the window and calls `model.predict` for every word. Hugging Face `generate` runs with
its cache on, on a GPT-2 of the same shapes, where transformers and torch are installed.
"""

import dataclasses

import numpy as np
from table import print_table, seconds

import minigpt


def loop_of_the_class(model, tokenizer, prompt, words, window):
    ids = tokenizer.encode(prompt)
    for _ in range(words):
        padded = np.array([([0] * window + ids)[-window:]])
        ids.append(int(model.predict(padded, verbose=0)[0, -1].argmax()))
    return ids


def hugging_face(config, prompt_length, words):
    """A function that generates with Hugging Face, or None where it is not installed or has no such shape."""
    if config.key_dim * config.num_heads != config.embed_dim:  # GPT-2 knows no key_dim
        return None
    try:
        import torch
        from transformers import GPT2Config, GPT2LMHeadModel
    except ImportError:
        return None
    torch.manual_seed(0)
    network = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.max_seq_length,
            n_embd=config.embed_dim,
            n_layer=config.num_layers,
            n_head=config.num_heads,
            n_inner=config.ff_dim,
            eos_token_id=None,
            bos_token_id=None,
        )
    ).eval()
    ids = torch.arange(1, prompt_length + 1)[None]

    def generate():
        with torch.no_grad():
            network.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=words, min_new_tokens=words, do_sample=False,
                use_cache=True, pad_token_id=0,
            )  # fmt: skip

    return generate


def main() -> None:
    text_data = minigpt.read_text(minigpt.data_path())
    tokenizer = minigpt.WordTokenizer().fit(text_data)
    prompt = "who is tavia brankwell"
    rows = []
    sizes = {
        "class (5.7 M)": minigpt.GPTConfig(5000),
        "lecture (13.1 M, causal)": dataclasses.replace(minigpt.GPTConfig.lecture(), causal=True),
        "quick (0.5 M)": minigpt.GPTConfig.quick(tokenizer.vocab_size),
    }
    for name, config in sizes.items():
        model = minigpt.build_gpt_model(config)
        words = config.max_seq_length - len(tokenizer.encode(prompt))

        def ours(length=words, model=model):
            minigpt.generate_text(model, tokenizer, prompt, length, temperature=0)

        loop_of_the_class(model, tokenizer, prompt, 1, config.max_seq_length)  # Keras traces its function once
        ours(1)
        ours_time = seconds(ours, repeat=5) / words
        class_time = seconds(lambda: loop_of_the_class(model, tokenizer, prompt, words, config.max_seq_length)) / words  # noqa: B023
        long_time = seconds(lambda: ours(3 * config.max_seq_length)) / (3 * config.max_seq_length)  # noqa: B023
        peers = [("predict for each word (class)", class_time), ("generate_text, window slides", long_time)]
        if (peer := hugging_face(config, len(tokenizer.encode(prompt)), words)) is not None:
            peer()
            peers.append(("Hugging Face generate, cache on", seconds(peer, repeat=5) / words))
        rows.append((name, f"generate_text, {words} words", f"{ours_time * 1e3:.2f}", "1.0"))
        rows += [(name, way, f"{time * 1e3:.2f}", f"{time / ours_time:.1f}") for way, time in peers]
    print_table("Generating a text, everything included", ("model", "way", "ms a word", "times ours"), rows)


if __name__ == "__main__":
    main()
