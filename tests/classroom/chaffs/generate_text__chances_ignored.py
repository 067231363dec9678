"""The probabilities are not given to choice."""

import numpy as np

CAUGHT_BY = "generate_text/temperature"
SAYS = "same chance"


def generate_text(model, tokenizer, prompt, max_new_tokens=30, temperature=0.8, top_k=None, top_p=None, seed=None):
    rng = np.random.default_rng(seed)
    ids = list(tokenizer.encode(prompt)) or [2]
    for _ in range(max_new_tokens):
        p = np.asarray(model(np.array([ids[-model.max_seq_length :]])))[0, -1].astype("float64")
        p = np.exp(np.log(p + 1e-30) / temperature)
        p = p / p.sum()
        if top_k is not None:
            p = np.where(p >= np.sort(p)[-top_k], p, 0)
        if top_p is not None:
            order = np.argsort(-p)
            p[order[np.searchsorted(np.cumsum(p[order]), top_p) + 1 :]] = 0
        ids.append(int(rng.choice(np.flatnonzero(p > 1e-6))))
    return tokenizer.decode(ids)
