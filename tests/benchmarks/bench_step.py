"""A training step: Keras on TensorFlow against PyTorch eager, the same shapes, in one run.

    python tests/benchmarks/bench_step.py

Without torch, only our own time is shown. Each runs in a process of its own, and their steps alternate, so that a busy
machine slows both.
"""

import statistics

import numpy as np
from peer import Peer
from table import print_table

import minigpt

BATCH, STEPS = 32, 20


def keras_step(config, x, y):
    """Prepare our training step."""
    import keras

    model = minigpt.build_gpt_model(config)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return lambda: model.train_on_batch(x, y)


def torch_step(config, x, y):
    """Prepare the same network in PyTorch: pre-norm, gelu, causal, its fused attention."""
    import torch
    from torch import nn

    width, inner = config.embed_dim, config.num_heads * config.key_dim

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.output = nn.Linear(width, 3 * inner), nn.Linear(inner, width)
            self.feed_forward = nn.Sequential(nn.Linear(width, config.ff_dim), nn.GELU(), nn.Linear(config.ff_dim, width))
            self.dropout = nn.Dropout(config.dropout)

        def forward(self, x):
            batch, length, _ = x.shape
            heads = self.qkv(self.norm_1(x)).view(batch, length, 3, config.num_heads, config.key_dim)
            q, k, v = heads.permute(2, 0, 3, 1, 4)
            mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.dropout(self.output(mixed.transpose(1, 2).reshape(batch, length, inner)))
            return x + self.dropout(self.feed_forward(self.norm_2(x)))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.places = nn.Embedding(config.vocab_size, width), nn.Embedding(config.max_seq_length, width)
            self.blocks = nn.Sequential(*(Block() for _ in range(config.num_layers)))
            self.norm, self.next_word = nn.LayerNorm(width), nn.Linear(width, config.vocab_size)

        def forward(self, ids):
            return self.next_word(self.norm(self.blocks(self.words(ids) + self.places.weight[: ids.shape[1]])))

    model = GPT().train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    x, y = torch.from_numpy(x.astype("int64")), torch.from_numpy(y.astype("int64"))

    def step():
        optimizer.zero_grad()
        scores = model(x)
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), y.flatten())
        loss.backward()
        optimizer.step()
        (scores.argmax(-1) == y).float().mean().item()  # the accuracy, which Keras computes too
        return loss.item()

    return step


def main() -> None:
    rows = []
    for name, config in {"quick": minigpt.GPTConfig.quick(385), "class": minigpt.GPTConfig(385)}.items():
        ids = np.random.default_rng(0).integers(2, config.vocab_size, (BATCH, config.max_seq_length + 1), dtype="int32")
        peers = {
            "Keras on TensorFlow": Peer(keras_step, config, ids[:, :-1], ids[:, 1:]),
            "PyTorch eager": Peer(torch_step, config, ids[:, :-1], ids[:, 1:]),
        }
        times: dict[str, list[float]] = {way: [] for way, peer in peers.items() if not peer.missing}
        for _ in range(STEPS):
            for way in times:
                times[way].append(peers[way].seconds())
        for peer in peers.values():
            peer.close()
        ours = statistics.median(times["Keras on TensorFlow"])
        for way, values in times.items():
            middle = statistics.median(values)
            rows.append((name, f"{BATCH} x {config.max_seq_length}", way, f"{middle * 1e3:.0f}", f"{middle / ours:.2f}"))
    print_table("A training step", ("preset", "batch", "way", "ms", "times ours"), rows)


if __name__ == "__main__":
    main()
