# %% [markdown] minutes=2 teach="Hold up the figure of the paper; today every box gets its line of code."
# # 06 · The GPT
#
# All parts are ready. Now you stack them: `GPTConfig` holds the sizes, and `build_gpt_model` makes the whole network
# out of it. Then you count where its parameters are, down to the last one, and build a giant of a gigabyte.
#
# **Time:** about 74 minutes in class; the computer needs some thirty seconds.
#
# Late, or has the kernel crashed? Start here: the next cell brings all that the earlier notebooks made.

# %% minutes=2
TEXT = None  # None: the story of the class; or your own file, such as "my_story.txt"

import time
from dataclasses import dataclass, replace

import minigpt  # first, so that TensorFlow starts quietly
import keras
import numpy as np
from keras import layers

from minigpt import PositionalEncoding, show, transformer_block
from minigpt.classroom import checks
from minigpt.show import figures, figures_model

text_data = minigpt.read_text(TEXT or minigpt.data_path())
tokenizer = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
sequence = tokenizer.encode(text_data)
figures.pipeline(6)

# %% [markdown] minutes=3 teach="Count 10 + 15 on the board before the cell runs."
# ## A toy: a language model with 25 numbers
#
# The smallest network that says a next word has two layers. An **embedding** gives each of five words two numbers:
# 5 · 2 = 10. A **dense** layer turns these two numbers into one score for each of the five words: 2 · 5 weights and
# 5 **biases** (a number added to each score) = 15. A softmax makes probabilities of the scores.

# %% minutes=3
toy_ids = keras.Input((None,), dtype="int32")
two_numbers = layers.Embedding(5, 2)(toy_ids)  # (B, T) -> (B, T, 2)
toy_model = keras.Model(toy_ids, layers.Dense(5, activation="softmax")(two_numbers))

answer = np.array(toy_model(np.array([[1, 4, 2]])))  # one sequence of three words
print("parameters:", toy_model.count_params())
print(
    "shape of the answer (B, T, V):", answer.shape, "· sum of each row:", answer.sum(-1)
)

# %% [markdown] minutes=2
# At **each** of the three places it says how likely each of the five words is to come next. But it sees one word at
# a time. Between embedding and answer a GPT has positions and decoder blocks:

# %% minutes=4 teach="Walk the figure bottom up, pointing from each box to its line of code."
figures_model.paper()

# %% [markdown] minutes=2
# This is the decoder of the paper ([Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), figure 1), without the
# part that looks at an encoder, and with each norm moved to the front of its half and one more at the end, as in GPT-2
# ([Radford et al., 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf),
# section 2.3).
#
# ## Your turn: `GPTConfig`
#
# All sizes stand in one place, a **dataclass**: a class that is a list of names with types and default values.


# %% minutes=5
@dataclass
class GPTConfig:
    """The sizes of a GPT: hyper-parameters, which we choose and training does not."""

    vocab_size: int
    max_seq_length: int = 100
    # Hint: one line for each, like the line above: name, type, value. Dropout is a float: 0.1.
    ### BEGIN SOLUTION: embed_dim 256, num_heads 8, key_dim 32, ff_dim 1024, num_layers 4, dropout
    embed_dim: int = 256
    num_heads: int = 8
    key_dim: int = 32
    ff_dim: int = 1024
    num_layers: int = 4
    dropout: float = 0.1
    ### END SOLUTION
    norm: str = "pre"  # the norms stand first, as in the figure


print(GPTConfig(vocab_size=tokenizer.vocab_size))
assert "ff_dim" in GPTConfig.__annotations__, "each field needs its type"

# %% [markdown] minutes=2
# ## Your turn: `build_gpt_model`
#
# Follow the figure from bottom to top. Two remarks. The embeddings start small, so `PositionalEncoding` multiplies them
# by √D (`scale_embedding=True`; section 3.4 of the paper): notebook 07 shows what happens if one forgets it. And each
# block must be **made anew** in the loop: one block used four times would have the same weights everywhere.


# %% minutes=10 teach="The live cell. Let them find out what goes wrong if the block is made before the loop."
def build_gpt_model(config):
    """Ids (B, T) -> probabilities of each next word (B, T, V)."""
    D = config.embed_dim
    start = keras.initializers.RandomNormal(stddev=D**-0.5)
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(config.vocab_size, D, start)(ids)
    x = PositionalEncoding(config.max_seq_length, D, scale_embedding=True)(x)
    for number in range(1, config.num_layers + 1):
        sizes = D, config.num_heads, config.ff_dim, config.dropout, config.key_dim
        # Hint: transformer_block(*sizes, name="some_name") makes a block; it is called with
        # x and gives the new x. Two blocks must not have the same name: put number into it.
        ### BEGIN SOLUTION: make a new block named decoder_block_1, _2, …, and put x through it
        x = transformer_block(*sizes, name=f"decoder_block_{number}")(x)
        ### END SOLUTION
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    # Hint: the last box of the figure.
    ### BEGIN SOLUTION: let x become one probability for each word, by a dense layer with softmax
    x = layers.Dense(config.vocab_size, activation="softmax")(x)
    ### END SOLUTION
    return keras.Model(ids, x)


# %% minutes=2
checks.build_gpt_model(build_gpt_model)

# %% [markdown] minutes=2
# ## The same on the text
#
# A small one for our text. `summary()` lists what you stacked, from the bottom up.

# %% minutes=3
V = tokenizer.vocab_size
small = GPTConfig(V, 32, embed_dim=128, num_heads=4, ff_dim=512, num_layers=2)
model = build_gpt_model(small)
model.summary()

# %% [markdown] minutes=2
# It is not trained, so all words should be about equally likely to it. The **loss** is the mean of
# −ln(probability of the right next word). If all V words are equally likely, that is ln V.

# %% minutes=3 teach="Ask for the loss before running: ln of the vocabulary."
x, y = minigpt.create_dataset(sequence[:200], min(32, len(sequence) // 20))
p = np.array(model(x))  # (N, T, V)
right = np.take_along_axis(p, y[..., None], axis=-1)  # that of each right next word
print("ids", x.shape, "-> probabilities", p.shape, "· they sum to", p.sum(-1).mean())
print(f"loss {-np.log(right).mean():.2f}, and ln V = {np.log(V):.2f}")

# %% [markdown] minutes=3 teach="Fill one line of the table by hand, attention, then let the cell do the rest."
# ## Where 13,085,576 comes from
#
# The model of the class had a vocabulary of 5,000, D = 256, 8 heads of 256 numbers, a feed-forward width of 1,024, and 4
# blocks. How many parameters is that? A dense layer from n to m numbers has n·m weights and m biases. So we can count the
# whole network without building it.


# %% minutes=5
def count_parts(V, D, heads, key_dim, ff_dim, blocks):
    wide = heads * key_dim  # all heads side by side
    return {
        "embedding": V * D,
        "positions": 0,  # a formula: nothing is learned
        "attention": blocks * (3 * (D * wide + wide) + wide * D + D),
        "feed-forward": blocks * (D * ff_dim + ff_dim + ff_dim * D + D),
        "norms": blocks * 2 * 2 * D,  # the recipe of the class has no norm at the end
        "next word": D * V + V,
    }


lecture = count_parts(V=5000, D=256, heads=8, key_dim=256, ff_dim=1024, blocks=4)
for part, number in lecture.items():
    print(f"{part:12} {number:>12,}")
print(f"{'together':12} {sum(lecture.values()):>12,}")

# %% minutes=3
recipe = minigpt.GPTConfig.lecture()
built = minigpt.build_gpt_model(recipe).count_params()
print(f"counted by Keras: {built:,}, {built * 4 / 2**20:.2f} MB at 4 bytes each")
show.plot_parameters(recipe)

# %% [markdown] minutes=2
# Most of it is attention, because the class gave each head the full width of 256 numbers. The paper divides the width
# among the heads (section 3.2.2), 256 / 8 = 32 numbers each, for about an eighth of the attention's parameters.
#
# ## A giant
#
# GPT-3 has 96 blocks ([Brown et al., 2020](https://arxiv.org/abs/2005.14165), table 2.1). So let us give the recipe of
# the class 96 too. We only build it: the cell takes about 10 seconds, and needs a gigabyte of memory for a moment.

# %% minutes=3
for num_layers in (4, 24, 96):
    started = time.perf_counter()
    giant = minigpt.build_gpt_model(replace(recipe, num_layers=num_layers))
    seconds, number = time.perf_counter() - started, giant.count_params()
    size = f"{number:,} parameters, {number * 4 / 2**20:,.0f} MB"
    print(f"{num_layers} blocks: {size}, built in {seconds:.1f} s")
del giant  # gives the memory back
show.plot_parameters_by_layers(recipe)

# %% minutes=2
# Does the package build the same? Your weights go into its model, and both answer.
theirs = minigpt.build_gpt_model(minigpt.GPTConfig(V, 32, 128, 4, 32, 512, 2))
print(
    f"yours {model.count_params():,}, the package's {theirs.count_params():,} parameters"
)
theirs.set_weights(model.get_weights())
print("equal answers:", np.allclose(np.array(theirs(x)), p, atol=1e-5))

# %% [markdown] minutes=1
# ## Exercises
#
# **1.** Give the recipe of the class heads of 32 numbers instead of 256, with `count_parts`. How many parameters are left?
#
# **2.** GPT-3 has 96 blocks, D = 12,288, 96 heads of 128 numbers, a feed-forward width of 4 · 12,288, and 50,257 tokens.
# It uses the embedding once more as its last layer. Count all parts but `"next word"`: is it the 175 billion of its paper?

# %% minutes=3
# Hint: sum(count_parts(…).values()) is the number of all parameters.
### BEGIN SOLUTION: print the number of parameters of the class's recipe with key_dim 32
print(f"{sum(count_parts(5000, 256, 8, 32, 1024, 4).values()):,}")
### END SOLUTION

# %% minutes=3
# Hint: parts.pop("next word") takes one part out of the dictionary parts.
### BEGIN SOLUTION: count the parts of GPT-3 and print their sum without "next word"
parts = count_parts(50257, 12288, 96, 128, 4 * 12288, 96)
parts.pop("next word")
print(f"{sum(parts.values()):,}")
### END SOLUTION

# %% [markdown] minutes=2
# ## What we have now, and what comes next
#
# - `GPTConfig`: every size in one place. `build_gpt_model`: embedding, positions, blocks, norm, softmax.
# - Ids of the shape (B, T) go in, probabilities (B, T, V) come out: at each place, how likely each word is to come next.
# - We can say where each parameter sits. A deeper GPT is the same block, more often.
#
# The network knows nothing yet: all words are alike to it. In **07 · Training** it learns, and we find out why the
# recipe of the class never did.
