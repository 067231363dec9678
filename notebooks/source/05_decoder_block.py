# %% [markdown] minutes=2 teach="Read the goal aloud; promise that every number of the first half fits on the board."
# # 05 · The decoder block
#
# A GPT is one part, built many times over: the **decoder block**. In it the words look at each other (**attention**),
# and then each word thinks for itself (**feed-forward**). You compute attention by hand, let it grow to many heads,
# hide the future from it, and write `transformer_block`. Then you catch a model that cheats.
#
# **Time:** about 79 minutes in class; the computer needs some thirty seconds.
#
# Late, or has the kernel crashed? Start here: the next cell brings all that the earlier notebooks made.

# %% minutes=2
TEXT = None  # None: the story of the class; or your own file, such as "my_story.txt"

import minigpt  # first, so that TensorFlow starts quietly
import keras
import numpy as np
from keras import layers

from minigpt import show
from minigpt.classroom import checks
from minigpt.show import figures, figures_model

text_data = minigpt.read_text(TEXT or minigpt.data_path())
tokenizer = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
sequence = tokenizer.encode(text_data)[:1000]  # enough for today, and quick
window_size = min(16, len(sequence) // 20)
x, y = minigpt.create_dataset(sequence, window_size)
figures.pipeline(5)

# %% [markdown] minutes=3 teach="Compute one score on the board: sleeps with cat."
# ## A toy: three words, four numbers each
#
# So far each word is a row of numbers, made by the embedding. A word alone means little: to know who sleeps, `sleeps`
# has to look at `cat`. How much should it look at each word? Attention compares rows: it multiplies them number by
# number and adds up (the **dot product**). Rows that are large in the same places get a high **score**.

# %% minutes=4 teach="Stop after the scores: which word will sleeps look at most?"
words = ["the", "cat", "sleeps"]
toy = np.array([[1, 0, 1, 0], [0, 2, 0, 1], [0, 2, 1, 1]])  # (T, D) = (3, 4)

print("sleeps with cat:", toy[2] * toy[1], "adds up to", (toy[2] * toy[1]).sum())
scores = toy @ toy.T  # all pairs at once: (3, 4) times (4, 3) is (3, 3)
print(scores)

# %% [markdown] minutes=3
# Three more steps. **Scale:** divide the scores by √D, here √4 = 2, so that wide rows do not give huge scores.
# **Softmax:** turn each row of scores into **weights**, all positive, with the sum 1; larger scores get larger weights.
# **Mix:** each word becomes the mixture of all words, by its weights. That is the whole formula of the paper
# ([Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), equation 1): softmax(Q Kᵀ / √d) V.


# %% minutes=4 teach="Recompute one weight with a pocket calculator."
def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))  # no overflow
    return powers / powers.sum(axis=1, keepdims=True)


weights = softmax(scores / 2)
steps = {"words": toy, "scores / 2": scores / 2, "weights": weights}
figures_model.tables({**steps, "mixed": weights @ toy}, words, words)

# %% [markdown] minutes=4 teach="Ask: what could the network do with a word it has not said yet?"
# ## One head, and no look at the future
#
# In a network a word plays three parts, and for each part its numbers are multiplied by a matrix that is learned: as
# the **query** it says what it looks for, as the **key** what it has to offer, as the **value** what it hands over.
#
# And a GPT learns to say the next word. If a word could see the next one, it would copy it and learn nothing. So the
# scores of all later words are set to minus infinity before the softmax, and their weights become 0: the **causal
# mask**. A word still sees itself.


# %% minutes=7 teach="Live cell 1. The mask comes before the softmax: let someone explain why."
def attention(query, key, value, causal=True):
    """Mix the values, each word by its own weights: three times (T, K) -> (T, K)."""
    scores = query @ key.T / np.sqrt(key.shape[1])  # (T, T)
    if causal:
        # Hint: np.tril(np.ones((3, 3))) has ones on and below the diagonal, zeros above;
        # np.where(condition, a, b) takes a where the condition is true, and b elsewhere.
        ### BEGIN SOLUTION: replace the scores of the words that come later by -np.inf
        allowed = np.tril(np.ones(scores.shape)) == 1
        scores = np.where(allowed, scores, -np.inf)
        ### END SOLUTION
    return softmax(scores) @ value


print("without mask:", attention(toy, toy, toy, causal=False)[0].round(2))
masked = attention(toy, toy, toy)
print("with mask:   ", masked[0], "(the first word sees only itself)")
assert np.allclose(masked[0], toy[0]), "word 1 must not see the others"
assert np.allclose(masked[2], (weights @ toy)[2]), "word 3 may see all three"

# %% minutes=1
show.plot_causal_mask(tokenizer.decode(sequence[:8]))

# %% [markdown] minutes=3
# ## Many heads
#
# One set of weights is one way to look. A block has several **heads**, each with its own three matrices: one may look
# at the word before, another at a name. What they find is laid side by side and mixed by one more matrix. Here is the
# attention layer of Keras, and the same computed with *your* `attention`, from the layer's own numbers.

# %% minutes=5 teach="Read the shapes aloud: two heads, three numbers each, side by side six."
heads = layers.MultiHeadAttention(num_heads=2, key_dim=3)
batch = toy[None].astype("float32")  # (B, T, D) = (1, 3, 4)
by_keras = np.array(heads(batch, batch, use_causal_mask=True))[0]

w_query, _, w_key, _, w_value, _, w_out, _ = heads.get_weights()  # _: the biases, all 0
found = []
for h in range(2):
    found.append(attention(toy @ w_query[:, h], toy @ w_key[:, h], toy @ w_value[:, h]))
by_hand = np.concatenate(found, axis=1) @ w_out.reshape(6, 4)  # (3, 6) -> (3, 4)

print("by Keras:", by_keras[2].round(4))
print("by hand: ", by_hand[2].round(4))
print("equal:", np.allclose(by_keras, by_hand, atol=1e-5))

# %% [markdown] minutes=3
# ## Add & norm, and feed-forward
#
# Three plain helpers turn attention into a block:
#
# - **Add** (the *residual* connection): what attention found is added to what came in, so nothing is lost on the way.
# - **Norm**: each word's numbers are shifted to mean 0 and stretched to spread 1, so that they neither grow nor fade.
# - **Feed-forward**: two **dense** layers, the first one wider. In a dense layer each new number is a sum of all the old
#   ones, each times a weight, plus a constant. Between the two stands a bent curve (*gelu*), or they would be no more
#   than one layer. They see one word at a time.

# %% minutes=2
norm = layers.LayerNormalization(epsilon=1e-6)
word = np.array([[1.0, 2.0, 3.0, 6.0]], dtype="float32")
normed = np.array(norm(word))
print(word[0], "becomes", normed[0].round(2))
print(f"mean {normed.mean():.2f}, spread {normed.std():.2f}")

# %% [markdown] minutes=2
# ## Your turn: `transformer_block`
#
# Put it together in the order of GPT-2 (Radford et al., 2019): *norm, attention, add*; then *norm, feed-forward, add*.
# `dropout` sets some numbers to zero during training, so that the block does not rely on any single one.
#
# Keras wants a plan before there are any numbers: `keras.Input` stands for what will come in, a layer is made and then
# **called** like a function, as `norm(word)` above, and `keras.Model(words, result)` is the plan from one to the other.


# %% minutes=10 teach="Live cell 2: the attention half together; the feed-forward half by themselves."
def transformer_block(embed_dim, num_heads, ff_dim, dropout=0.1, causal=True):
    """One decoder block: (B, T, D) -> (B, T, D)."""
    words = keras.Input((None, embed_dim))
    attend = layers.MultiHeadAttention(num_heads, embed_dim // num_heads)
    a = layers.LayerNormalization(epsilon=1e-6)(words)
    # Hint: attend(a, a, use_causal_mask=causal); layers.Dropout(dropout)(a);
    # layers.Add()([one, other])
    ### BEGIN SOLUTION: let a attend to a, drop out, add it to words; call the sum middle
    a = attend(a, a, use_causal_mask=causal)
    middle = layers.Add()([words, layers.Dropout(dropout)(a)])
    ### END SOLUTION
    b = layers.LayerNormalization(epsilon=1e-6)(middle)
    # Hint: layers.Dense(ff_dim, activation="gelu"), then layers.Dense(embed_dim), then as above
    ### BEGIN SOLUTION: two dense layers on b, drop out, add it to middle; call the sum result
    b = layers.Dense(ff_dim, activation="gelu")(b)
    b = layers.Dropout(dropout)(layers.Dense(embed_dim)(b))
    result = layers.Add()([middle, b])
    ### END SOLUTION
    return keras.Model(words, result)


# %% minutes=2
checks.transformer_block(transformer_block)

# %% [markdown] minutes=3 teach="Vote before running: which of the two is better, and which can speak?"
# ## A model that cheats
#
# What if we forget the mask? We build two small models around your block, one with and one without it, and train both
# to say the next word. First on the text; then on **dice**: 3,000 random numbers from 1 to 6, which nobody can foretell.
# An honest guesser is right one time in six, 17 %. Each of the two cells takes about 10 seconds.


# %% minutes=3
def train_small_gpt(causal, x, y, epochs, width=64):
    keras.utils.set_random_seed(0)
    ids = keras.Input((None,), dtype="int32")
    start = keras.initializers.RandomNormal(stddev=width**-0.5)
    h = layers.Embedding(tokenizer.vocab_size, width, start)(ids)  # (B, T, D)
    h = minigpt.PositionalEncoding(x.shape[1], width, scale_embedding=True)(h)
    h = transformer_block(width, 4, 4 * width, 0.0, causal=causal)(h)
    model = keras.Model(ids, layers.Dense(tokenizer.vocab_size, "softmax")(h))
    run = minigpt.train_model(model, x, y, epochs, learning_rate=0.01, progress=False)
    return model, run.history["accuracy"][-1]


prompt = tokenizer.decode(sequence[:4])
for causal in (False, True):
    model, right = train_small_gpt(causal, x, y, epochs=6)
    print(f"mask {causal}: {right:.0%} of the next words right in training. It speaks:")
    print(minigpt.generate_text(model, tokenizer, prompt, 20, temperature=0))

# %% minutes=3 teach="The proof: nobody can foretell dice, except by looking."
dice = np.random.default_rng(0).integers(1, 7, size=3016)
dice_x, dice_y = minigpt.create_dataset(dice, window_size=16)
new_dice = np.random.default_rng(1).integers(1, 7, size=3016)
new_x, new_y = minigpt.create_dataset(new_dice, window_size=16)
for causal in (False, True):
    model, _ = train_small_gpt(causal, dice_x, dice_y, epochs=2)
    right = (np.array(model(new_x)).argmax(axis=-1) == new_y).mean()
    print(f"mask {causal}: {right:.0%} of new throws foretold")

# %% [markdown] minutes=2
# Without the mask the model foretells dice! At each place but the last of a window, the next throw is in view one step to
# the right, and it has learned to copy it. On the text it does likewise: its score looks as good as the honest one's, or
# better. But when it speaks, the words to its right are not there yet, and it stumbles. A training score is worth nothing
# if the answer is in view.
#
# ## Encoder or decoder?
#
# The transformer of the paper was made to translate. Its **encoder** reads the source sentence without a mask: every
# word sees every other. Its **decoder** writes the translation with a causal mask, and has a third part in each block
# that looks at the encoder. A GPT has no source sentence, so that part is left out: it is a **decoder only**
# ([Liu et al., 2018](https://arxiv.org/abs/1801.10198); Radford et al., 2018). What is left equals an encoder block plus
# the mask. BERT ([Devlin et al., 2018](https://arxiv.org/abs/1810.04805)) is the sister: encoder only, no mask; it fills
# gaps in a text, and does not write on.

# %% minutes=2
mine = transformer_block(256, 8, 1024)
theirs = minigpt.transformer_block(256, 8, 1024)
print(f"parameters: {mine.count_params():,}, the package's: {theirs.count_params():,}")
theirs.set_weights(mine.get_weights())
sentence = np.random.default_rng(0).normal(size=(1, 10, 256)).astype("float32")
gap = np.abs(np.array(mine(sentence)) - np.array(theirs(sentence))).max()
print(f"the largest difference of their answers, with the same weights: {gap:.1e}")
wide = minigpt.transformer_block(256, 8, 1024, key_dim=256).count_params()
print(f"the class gave each head 256 numbers instead of 256 / 8 = 32: {wide:,}")

# %% [markdown] minutes=1
# ## Exercises
#
# **1.** A word whose query is all zeros: how much does it look at each of the three words? Guess, then compute its weights.
#
# **2.** Do more heads cost more parameters? Count those of your block, 256 wide, with 1, 4 and 16 heads.

# %% minutes=3
nobody = np.zeros((1, 4))
# Hint: as in the toy: query times keys, divided by 2, softmax; the keys are the rows of toy.
### BEGIN SOLUTION: compute the three weights of the query nobody and print them
print(softmax(nobody @ toy.T / 2).round(3))
### END SOLUTION

# %% minutes=3
# Hint: a block has the method count_params(); its third argument is 1024.
### BEGIN SOLUTION: print the number of parameters for 1, 4 and 16 heads
for count in (1, 4, 16):
    print(f"{count:2} heads: {transformer_block(256, count, 1024).count_params():,}")
### END SOLUTION

# %% [markdown] minutes=2
# ## What we have now, and what comes next
#
# - Attention: score, scale, mask, softmax, mix. Several heads look in several ways.
# - The causal mask is what makes a GPT honest. Without it, a model cheats in training and cannot speak.
# - A block: norm, attention, add; norm, feed-forward, add. What comes in and what goes out have the same shape, so
#   blocks can be stacked.
#
# In **06 · The GPT** we stack them, put the embedding below and a softmax over the vocabulary on top.
