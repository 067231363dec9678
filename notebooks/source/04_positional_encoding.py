# %% [markdown] minutes=2 teach="Write on the board: dog bites man, man bites dog. The same words, another story."
# # 04 · Positional encoding
#
# *Dog bites man* and *man bites dog* have the same words. Only their order says who was bitten. The heart of a GPT,
# **attention**, does not see the order by itself: it must be told. In this notebook you find that out by an
# experiment, and then write `PositionalEncoding`, the layer that tells it.
#
# **Time:** about 70 minutes in class; the computer needs some ten seconds.
#
# Late, or has the kernel crashed? Start here: the next cell brings all that the earlier notebooks made.

# %% minutes=2
TEXT = None  # None: the story of the class; or your own file, such as "my_story.txt"

import minigpt  # first, so that TensorFlow starts quietly
import keras
import numpy as np

from minigpt import show
from minigpt.classroom import checks
from minigpt.show import figures

text_data = minigpt.read_text(TEXT or minigpt.data_path())  # notebook 01
tokenizer = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
sequence = tokenizer.encode(text_data)  # notebook 02

figures.pipeline(4)

# %% [markdown] minutes=3
# ## An experiment: three words without an order
#
# A network cannot work with the id of a word; it gives each word a list of numbers, its **embedding**. Here are three
# words with four random numbers each.
#
# Attention, at its simplest: every word looks at all words, and becomes a mixture of them, with more of those that are
# like itself. The next notebook builds it with care. Today we only watch what it does to the word *bites*.

# %% minutes=4 teach="Let them bet: will the numbers of 'bites' be the same in both sentences?"
rng = np.random.default_rng(0)
embedding = {word: rng.normal(size=4) for word in ("dog", "bites", "man")}


def attend(x):  # (T, 4) -> (T, 4)
    likeness = np.exp(x @ x.T)  # (T, T): how much each word is like each other one
    shares = likeness / likeness.sum(axis=1, keepdims=True)  # each row sums to 1
    return shares @ x  # every word becomes a mixture


for sentence in (["dog", "bites", "man"], ["man", "bites", "dog"]):
    x = np.array([embedding[word] for word in sentence])
    print(*sentence, "→ bites becomes", attend(x)[1].round(4))

# %% [markdown] minutes=3
# The same numbers. A mixture of three words does not depend on the order in which they are poured
# together. For such a network, a sentence is a bag of words.
#
# (A GPT hides the words that come later from each word, and this lets some order through: the first word sees only
# itself, the second sees two. Networks can learn positions from that alone, and do nearly as well
# ([Haviv et al., 2022](https://arxiv.org/abs/2203.16634)). Still, nearly all GPTs are told.)
#
# ## The idea: give each place a pattern, and add it
#
# Think of a clock. The fast hand tells near moments apart, the slow hand far ones, and together they give every moment
# a pattern of its own. The paper
# ([Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), section 3.5) uses pairs of waves, each pair slower than the
# last. With `d` numbers for each word, the columns 2i and 2i + 1 of the table hold, for the word at the place `pos`:
#
# $$\sin\left(\frac{pos}{10000^{2i/d}}\right) \quad\text{and}\quad \cos\left(\frac{pos}{10000^{2i/d}}\right)$$

# %% [markdown] minutes=2
# A toy with d = 4 has two pairs. For the first, i = 0, the divisor is 10000⁰ = 1: a fast hand. For the second, i = 1, it
# is 10000^(2/4) = 100: a slow one. Work out the row of place 1 with a pocket calculator (in radians) before you run this.

# %% minutes=4 teach="One row by hand on the board: sin 1, cos 1, sin 0.01, cos 0.01."
for place in range(3):
    fast, slow = place / 1, place / 100
    row = np.array([np.sin(fast), np.cos(fast), np.sin(slow), np.cos(slow)])
    print("place", place, row.round(4))

# %% [markdown] minutes=2
# ## Your turn: the table, and the layer
#
# First the table: a row for each place, a column for each of the `d_model` numbers. NumPy fills it at once: a column of
# places divided by a row of divisors gives all the angles.


# %% minutes=6 teach="Live: the shapes first. (max_len, 1) divided by (d_model,) gives (max_len, d_model)."
def sine_table(max_len, d_model):
    """Return the table of the paper, (max_len, d_model)."""
    place = np.arange(max_len)[:, None]  # (max_len, 1)
    column = np.arange(d_model)  # (d_model,)
    # Hint: column // 2 is i, so 2 * (column // 2) is 2i; the divisor is a power of 10000.
    ### BEGIN SOLUTION: put into angle the place divided by 10000 ** (2i / d_model)
    angle = place / 10000 ** (2 * (column // 2) / d_model)
    ### END SOLUTION
    # Hint: np.where(condition, a, b) takes a where the condition holds, and b elsewhere.
    ### BEGIN SOLUTION: return sines in the even columns and cosines in the odd ones
    return np.where(column % 2 == 0, np.sin(angle), np.cos(angle))
    ### END SOLUTION


print(sine_table(3, 4).round(4))

# %% [markdown] minutes=2
# Do you see the numbers of the toy? Then wrap the table in a Keras **layer**, so that it can stand in a network. Words
# come in as an array of the shape (B, T, D): B sentences of T words with D numbers each. The row of each place is
# *added* to the numbers of the word that stands there. `get_config` lets Keras save the layer and load it again.


# %% minutes=5 teach="Ask: T may be less than max_len. Which rows of the table are needed then?"
class PositionalEncoding(keras.layers.Layer):
    def __init__(self, max_len, d_model, **kwargs):
        super().__init__(**kwargs)
        self.max_len, self.d_model = max_len, d_model
        self.table = sine_table(max_len, d_model).astype("float32")

    def call(self, embeddings):  # (B, T, D) -> (B, T, D)
        # Hint: keras.ops.shape(embeddings)[1] is T. Turn self.table into a
        # tensor, the array of Keras, with keras.ops.convert_to_tensor; then [:T] cuts
        # out its first T rows.
        ### BEGIN SOLUTION: return the embeddings plus the first T rows of the table
        length = keras.ops.shape(embeddings)[1]
        return embeddings + keras.ops.convert_to_tensor(self.table)[:length]
        ### END SOLUTION

    def get_config(self):
        sizes = {"max_len": self.max_len, "d_model": self.d_model}
        return {**super().get_config(), **sizes}


# %% minutes=1
checks.PositionalEncoding(PositionalEncoding)

# %% [markdown] minutes=2
# ## The experiment again, with positions
#
# The same three words, the same attention; only the positions are new.

# %% minutes=2 teach="Now the two rows differ: the network can tell who was bitten."
layer = PositionalEncoding(max_len=3, d_model=4)
for sentence in (["dog", "bites", "man"], ["man", "bites", "dog"]):
    x = np.array([embedding[word] for word in sentence], dtype="float32")
    told = np.asarray(layer(x[None]))[0]  # [None]: a batch of one sentence
    print(*sentence, "→ bites becomes", attend(told)[1].round(4))

# %% [markdown] minutes=2
# ## The whole table, in a picture
#
# Each row is a place, each column one of the numbers. On the left the waves are fast, on the right so slow that they
# hardly move within a hundred words: there the sines stay near 0 and the cosines near 1, which makes the stripes. No two
# rows are the same.

# %% minutes=3 teach="Follow one row from left to right: that is what is added to the word at this place."
show.plot_positional_encoding(sine_table(100, 64))

# %% [markdown] minutes=2
# ## The same on the text
#
# The first words of the text, with embeddings as Keras makes them before any training. Compare their size with the size
# of the waves (the square root of the mean square, *rms*):

# %% minutes=3 teach="The numbers of the words are much smaller than the waves: they drown. This returns in notebook 07."
keras.utils.set_random_seed(0)
ids = np.array([sequence[:8]])  # (1, 8)
embed = keras.layers.Embedding(tokenizer.vocab_size, 128)
words = np.asarray(embed(ids))  # (1, 8, 128)
told = np.asarray(PositionalEncoding(max_len=100, d_model=128)(words))
print("in:", words.shape, "out:", told.shape)
sizes = {"words": words, "waves": told - words, "words · √128": words * 128**0.5}
for name, x in sizes.items():
    print(f"rms of the {name}: {np.sqrt(np.mean(x**2)):.2f}")

package = minigpt.PositionalEncoding(max_len=100, d_model=128)
print("the package does the same:", np.allclose(package(words), told, atol=1e-5))

# %% [markdown] minutes=4
# The words are whispering and the waves are shouting. So the paper multiplies the embeddings by √d first (section
# 3.4); our package does it with `scale_embedding=True`. It is easily forgotten, and in notebook 07 it will turn out to be
# one of the reasons why a model did not learn.
#
# ## What do real GPTs do?
#
# - **The paper** (2017) found that fixed waves and a *learned* table work nearly equally well (section 3.5).
# - **GPT** ([Radford et al., 2018](https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf),
#   section 4.1) and **GPT-2** learn the table: a second embedding, of places instead of words. **GPT-3** keeps the
#   architecture of GPT-2 ([Brown et al., 2020](https://arxiv.org/abs/2005.14165), section 2.1). Past the last row of
#   such a table the model cannot read: 1,024 tokens for GPT-2, 2,048 for GPT-3.
# - **Many later models**, such as LLaMA ([Touvron et al., 2023](https://arxiv.org/abs/2302.13971), section 2.2), add
#   nothing. They *turn* the vectors that attention compares, by an angle that grows with the place: **rotary**
#   positions ([Su et al., 2021](https://arxiv.org/abs/2104.09864)).
# - What GPT-4 does is not published ([its report](https://arxiv.org/abs/2303.08774), section 2, gives no details of the
#   architecture). The open models of OpenAI, gpt-oss, use rotary positions
#   ([their model card, 2025](https://arxiv.org/abs/2508.10925), section 2).

# %% minutes=2
gpts = {"GPT-2, the smallest": (1024, 768), "GPT-3, the largest": (2048, 12288)}
for name, (places, width) in gpts.items():
    learned = keras.layers.Embedding(places, width)
    learned.build()
    print(f"{name}: {places:,} places × {width:,} = {learned.count_params():,} numbers")

# %% [markdown] minutes=2
# ## Exercises
#
# **1.** How alike are two places? Write `likeness`, the product of two rows of a table, summed; `first` and `second`
# are the numbers of the rows. Then look: does it depend on where the two words stand, or only on how far apart they are?


# %% minutes=4
def likeness(table, first, second):
    # Hint: row @ other_row multiplies two rows number by number and sums up.
    ### BEGIN SOLUTION: return the product of the two rows, summed
    return table[first] @ table[second]
    ### END SOLUTION


table = sine_table(100, 64)
for distance in (0, 1, 5, 20):
    row = [f"{likeness(table, p, p + distance):.4f}" for p in (0, 10, 70)]
    print(f"{distance:>2} words apart:", *row)

# %% [markdown] minutes=2
# The three numbers of a line are for words at three places of the text.
#
# **2.** Rotary positions: turn a vector of two numbers by the angle `place` (in radians). Afterwards, the product of two
# turned vectors depends on their distance only. Turning (a, b) by an angle gives
# (a · cos − b · sin, a · sin + b · cos).


# %% minutes=5
def rotate(vector, place):
    a, b = vector
    # Hint: np.cos(place), np.sin(place), and the formula above.
    ### BEGIN SOLUTION: return the turned vector, an array of two numbers
    cos, sin = np.cos(place), np.sin(place)
    return np.array([a * cos - b * sin, a * sin + b * cos])
    ### END SOLUTION


query, key = np.array([1.0, 2.0]), np.array([0.5, -1.0])
for first, second in ((0, 3), (10, 13), (50, 53)):
    product = rotate(query, first) @ rotate(key, second)
    print(f"at places {first} and {second}: {product:.4f}")

# %% [markdown] minutes=2
# ## What we have now, and what comes next
#
# - Without positions, attention takes a sentence for a bag of words.
# - `PositionalEncoding` adds to each word the pattern of its place. Nothing in it is learned.
# - The waves must not drown the words: multiply the embeddings by √d first.
#
# Now the words know where they stand. In **05 · The decoder block** they begin to look at each other.
