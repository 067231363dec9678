"""The page of `minigpt chat RUN`: a Streamlit program, run anew from top to bottom at each click.

What must outlast a click lies in `st.session_state`, of which each browser tab has its own. Everything that was typed or
generated is shown with `st.text` or in a drawing: as text, never as Markdown or HTML.
"""

import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from minigpt.chat.answering import is_dialogue, prompt_for, stream_answer, unknown_in
from minigpt.chat.look_inside import look_inside
from minigpt.chat.runs import find_runs, read_about
from minigpt.errors import MinigptError
from minigpt.numpy_gpt import NumpyGPT
from minigpt.saving import load_gpt
from minigpt.show import trace
from minigpt.show.drawing import shorten

LONGEST_QUESTION = 4000  # letters
WORD_PAUSE = 0.04  # seconds: the model says a word in a thousandth of a second, too fast to see it speak
WRAP = "<style>[data-testid='stText'] {white-space: pre-wrap; overflow-wrap: anywhere; font-family: inherit}</style>"


@dataclass
class Message:
    """One message of the conversation."""

    role: str  # "user" or "assistant"
    pieces: list[str] = field(default_factory=list)
    prompt: str = ""  # what the model read before it said this
    run: str = ""  # who said it
    unknown: list[str] = field(default_factory=list)  # words of the question that this model does not know

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
    except MinigptError as error:  # no run is left, or one that cannot be read: what was said stays to be read
        show_conversation(messages)
        show_error(error)
        return
    show_report(run)
    if st.sidebar.button("New conversation"):
        messages.clear()

    plain = "" if is_dialogue(tokenizer) else "This model was not tuned on dialogue: it continues your words."
    st.caption(plain or "It answers each question by itself, from what it has read, and from nothing else.")
    question = st.chat_input("Ask a question" if not plain else "Begin a sentence", max_chars=LONGEST_QUESTION)
    if not messages and not question:
        question = offer_examples(run)
    show_conversation(messages)
    if question:
        converse(messages, question, run, model, tokenizer, settings)
    show_inside([message for message in messages if message.run == str(run) and message.pieces], model, tokenizer)


def choose_run(folder: str) -> tuple[Path, Any, Any]:
    """Let the user choose among the runs of the folder, and load the one that is chosen."""
    runs = find_runs(folder)
    names = {str(run): run for run in runs}
    name = st.sidebar.selectbox("Model", list(names), format_func=lambda name: names[name].name if name in names else name)
    run = names[name]
    with st.spinner("Reading the model …"):
        return run, *load_run(str(run), modified(run))


@st.cache_resource(max_entries=4, show_spinner=False)
def load_run(run: str, modified: float) -> tuple[Any, Any]:
    """Load a run once for all tabs, and anew when it was trained again."""
    return load_gpt(run)


def modified(run: Path) -> float:
    try:
        return (run / "model.h5").stat().st_mtime
    except OSError:  # it has just vanished: load_gpt says it well
        return 0.0


def ask_settings(dialogue: bool) -> dict[str, Any]:
    """The side bar: how the next word is chosen."""
    kind = "dialogue" if dialogue else "plain"  # in the keys: each kind of model has its own defaults
    bar = st.sidebar
    temperature = bar.slider(
        "Temperature", 0.0, 2.0, 0.0 if dialogue else 0.8, 0.1, key=f"temperature_{kind}", help="0 takes the likeliest word"
    )
    top_k = bar.number_input("Top-k", 1, None, None, key=f"top_k_{kind}", placeholder="all words")
    top_p = bar.slider("Top-p", 0.05, 1.0, 1.0, 0.05, key=f"top_p_{kind}", help="1 keeps all words")
    length = bar.slider("Length, in words", 1, 200, 40, key=f"length_{kind}")
    seed = bar.number_input("Seed", 0, None, None, key=f"seed_{kind}", placeholder="another one each time")
    if temperature == 0:
        bar.caption("At temperature 0 the likeliest word is always taken: top-k, top-p and the seed change nothing.")
    return {"max_new_tokens": length, "temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}


def show_report(run: Path) -> None:
    """How well the chosen model answers, as it was measured after its training."""
    report = read_about(run).get("report")
    if report:
        with st.sidebar.expander("How well it answers"):
            st.text("\n".join(f"{name}: {share}" for name, share in report.items()))


def offer_examples(run: Path) -> str | None:
    """Some questions to begin with; returns the one that is clicked."""
    chosen = None
    place = st.empty()
    with place.container():
        for number, example in enumerate(read_about(run).get("examples", [])):
            if st.button(example, key=f"example_{number}"):
                chosen = example
    if chosen:
        place.empty()
    return chosen


def show_conversation(messages: list[Message]) -> None:
    for message in messages:
        with st.chat_message(message.role):
            show_message(message)


def show_message(message: Message) -> None:
    st.text(message.text or "…")
    if message.unknown:
        st.text(f"(words that it does not know: {', '.join(message.unknown)})")


def converse(messages: list[Message], question: str, run: Path, model: Any, tokenizer: Any, settings: dict[str, Any]) -> None:
    """Show the question, and the answer while it is said."""
    asked = Message("user", [question], unknown=[shorten(word, 40) for word in unknown_in(tokenizer, question)[:20]])
    answer = Message("assistant", prompt=prompt_for(model, tokenizer, question), run=str(run))
    messages += [asked, answer]  # before it is said: a click in the middle ends this program, and what was said stays
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
    """The look inside: the words of an answer one by one, with the chances of other words, the attention and the layers."""
    if not answers:
        return
    with st.expander("A look inside"):
        try:
            gpt = NumpyGPT.from_keras(model)
        except MinigptError as error:
            show_error(error)
            return
        shown = st.selectbox(
            "Answer",
            range(len(answers)),
            len(answers) - 1,
            lambda n: f"{n + 1}: {answers[n].text[:70]}",
            key=f"of_{len(answers)}",
        )
        answer = answers[shown]
        words = look_inside(gpt, tokenizer, answer.prompt, answer.pieces)
        if not words:
            st.text("Nothing was read before this word.")
            return
        numbers = range(len(words))
        if len(words) > 1:
            place = st.select_slider(
                "Word", numbers, 0, format_func=lambda n: f"{n + 1}: {words[n].word}", key=f"word_{len(answers)}_{shown}"
            )
        else:
            place = 0
        word = words[place]
        st.text(f"It has read: {word.prompt}")
        chances, attention, layers = st.tabs(["The next word", "Attention", "Layers"])
        with chances:
            draw_bars(word.next_words, "probability that it comes next (%), at temperature 1")
        with attention:
            left, right = st.columns(2)
            layer = left.selectbox("Layer", range(1, gpt.config.num_layers + 1), gpt.config.num_layers - 1)
            heads = ["all heads, averaged", *(f"head {head}" for head in range(1, gpt.config.num_heads + 1))]
            head = right.selectbox("Head", range(len(heads)), format_func=lambda n: heads[n])
            weights = word.attention[layer - 1]  # (H, T)
            weights = weights.mean(axis=0) if head == 0 else weights[head - 1]  # (T,)
            rows = [(f"{n}. {before}", float(w)) for n, (before, w) in enumerate(zip(word.before, weights, strict=True), 1)]
            draw_bars(rows, "how much it is looked at before the word is said (%)")
        with layers:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the unknown words, which the conversation has named
                way = trace(gpt, tokenizer, word.prompt)
            names = ("layer", "shape", "size", "if it stopped here, it would say")
            st.dataframe([dict(zip(names, row.cells(), strict=True)) for row in way.rows], hide_index=True)


def draw_bars(rows: list[tuple[str, float]], meaning: str) -> None:
    """A horizontal bar for each word, in this order."""
    table = {"word": [f"{name}  {share:.1%}" for name, share in rows], meaning: [100 * share for _, share in rows]}
    st.bar_chart(table, x="word", y=meaning, horizontal=True, sort=False, height=60 + 26 * len(rows))


if __name__ == "__main__":
    main(sys.argv[1])
