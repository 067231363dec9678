# %% [markdown] minutes=2 teach="Ask: what do you think happens inside when you type a question into a chat program?"
# # 00 · The whole story
#
# You give a computer a text. A minute later it writes sentences itself. This page shows the whole way at
# once, with ready-made parts; in notebooks 01 to 09 you build every one of these parts yourself.
#
# You need to know some Python, and nothing about neural networks. Run the cells from top to bottom (Shift + Enter).
#
# **Time:** about 40 minutes in class; the computer needs about half a minute.

# %% minutes=3 teach="The nine boxes are the nine notebooks. Do not explain them yet."
TEXT = None  # None: the story of the class; or your own file, such as "my_story.txt"

import textwrap

import minigpt  # first, so that TensorFlow starts quietly
import keras
from minigpt import show
from minigpt.show import figures

figures.pipeline(0)

# %% [markdown] minutes=1
# ## 1. A text
#
# All that our model will ever know stands in one text. Here is its beginning.

# %% minutes=2 teach="Read it aloud; let the class remember a fact or two."
text_data = minigpt.read_text(TEXT or minigpt.data_path())
print(textwrap.fill(text_data[:400], 80), "…")

# %% [markdown] minutes=2
# ## 2. Words become numbers
#
# A computer calculates with numbers, so the **tokenizer** gives each different word a number, its **id**.

# %% minutes=2
tokenizer = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
sequence = tokenizer.encode(text_data)
print(f"{len(sequence):,} words, {tokenizer.vocab_size:,} different ids")
print(tokenizer.decode(sequence[:8]), "→", sequence[:8])

# %% [markdown] minutes=2
# ## 3. A game: guess the next word
#
# We cut the text into **windows**. In each, the model reads the words `x`, and shall say `y`: at every place the word
# that comes next. Nobody has to write down the right answers, they stand in the text.

# %% minutes=2
window_size = min(32, len(sequence) // 20)
x, y = minigpt.create_dataset(sequence, window_size)
show.plot_windows(x, y, tokenizer, rows=2)

# %% [markdown] minutes=2
# ## 4. A model
#
# A **GPT** (*generative pre-trained transformer*) is a large formula. Words go in; a probability for each word of the
# **vocabulary** (all the words it knows) comes out: how likely is it to come next? The formula has many numbers that can
# be set, its **parameters**. At first they are random, and so is what it says:

# %% minutes=2 teach="Let them enjoy the nonsense: this is the model before it has learned anything."
keras.utils.set_random_seed(1)  # the same random numbers each time
config = minigpt.GPTConfig.quick(tokenizer.vocab_size)
model = minigpt.build_gpt_model(config)
prompt = " ".join(text_data.split()[:3])
print(f"{model.count_params():,} parameters")
print(minigpt.generate_text(model, tokenizer, prompt, max_new_tokens=15, seed=1))

# %% [markdown] minutes=2
# ## 5. Training
#
# In **training** the model plays the game of step 3 again and again. After each batch of guesses every parameter is
# changed a little, so that the right words become more likely. The **loss** says how surprised the model was by the right
# words: the smaller, the better. One reading of the whole text is an **epoch**; of a short text the model needs more of
# them. This takes about 10 to 20 seconds; look how it learns to speak.

# %% minutes=3
epochs = min(20, max(1, 6_700 // len(x)))  # 8 for the story of the class
spoken = minigpt.SampleText(tokenizer, prompt, max_new_tokens=8)
history = minigpt.train_model(model, x, y, epochs=epochs, callbacks=[spoken])

# %% minutes=2 teach="Do not explain the dashed lines yet; notebook 07 does."
show.plot_training(history, baselines=minigpt.baselines(sequence, tokenizer.vocab_size))

# %% [markdown] minutes=1
# ## 6. An answer
#
# Now you give it some words, the **prompt**. It says a word, reads it, says the next, and so on.

# %% minutes=2 teach="Collect prompts from the class. What does it do with a word that is not in the text?"
answer = minigpt.generate_text(model, tokenizer, prompt, max_new_tokens=60, seed=0)
print(textwrap.fill(answer, 80))

# %% [markdown] minutes=2
# Does it recite the text? That would be no wonder: the text is all it has ever read, and it has read it many times.
# Large models do the same thing, with much more text and many more parameters. GPT-3 has 175 billion parameters and was
# trained on 300 billion tokens, words or pieces of words ([Brown et al., 2020](https://arxiv.org/abs/2005.14165),
# table 2.1). A chat program is such a model, trained further on examples of good answers, and on people's judgments of
# its own ([Ouyang et al., 2022](https://arxiv.org/abs/2203.02155)).
#
# ## 7. Keep it
#
# The model and its tokenizer go into a folder, and come back whole, today or next week.

# %% minutes=1
minigpt.save_gpt("my_first_gpt", model, tokenizer)
model, tokenizer = minigpt.load_gpt("my_first_gpt")
show.plot_next_words(model, tokenizer, prompt)

# %% [markdown] minutes=1
# ## Exercises
#
# In your own copy of the notebooks there are blanks: a comment `YOUR CODE HERE`, and a line that raises an error which
# says what to write. Write your code in place of that line. (In the complete copy, the code stands there already.)
#
# **1.** Ask it something of your own: choose a prompt of words that stand in the text, and let it say 20 more.

# %% minutes=2
# Hint: the cell under "6. An answer" shows how; change the prompt.
### BEGIN SOLUTION: put into mine what the model says to a prompt of your own
words = " ".join(text_data.split()[30:32])
mine = minigpt.generate_text(model, tokenizer, words, max_new_tokens=20, seed=2)
### END SOLUTION
print(mine)

# %% [markdown] minutes=1
# **2.** With a higher `temperature` the model dares more: it takes unlikely words more often. Let it answer the same
# prompt at 0 (always the likeliest word), 1 and 3.

# %% minutes=2
for temperature in (0, 1, 3):
    # Hint: generate_text takes an argument named temperature.
    ### BEGIN SOLUTION: put into said what it says to prompt at this temperature
    said = minigpt.generate_text(
        model, tokenizer, prompt, max_new_tokens=12, temperature=temperature, seed=3
    )
    ### END SOLUTION
    print(temperature, "→", said)

# %% [markdown] minutes=1
# ## What we have now, and what comes next
#
# You have seen a text become numbers, the numbers become a game, and a model learn to play it. Nothing of it is magic,
# and nothing of it is long: each of the parts above is a few lines of Python, and you will write them.
#
# We begin at the first box of the figure: **01 · Read the data**.
