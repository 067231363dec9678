"""The path of a text through the network, layer by layer."""

import html
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigpt.engine.cached_gpt import trace_activations
from minigpt.generation import never_said
from minigpt.show.drawing import shorten
from minigpt.show.model_inputs import numpy_gpt, read_ids, word_names

HEADINGS = ("layer", "shape", "size", "if it stopped here, it would predict")


@dataclass
class TraceRow:
    """One step of the path."""

    name: str  # of the layer in the Keras model
    shape: tuple[int, ...]  # of its activations: T words first, or heads
    size: float  # root of the mean square of the activations
    says: tuple[tuple[str, float], ...]  # words and probabilities, the likeliest first; () inside a block

    def cells(self) -> tuple[str, str, str, str]:
        """The row as text, for a table."""
        says = ", ".join(f"{word} {probability:.0%}" for word, probability in self.says)
        return self.name, " × ".join(map(str, self.shape)), f"{self.size:.2f}", says


@dataclass
class Trace:
    """What `trace` returns: prints as a table, in a terminal and in a notebook."""

    prompt: str
    words: list[str]
    rows: list[TraceRow]
    activations: dict[str, np.ndarray] = field(repr=False)  # by the name of the layer

    @property
    def title(self) -> str:
        """The line above the table."""
        return f"{len(self.words)} words through the network: {shorten(' '.join(self.words), 60)}"

    def __repr__(self) -> str:
        table = [HEADINGS, *(row.cells() for row in self.rows)]
        widths = [max(len(row[column]) for row in table) for column in range(3)]
        lines = [f"{name:<{widths[0]}}  {shape:>{widths[1]}}  {size:>{widths[2]}}  {says}" for name, shape, size, says in table]
        return "\n".join([self.title, *(line.rstrip() for line in lines)])

    def _repr_html_(self) -> str:
        rows = [[html.escape(cell) for cell in row] for row in (HEADINGS, *(row.cells() for row in self.rows))]
        left, right = '<td style="text-align:left">', '<td style="text-align:right">'
        body = "".join(f"<tr>{left}{a}</td>{right}{b}</td>{right}{c}</td>{left}{d}</td></tr>" for a, b, c, d in rows)
        return f"<p>{html.escape(self.title)}</p><table>{body}</table>"


def trace(model: Any, tokenizer: Any, prompt: str, top: int = 3) -> Trace:
    """Follow a text through the network: the shape and size of each activation, and what the network would predict there.

    The output of each block can be read out as if the block were the last one ("logit lens"): this shows at which layer the
    network finds its answer.

    Args:
        model: of `build_gpt_model`, or a `NumpyGPT`.
        tokenizer: of the model.
        prompt: at least one word; only the end of a text longer than the context window is read.
        top: how many words to name at each step.

    Returns:
        A `Trace`: `.rows` for the table, `.activations["decoder_block_1/attention"]` for the numbers.

    Raises:
        ShowError: the prompt has no words, or `build_gpt_model` did not build the model.

    Reference: nostalgebraist, "interpreting GPT: the logit lens", 2020.
    """
    gpt = numpy_gpt(model)
    ids = read_ids(tokenizer, prompt)[-gpt.config.max_seq_length :]
    probabilities, activations = trace_activations(gpt, ids)  # (T, V)
    silent = never_said(tokenizer, probabilities.shape[-1])
    # Only what is handed on from block to block has the form that the last layer reads.
    handed_on = ("positional_encoding", *(("residual_1", "residual_2") if gpt.config.norm == "pre" else ("norm_1", "norm_2")))

    def says(name: str, activation: np.ndarray) -> tuple[tuple[str, float], ...]:
        if name != "next_word" and name.split("/")[-1] not in handed_on:
            return ()
        last = activation[-1] if name == "next_word" else gpt.next_word(activation[-1:])[0]  # (V,)
        last = np.where(silent, 0.0, last)
        likeliest = np.argsort(-last, kind="stable")[:top]
        return tuple(zip(word_names(tokenizer, list(likeliest)), last[likeliest].tolist(), strict=True))

    rows = [
        TraceRow(name, value.shape, float(np.sqrt(np.mean(np.square(value, dtype="float64")))), says(name, value))
        for name, value in activations.items()
    ]
    return Trace(prompt, word_names(tokenizer, ids), rows, activations)
