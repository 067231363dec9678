"""Draw overview.png, the picture of the README: train the quick model, and put four figures of minigpt.show side by side.

python notebooks/overview.py
"""

import io
from pathlib import Path

import minigpt  # first, so that TensorFlow starts quietly

import keras  # isort: skip
from matplotlib.figure import Figure
from matplotlib.image import imread

from minigpt import show

HERE = Path(__file__).parent
PROMPT = "tavia brankwell was born in the"


def main() -> None:
    text_data = minigpt.read_text(minigpt.data_path())
    tokenizer = minigpt.WordTokenizer().fit(text_data)
    sequence = tokenizer.encode(text_data)
    keras.utils.set_random_seed(0)
    model = minigpt.build_gpt_model(minigpt.GPTConfig.quick(tokenizer.vocab_size))
    x, y = minigpt.create_dataset(sequence, window_size=32)
    history = minigpt.train_model(model, x, y, epochs=8)
    panels = {
        "words as windows": show.plot_windows(x[:, :7], y[:, :7], tokenizer, rows=2),
        "what it looks at": show.plot_attention(model, tokenizer, PROMPT, layer=2, head=1),
        "it learns": show.plot_training(history, minigpt.baselines(sequence, tokenizer.vocab_size)),
        "it answers": show.plot_next_words(model, tokenizer, "who is", top=6),
    }
    figure = Figure(figsize=(12, 7), layout="constrained")
    for axes, (title, panel) in zip(figure.subplots(2, 2).flat, panels.items(), strict=True):
        picture = io.BytesIO()
        panel.savefig(picture, format="png", dpi=150)
        picture.seek(0)
        axes.imshow(imread(picture), interpolation="antialiased")
        axes.set_title(title, fontsize=15, fontweight="bold")
        axes.axis("off")
    figure.savefig(HERE / "overview.png", dpi=90)


if __name__ == "__main__":
    main()
