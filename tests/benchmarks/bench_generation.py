"""A word of generated text: the key/value cache in NumPy against the loop of the class, and against Hugging Face.

    python tests/benchmarks/bench_generation.py           # all sizes; or some: bench_generation.py quick class

Our words are computed on one BLAS thread; "all threads" shows what that costs on an idle computer and saves on a busy one,
where each core has another program to run. The loop of the class pads the text to the window and calls `model.predict` for
every word. Hugging Face `generate` runs with its cache on, in a process of its own, on a GPT-2 of the same shapes, where
transformers and torch are installed.
"""

import contextlib
import dataclasses
import os
import statistics
import subprocess
import sys
from types import SimpleNamespace
from unittest import mock

import numpy as np
from peer import Peer
from table import print_table, seconds

import minigpt
from minigpt.engine import cached_gpt


@contextlib.contextmanager
def busy_computer():
    """Give each core a second program to run."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def all_threads():
    """Let BLAS use as many threads as it likes."""
    unlimited = SimpleNamespace(limit=lambda limits: contextlib.nullcontext())
    return mock.patch.object(cached_gpt, "_blas", lambda: unlimited)


def loop_of_the_class(model, tokenizer, prompt, words, window):
    ids = tokenizer.encode(prompt)
    for _ in range(words):
        padded = np.array([([0] * window + ids)[-window:]])
        ids.append(int(model.predict(padded, verbose=0)[0, -1].argmax()))
    return ids


def hugging_face(config, prompt_length, words):
    """Prepare a function that generates with Hugging Face."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

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
        "quick": minigpt.GPTConfig.quick(tokenizer.vocab_size),  # 0.5 M parameters
        "class": minigpt.GPTConfig(5000),  # 5.7 M
        "lecture": dataclasses.replace(minigpt.GPTConfig.lecture(), causal=True),  # 13.1 M
    }
    for name in sys.argv[1:] or sizes:
        config = sizes[name]
        model = minigpt.build_gpt_model(config)
        words = config.max_seq_length - len(tokenizer.encode(prompt))

        def ours(length=words, model=model):
            minigpt.generate_text(model, tokenizer, prompt, length, temperature=0)

        loop_of_the_class(model, tokenizer, prompt, 1, config.max_seq_length)  # Keras traces its function once
        ours(1)
        times = {f"generate_text, {words} words": seconds(ours, repeat=5) / words}
        with all_threads():
            times["the same, all threads"] = seconds(ours, repeat=5) / words
        long = 3 * config.max_seq_length
        times[f"window slides, {long} words"] = seconds(lambda: ours(long), repeat=3) / long  # noqa: B023
        with busy_computer():
            times["busy computer"] = seconds(ours, repeat=3) / words
            with all_threads():
                times["busy computer, all threads"] = seconds(ours) / words
        times["predict for each word (class)"] = (
            seconds(lambda: loop_of_the_class(model, tokenizer, prompt, words, config.max_seq_length)) / words  # noqa: B023
        )
        if config.key_dim * config.num_heads == config.embed_dim:  # GPT-2 knows no key_dim
            peer = Peer(hugging_face, config, len(tokenizer.encode(prompt)), words)
            if not peer.missing:
                times["Hugging Face generate, cache on"] = statistics.median(peer.seconds() for _ in range(5)) / words
            peer.close()
        first = next(iter(times.values()))
        rows += [(name, way, f"{time * 1e3:.2f}", f"{time / first:.1f}") for way, time in times.items()]
    print_table("Generating a text, everything included", ("model", "way", "ms a word", "times the first"), rows)


if __name__ == "__main__":
    main()
