# %% [markdown] minutes=2 teach="Tell them the story of the class: ten epochs, and it said: the the the the."
# # 07 · Training
#
# The network is built and knows nothing. In this notebook you write `train_model`, and learn to read a **loss**. Then we
# do detective work: the recipe that was taught in class never learned more than to say *the the the*. We find out why,
# by experiment, one change at a time. At the end you watch a GPT learn to speak, and see where learning by heart begins.
#
# **Time:** about 78 minutes in class; the computer needs about a minute.
#
# Late, or has the kernel crashed? Start here: the next cell brings all that the earlier notebooks made.

# %% minutes=2
TEXT = None  # None: the story of the class; or your own file, such as "my_story.txt"

from collections import Counter
from dataclasses import replace

import minigpt  # first, so that TensorFlow starts quietly
import keras
import numpy as np

from minigpt import show
from minigpt.classroom import checks
from minigpt.show import figures

text_data = minigpt.read_text(TEXT or minigpt.data_path())
tokenizer = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
sequence = tokenizer.encode(text_data)[:1000]  # enough for today, and quick
V, window_size = tokenizer.vocab_size, min(16, len(sequence) // 20)
figures.pipeline(7)

# %% [markdown] minutes=3 teach="Let them guess the loss of a sure and right answer, and of a sure and wrong one."
# ## A toy: what a loss means
#
# At each place the network gives every word a probability. The **loss** looks at one of them only, that of the word that
# really came: −ln(p). Right and sure costs nothing; the less likely the right word was, the more it costs. Turned around,
# a loss of L is as good as choosing blindly among e^L words:

# %% minutes=2
for p in (1, 1 / 2, 1 / 10, 1 / 100):
    loss = abs(np.log(p))
    print(f"p = {p:<4}   loss {loss:.2f}   as a choice among {np.exp(loss):.0f}")

# %% [markdown] minutes=3
# ## Three guessers without a network
#
# How low must a loss be to mean something? Ask three simple guessers. **Uniform**: every word of the vocabulary is equally
# likely. **Unigram**: each word is as likely as it is frequent in the text. **Bigram**: each word is as likely as it is
# frequent *after the word before it*.

# %% minutes=4 teach="Compute uniform together: ln V. Then ask which guesser the class model equals."
counts = Counter(sequence)
share = np.array([counts[word] / len(sequence) for word in sequence])
print(f"uniform: loss {np.log(V):.2f}, a choice among {V} words")
print(f"unigram: loss {-np.log(share).mean():.2f}")
baselines = minigpt.baselines(sequence, V)  # the same, and bigram
print("the package:", {k: round(v, 2) for k, v in baselines._asdict().items()})
likeliest = counts.most_common(1)[0][0]
print("what a unigram guesser says:", tokenizer.decode([likeliest] * 4))

# %% [markdown] minutes=3
# A network that stays at the unigram loss has learned which words are frequent, and nothing else.
#
# ## Your turn: `train_model`
#
# We show the network some windows at once, a **batch**, look at the loss, and move every parameter a small **step** in the
# direction that lowers it. How far, that is the **learning rate**. When all windows have had their turn, an **epoch** is over.
#
# In Keras that is two lines. `compile` says how to learn: with the optimizer **Adam**
# ([Kingma and Ba, 2014](https://arxiv.org/abs/1412.6980)), which gives each parameter a step of its own size, and with our
# loss, called *sparse categorical cross-entropy*. `fit` learns. What you hand it as `validation_data` it only tests
# itself on, and `callbacks` are helpers that it calls after each epoch, to draw a curve or to print.


# %% minutes=7 teach="The live cell. Ask why the loss is called sparse: y holds ids, not rows of zeros and a one."
def train_model(
    model, x, y, epochs=10, batch_size=32, learning_rate=0.001,
    validation_data=None, callbacks=(),
):  # fmt: skip
    """Teach a model to say y after x, and return the History of Keras."""
    adam = keras.optimizers.Adam(learning_rate)
    watch = {"validation_data": validation_data, "callbacks": list(callbacks)}
    # Hint: compile takes the optimizer, the loss "sparse_categorical_crossentropy" and
    # metrics=["accuracy"]; fit takes x, y, epochs=…, batch_size=…, verbose=0 and **watch.
    ### BEGIN SOLUTION: compile the model, fit it, and return what fit returns
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0, **watch)
    ### END SOLUTION


# %% minutes=3
checks.train_model(train_model)

x, y = minigpt.create_dataset(sequence, window_size)
steps = int(np.ceil(len(x) / 32))
print(f"{len(x)} windows in batches of 32: {steps} steps an epoch")

# %% [markdown] minutes=3 teach="Collect suspects on the board before the first run."
# ## Why the recipe of the class never learned
#
# With 13 million parameters each try takes minutes. So we take the recipe of the class in small: no mask,
# **post-norm** (the norm after the addition, not first), relu (a simpler curve than gelu), no scaling of the embeddings,
# all heads as wide as the model, but 64 numbers a word, three blocks and windows of 16 words. A narrow network stands
# larger steps; with a learning rate of 0.01 it fails in the same way. About 7 seconds a run.


# %% minutes=4
recipe = replace(minigpt.GPTConfig.lecture(), vocab_size=V, max_seq_length=16)
recipe = replace(recipe, embed_dim=64, key_dim=64, ff_dim=256, num_layers=3)
runs, prompt = {}, tokenizer.decode(sequence[:2])


def attempt(name, learning_rate=0.01, **changes):
    keras.utils.set_random_seed(0)  # the same start for all
    model = minigpt.build_gpt_model(replace(recipe, **changes))
    runs[name] = train_model(model, x, y, epochs=5, learning_rate=learning_rate)
    said = minigpt.generate_text(model, tokenizer, prompt, 10, temperature=0)
    loss = runs[name].history["loss"][-1]
    print(f"{name}: loss {loss:.2f}, says: {said}", flush=True)


print(f"(the unigram guesser has the loss {baselines.unigram:.2f})")
attempt("the recipe")

# %% [markdown] minutes=3 teach="Ask: what does block 1 hear, words or positions? Vote on the three suspects."
# A first suspect: the numbers that go into the first block. The embedding gives each word small numbers, the sines of the
# positions are larger, and the two are added: the words may drown. The paper multiplies the embeddings by √D
# ([section 3.4](https://arxiv.org/abs/1706.03762)); the recipe forgot that. A second suspect is the place of the norm, a
# third the learning rate. We change **one thing at a time**. Scaling and norm are first: two runs, about 15 seconds.

# %% minutes=5
fresh = minigpt.build_gpt_model(recipe)
embedding = fresh.get_layer("token_embedding").get_weights()[0]
sines = fresh.get_layer("positional_encoding").table
sizes = {"words": embedding, "words times √64": embedding * 8, "positions": sines}
for name, numbers in sizes.items():
    print(f"{name}: typical size {np.sqrt(np.mean(np.square(numbers))):.2f}")

attempt("scaled", scale_embedding=True)
attempt("norm first", norm="pre")

# %% [markdown] minutes=2
# Compare with the loss of the unigram guesser: has one of the two mended it? On our story neither has, within five
# epochs. Now two changes together, and at last the mask: three runs, about 20 seconds.

# %% minutes=5 teach="The lowest loss is not the best speaker: which one cheats?"
attempt("scaled, smaller steps", learning_rate=0.001, scale_embedding=True)
attempt("scaled, norm first", norm="pre", scale_embedding=True)
attempt("scaled, norm first, mask", norm="pre", scale_embedding=True, causal=True)
show.plot_training(runs, baselines)

# %% [markdown] minutes=4 teach="Let them say it in their own words: three faults, each hiding the next."
# So there were **several faults, each hiding the next**. First the words must be heard (scaling). Then the deep stack must
# be able to learn: with the norm after the addition it takes small steps only, with the norm first it stands large ones
# ([Xiong et al., 2020](https://arxiv.org/abs/2002.04745)). And the run with the lowest loss need not speak well: without
# the mask, as in notebook 05, it cheats. At full size it is the same story, as we have measured: with scaling alone, or with
# scaling and mask, the 13 million parameters stay at the unigram loss; with a learning rate of 0.0003 besides, they learn.
#
# ## Watch it learn to speak
#
# Now a good GPT. We hold out the last tenth of the text, and look at both losses after each epoch. About 10 seconds.

# %% minutes=5 teach="Read the sentences aloud as they come."
learned, held_out = minigpt.split_sequence(sequence, validation_split=0.1)
config = minigpt.GPTConfig(V, 16, embed_dim=128, num_heads=4, ff_dim=512, num_layers=2)
keras.utils.set_random_seed(0)
model = minigpt.build_gpt_model(config)
test = minigpt.create_dataset(held_out, min(window_size, len(held_out) - 1))
watch = [show.LiveCurve(baselines), minigpt.SampleText(tokenizer, prompt, 10)]
learned_x, learned_y = minigpt.create_dataset(learned, window_size)
history = train_model(
    model, learned_x, learned_y, epochs=7, learning_rate=0.003,
    validation_data=test, callbacks=watch,
)  # fmt: skip

# %% [markdown] minutes=3
# ## By heart, or understood?
#
# The loss of the text it learns from falls and falls; that of the text it has never seen does not follow, and soon **rises**.
# The model learns the text by heart (**overfitting**), and becomes ever surer of wrong guesses elsewhere. With so little text
# that is what to expect: GPT-3 was trained on 300 billion tokens
# ([Brown et al., 2020](https://arxiv.org/abs/2005.14165), table 2.1). Let it go on, once where it has read the text, once
# where it has not:

# %% minutes=3
for name, part in (("learned", learned), ("held out", held_out)):
    start, rest = tokenizer.decode(part[:6]), tokenizer.decode(part[6:16])
    said = minigpt.generate_text(model, tokenizer, start, 10, 0, include_prompt=False)
    print(f"{name}: {start} …\n   the text: {rest}\n   it says:  {said}")

# %% [markdown] minutes=2
# ## Exercises
#
# **1.** A network without attention, an embedding and a dense layer, sees one word at a time. How low can its loss get? Train
# `make()` once with your function and once with `minigpt.train_model`, 15 epochs at a learning rate of 0.01. Compare the last
# losses with each other, and with the bigram guesser.
#
# **2.** After which epoch was the validation loss lowest? To stop there is called **early stopping**.


# %% minutes=4
def make():
    keras.utils.set_random_seed(0)
    ids = keras.Input((None,), dtype="int32")
    words = keras.layers.Embedding(V, 64)(ids)
    return keras.Model(ids, keras.layers.Dense(V, activation="softmax")(words))


print(f"the bigram guesser: {baselines.bigram:.2f}")
# Hint: .history["loss"] of what either function returns is the list of its losses.
### BEGIN SOLUTION: train two new models, one with each function, and print their last losses
for name, train in (("yours", train_model), ("package", minigpt.train_model)):
    lesson = train(make(), x, y, epochs=15, learning_rate=0.01)
    print(f"{name}: {lesson.history['loss'][-1]:.2f}")
### END SOLUTION

# %% minutes=3
validation_losses = history.history["val_loss"]
# Hint: np.argmin gives the place of the smallest number, counted from 0.
### BEGIN SOLUTION: print the number of the epoch with the lowest validation loss, from 1
best = np.argmin(validation_losses)
print(f"epoch {best + 1}, with a loss of {validation_losses[best]:.2f}")
### END SOLUTION

# %% minutes=1
FULL_SIZE = False  # True: the 13 million parameters of the class, mended; many minutes
if FULL_SIZE:
    mended = replace(minigpt.GPTConfig.lecture(), causal=True, scale_embedding=True)
    full_x, full_y = minigpt.create_dataset(sequence, min(100, len(sequence) // 2))
    giant = minigpt.build_gpt_model(mended)
    minigpt.train_model(giant, full_x, full_y, epochs=10, learning_rate=0.0003)
    print(minigpt.generate_text(giant, tokenizer, prompt, 30))

# %% [markdown] minutes=2
# ## What we have now, and what comes next
#
# - A loss of L is a choice among e^L words. One at the unigram level means: nothing learned but which words are frequent.
# - `train_model`: batches, steps, epochs. A recipe that does not learn is searched like a crime: one change at a time.
# - A falling training loss may be memory. Only text that was held out shows more.
#
# The model lives in this kernel only. In **08 · Save and look inside** we put it into files, and open it up.
