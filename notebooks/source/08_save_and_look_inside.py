# %% [markdown] minutes=2 teach="Ask: if we close the notebook now, where is the model?"
# # 08 · Save and look inside
#
# A trained model lives in the memory of this kernel, and ends with it. You write `save_gpt` and `load_gpt`, and prove in a
# fresh Python process that nothing is missing. Then we open the model up: its layers in Netron, its attention, and the way
# of a sentence through it.
#
# **Time:** about 72 minutes in class; the computer needs about forty seconds.
#
# Late, or has the kernel crashed? Start here: the next cell trains a small GPT through the package, in about 10 seconds.

# %% minutes=2
TEXT = None  # None: the story of the class; or your own file, such as "my_story.txt"

from pathlib import Path

import minigpt  # first, so that TensorFlow starts quietly
import keras
import numpy as np

from minigpt import show
from minigpt.classroom import checks
from minigpt.show import figures

text_data = minigpt.read_text(TEXT or minigpt.data_path())
tokenizer = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
sequence = tokenizer.encode(text_data)[:1000]  # enough for today, and quick
x, y = minigpt.create_dataset(sequence, min(32, len(sequence) // 20))
keras.utils.set_random_seed(0)
model = minigpt.build_gpt_model(minigpt.GPTConfig.quick(tokenizer.vocab_size))
history = minigpt.train_model(model, x, y, epochs=4)
figures.pipeline(8)

# %% [markdown] minutes=2
# ## A toy: two numbers in a file
#
# The smallest network there is: one weight and one bias, y = 2·x + 1. We save it as a `.keras` file, which is a ZIP archive,
# and look what is in it.

# %% minutes=3 teach="Ask before running: what must be in the file, so that another computer can compute y?"
import json
import zipfile

toy = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, name="line")])
toy.set_weights([np.array([[2.0]]), np.array([1.0])])
toy.save("toy.keras")

archive = zipfile.ZipFile("toy.keras")
for entry in archive.infolist():
    print(f"{entry.filename:18} {entry.file_size:>7,} bytes")
settings = json.loads(archive.read("config.json"))["config"]
print("the layers:", [layer["config"]["name"] for layer in settings["layers"]])
again = keras.models.load_model("toy.keras")
print("the numbers:", [numbers.tolist() for numbers in again.get_weights()])

# %% [markdown] minutes=3 teach="Collect what a GPT needs besides: which word is which id."
# `config.json` says which layers there are (the **architecture**), `model.weights.h5` holds the learned numbers.
#
# ## Your turn: `save_gpt` and `load_gpt`
#
# For our GPT that is not enough. It answers in ids, and only the **tokenizer** knows which word is which id. A model with
# another tokenizer speaks gibberish. So both belong into one folder.


# %% minutes=5 teach="Live cell 1."
def save_gpt(folder, model, tokenizer):
    """Write model.keras and tokenizer.json into a folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # Hint: both have a method save(path); folder / "name" is the path of a file in the folder.
    ### BEGIN SOLUTION: save the model as model.keras and the tokenizer as tokenizer.json
    model.save(folder / "model.keras")
    tokenizer.save(folder / "tokenizer.json")
    ### END SOLUTION


# %% minutes=5 teach="Live cell 2: the way back, in the same order."
def load_gpt(folder):
    """Read back what save_gpt has written."""
    folder = Path(folder)
    # Hint: keras.models.load_model(path) and minigpt.WordTokenizer.load(path).
    ### BEGIN SOLUTION: load the model and the tokenizer, and return both, in this order
    model = keras.models.load_model(folder / "model.keras")
    tokenizer = minigpt.WordTokenizer.load(folder / "tokenizer.json")
    return model, tokenizer
    ### END SOLUTION


# %% [markdown] minutes=1
# The check also starts a fresh Python, so it takes some seconds.

# %% minutes=2
checks.save_and_load(save_gpt, load_gpt)

# %% minutes=2
save_gpt("runs/mine", model, tokenizer)
loaded, its_tokenizer = load_gpt("runs/mine")
said, said_again = np.array(model(x[:8])), np.array(loaded(x[:8]))
print("the same answers:", np.array_equal(said, said_again))
print("the same ids:", its_tokenizer.encode(text_data) == tokenizer.encode(text_data))

# %% [markdown] minutes=3
# ## A fresh process
#
# In this kernel everything is still there, so nothing is proved yet. We start Python anew, twice, about 10 seconds. One
# program knows only Keras. The other one imports `minigpt` first: that **registers** our layer `PositionalEncoding`, so
# that Keras can find it by its name.

# %% minutes=4 teach="The first one fails on purpose: read its message together."
import subprocess
import sys

prompt = tokenizer.decode(sequence[:3])
program = f"""
import keras
model = keras.models.load_model("runs/mine/model.keras")
tokenizer = minigpt.WordTokenizer.load("runs/mine/tokenizer.json")
print(minigpt.generate_text(model, tokenizer, {prompt!r}, 10, temperature=0))
"""
for first_line in ("# only Keras", "import minigpt"):
    python = [sys.executable, "-c", first_line + program]
    run = subprocess.run(python, capture_output=True, text=True)
    why = [line for line in run.stderr.split("\n") if "PositionalEncoding" in line]
    print(f"{first_line}: {run.stdout.strip() or why[0].split('. ')[0]}")

# %% [markdown] minutes=3
# ## `.h5` and `.keras`
#
# The class saved a `.h5` file, and so does `minigpt.save_gpt`: one file that Netron shows best. `.keras` is what Keras
# recommends today, and what you wrote. A compiled model brings its **optimizer** along: Adam keeps two numbers for each
# parameter, so the file is three times as large. To answer, nobody needs them; to train on, `.keras` brings them back.

# %% minutes=3
minigpt.save_gpt("runs/package", model, tokenizer)  # .h5, without the optimizer
print(f"{model.count_params() * 4:>12,} bytes: 4 for each parameter")
for path in ("runs/package/model.h5", "runs/mine/model.keras"):
    print(f"{Path(path).stat().st_size:>12,} bytes: {path}")
for path in sorted(Path("runs/package").iterdir()):
    print("   in runs/package:", path.name)
theirs, _ = minigpt.load_gpt("runs/package")
print("both answer alike:", np.allclose(theirs(x[:8]), loaded(x[:8])))

# %% [markdown] minutes=3 teach="Open Netron on the projector: click decoder_block_1, then the attention."
# ## Look inside: Netron
#
# [Netron](https://netron.app) draws a saved model as a picture to walk through. It runs on this computer, without a network.
# Set the switch to `True` and run the cell: the picture opens below, and the address is printed, for a browser tab of its
# own. It asks once about cookies. A click on the ƒ at the right end of a block opens the block. Without Netron, `summary()`
# shows the same layers as a table.

# %% minutes=5
OPEN_NETRON = False  # True: the picture appears below this cell

show.show_netron("runs/package") if OPEN_NETRON else loaded.summary()

# %% minutes=2
loaded.get_layer("decoder_block_1").summary()  # the inside of one block

# %% [markdown] minutes=2
# ## Look inside: attention
#
# Which word looks at which? Each row is a word that looks, and its shares sum to 100 %. The part above the diagonal is empty:
# that is the mask.

# %% minutes=3 teach="Look for a head that looks at the word before, and one that looks far back."
sentence = tokenizer.decode(sequence[:12])
show.plot_attention(theirs, tokenizer, sentence, layer=1, head=None)

# %% [markdown] minutes=2
# ## Look inside: the way of a sentence
#
# After each half of a block we can ask: if the network stopped here, which word would it say next? (The trick is known as
# the *logit lens*: nostalgebraist, 2020.) Read from top to bottom, how it makes up its mind.

# %% minutes=4
show.trace(theirs, tokenizer, sentence)

# %% [markdown] minutes=1
# ## Exercises
#
# **1.** Which head of block 1 looks most at the word just before? `look[head, t, t - 1]` is the share with which word t
# looks at word t − 1. Take the mean over all words but the first.
#
# **2.** A friend has the sizes of your model, and wants its weights only. Save them with `model.save_weights("only.weights.h5")`,
# build a new model of the same sizes, and read them with `load_weights`.

# %% minutes=4
inside = show.trace(theirs, tokenizer, sentence).activations
look = inside["decoder_block_1/attention_weights"]
print("heads, words, words:", look.shape)
# Hint: look[:, 1:, :-1] has the share of "the word before" on its diagonals;
# np.diagonal(array, axis1=1, axis2=2) takes them out, one row for each head.
### BEGIN SOLUTION: print, for each head, the mean share of the word before
before = np.diagonal(look[:, 1:, :-1], axis1=1, axis2=2)
print("mean share of the word before:", before.mean(axis=1).round(2))
### END SOLUTION

# %% minutes=4
friend = minigpt.build_gpt_model(minigpt.GPTConfig.quick(tokenizer.vocab_size))
# Hint: two lines, one with save_weights and one with load_weights.
### BEGIN SOLUTION: save the weights of model in a file, and load them into friend
model.save_weights("only.weights.h5")
friend.load_weights("only.weights.h5")
### END SOLUTION
print("the friend answers alike:", np.allclose(friend(x[:8]), model(x[:8])))

# %% [markdown] minutes=2
# ## What we have now, and what comes next
#
# - A folder with the model and its tokenizer, that any other Python process can read.
# - The architecture, the weights, the optimizer: three different things, and which of them a file holds.
# - Ways to look inside: a summary, Netron, attention, the trace of a sentence.
#
# In **09 · Generate** the model speaks, and we decide how boldly.
