"""The page of `minigpt chat RUN`: a Streamlit script, which runs from top to bottom at each click.

What must outlive a click is in `st.session_state`, of which each browser tab has its own. Everything typed or generated is
shown by `st.text` or in a chart, as plain text: never as Markdown or HTML.
"""

import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from minigpt.chat.answering import is_dialogue, prompt_for, stream_answer, unknown_in
from minigpt.chat.look_inside import AnswerWord, look_inside
from minigpt.chat.saved_runs import find_runs, read_about
from minigpt.engine.next_word import fast_copy
from minigpt.errors import MinigptError
from minigpt.numpy_gpt import NumpyGPT
from minigpt.saving import load_gpt
from minigpt.show.drawing import shorten
from minigpt.show.tracing import HEADINGS, trace

LONGEST_QUESTION = 4000  # characters
WORD_PAUSE = 0.04  # seconds: a word takes a millisecond, and the answer should be seen to grow word by word
WRAP = "<style>[data-testid='stText'] {white-space: pre-wrap; overflow-wrap: anywhere; font-family: inherit}</style>"


@dataclass
class Message:
    """One message of the conversation."""

    role: str  # "user" or "assistant"
    pieces: list[str] = field(default_factory=list)
    prompt: str = ""  # of an answer: what the model had read
    run: str = ""  # of an answer: the model
    unknown: list[str] = field(default_factory=list)  # of a question: the words that the model does not know

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()


def main(folder: str) -> None:
    """Draw the page."""
    st.set_page_config(page_title="minigpt", page_icon="💬")
    st.html(WRAP)
    st.title("Talk to your GPT")
    messages: list[Message] = st.session_state.setdefault("messages", [])
    try:
        run, model, tokenizer = choose_run(folder)
        settings = ask_settings(is_dialogue(tokenizer))
    except MinigptError as error:  # the run is gone or damaged: the conversation stays on the page
        show_conversation(messages)
        show_error(error)
        return
    show_report(run)
    if st.sidebar.button("New conversation"):
        messages.clear()

    if is_dialogue(tokenizer):
        st.caption("It answers each question on its own, from what it has read and from nothing else.")
        question = st.chat_input("Ask a question", max_chars=LONGEST_QUESTION)
    else:
        st.caption("This model was not tuned on dialogue: it continues your words.")
        question = st.chat_input("Begin a sentence", max_chars=LONGEST_QUESTION)
    if not messages and not question:
        question = offer_examples(run)
    show_conversation(messages)
    if question:
        converse(messages, question, run, model, tokenizer, settings)
    show_inside([message for message in messages if message.run == str(run) and message.pieces], model, tokenizer)


def choose_run(folder: str) -> tuple[Path, Any, Any]:
    """Let the user choose one of the runs in the folder, and load it."""
    runs = [str(run) for run in find_runs(folder)]
    run = Path(st.sidebar.selectbox("Model", runs, format_func=lambda run: Path(run).name))
    with st.spinner("Loading the model …"):
        return run, *load_run(str(run), modified(run))


@st.cache_resource(max_entries=4, show_spinner=False)
def load_run(run: str, modified: float) -> tuple[Any, Any]:
    """Load a run once for all tabs, and again when it has been retrained."""
    model, tokenizer = load_gpt(run)
    return fast_copy(model) or model, tokenizer


def modified(run: Path) -> float:
    try:
        return (run / "model.h5").stat().st_mtime
    except OSError:  # it is gone by now, and load_gpt will say so
        return 0.0


def ask_settings(dialogue: bool) -> dict[str, Any]:
    """The settings of the sampling, in the side bar."""
    kind = "dialogue" if dialogue else "plain"  # part of the keys, because each kind of model has its own defaults
    bar = st.sidebar
    default, help_text = 0.0 if dialogue else 0.8, "0 always takes the likeliest word"
    temperature = bar.slider("Temperature", 0.0, 2.0, default, 0.1, key=f"temperature_{kind}", help=help_text)
    top_k = bar.number_input("Top-k", 1, None, None, key=f"top_k_{kind}", placeholder="all words")
    top_p = bar.slider("Top-p", 0.05, 1.0, 1.0, 0.05, key=f"top_p_{kind}", help="1 keeps all words")
    length = bar.slider("Length, in words", 1, 200, 40, key=f"length_{kind}")
    seed = bar.number_input("Seed", 0, None, None, key=f"seed_{kind}", placeholder="a new one each time")
    if temperature == 0:
        bar.caption("At temperature 0, top-k, top-p and the seed change nothing: the likeliest word is always taken.")
    return {"max_new_tokens": length, "temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}


def show_report(run: Path) -> None:
    """How well the model answers, as measured after its training."""
    if report := read_about(run).get("report"):
        with st.sidebar.expander("How well it answers"):
            st.text("\n".join(f"{name}: {share}" for name, share in report.items()))


def offer_examples(run: Path) -> str | None:
    """Show some questions to begin with; return the one that is clicked."""
    place = st.empty()
    with place.container():
        examples = read_about(run).get("examples", [])
        clicked = [example for number, example in enumerate(examples) if st.button(example, key=f"example_{number}")]
    if not clicked:
        return None
    place.empty()
    return clicked[0]


def show_conversation(messages: list[Message]) -> None:
    for message in messages:
        with st.chat_message(message.role):
            show_message(message)


def show_message(message: Message) -> None:
    st.text(message.text or "…")
    if message.unknown:
        st.text(f"(words that it does not know: {', '.join(message.unknown)})")


def converse(messages: list[Message], question: str, run: Path, model: Any, tokenizer: Any, settings: dict[str, Any]) -> None:
    """Show the question, and the answer as it is generated."""
    asked = Message("user", [question], unknown=[shorten(word, 40) for word in unknown_in(tokenizer, question)[:20]])
    answer = Message("assistant", prompt=prompt_for(model, tokenizer, question), run=str(run))
    messages += [asked, answer]  # before it is generated: a click in the middle ends this script
    with st.chat_message("user"):
        show_message(asked)
    with st.chat_message("assistant"):
        place = st.empty()
        place.text("…")
        try:
            for piece in stream_answer(model, tokenizer, question, **settings):
                answer.pieces.append(piece)
                place.text(answer.text)
                time.sleep(WORD_PAUSE)
        except MinigptError as error:
            show_error(error)


def show_error(error: MinigptError) -> None:
    st.error("That did not work:")
    st.text(str(error))


def show_inside(answers: list[Message], model: Any, tokenizer: Any) -> None:
    """The words of an answer one by one: what else might have come, the attention, and the layers."""
    if not answers:
        return
    with st.expander("A look inside"):
        if not isinstance(model, NumpyGPT):
            st.text("The inside of this model cannot be shown: it was not built by build_gpt_model, or was changed afterwards.")
            return
        numbers, key = range(len(answers)), f"answer_{len(answers)}"
        shown = st.selectbox("Answer", numbers, numbers[-1], lambda n: f"{n + 1}: {answers[n].text[:70]}", key=key)
        words = look_inside(model, tokenizer, answers[shown].prompt, answers[shown].pieces)
        if not words:
            st.text("Nothing was read before this word.")
            return
        places, key = range(len(words)), f"word_{len(answers)}_{shown}"  # a slider needs at least two places
        place = st.select_slider("Word", places, 0, lambda n: f"{n + 1}: {words[n].word}", key=key) if len(words) > 1 else 0
        word = words[place]
        st.text(f"It has read: {word.context}")
        chances, attention, layers = st.tabs(["The next word", "Attention", "Layers"])
        with chances:
            draw_bars(word.next_words, "probability at temperature 1 (%)")
        with attention:
            show_attention(word, model)
        with layers:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of unknown words, which the conversation has named
                rows = trace(model, tokenizer, word.context).rows
            st.dataframe([dict(zip(HEADINGS, row.cells(), strict=True)) for row in rows], hide_index=True)


def show_attention(word: AnswerWord, gpt: NumpyGPT) -> None:
    """How much a head, or the average of a layer, attends to each word read."""
    left, right = st.columns(2)
    layer = left.selectbox("Layer", range(1, gpt.config.num_layers + 1), gpt.config.num_layers - 1)
    heads = ["all heads, averaged", *(f"head {head}" for head in range(1, gpt.config.num_heads + 1))]
    head = right.selectbox("Head", range(len(heads)), format_func=lambda n: heads[n])
    weights = word.attention[layer - 1]  # (H, T)
    weights = weights[head - 1] if head else weights.mean(axis=0)  # (T,)
    bars = [(f"{n}. {read}", float(weight)) for n, (read, weight) in enumerate(zip(word.read, weights, strict=True), 1)]
    draw_bars(bars, "attention (%)")


def draw_bars(bars: list[tuple[str, float]], meaning: str) -> None:
    """A horizontal bar for each word, in this order."""
    table = {"word": [f"{word}  {share:.1%}" for word, share in bars], meaning: [100 * share for _, share in bars]}
    st.bar_chart(table, x="word", y=meaning, horizontal=True, sort=False, height=60 + 26 * len(bars))


if __name__ == "__main__":
    main(sys.argv[1])
