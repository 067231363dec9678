# %% [markdown] minutes=2 teach="Ask: the model gives 385 probabilities. What do we do with them?"
# # 09 · Generate
#
# The model gives a probability to every word. To get a text, we must **choose** one, read it, and go on. You write
# `generate_text`, with all the ways to choose that are in use today. Then we look behind it: the window that slides, the
# cache that makes it fast, and how much of what it says is only copied.
#
# **Time:** about 80 minutes in class; the computer needs about thirty seconds.
#
# Late, or has the kernel crashed? Start here: the next cell trains a small GPT through the package, in about 10 seconds.

# %% minutes=2
TEXT = None  # None: the story of the class; or your own file, such as "my_story.txt"

import time

import minigpt  # first, so that TensorFlow starts quietly
import keras
import numpy as np

from minigpt import show
from minigpt.classroom import checks
from minigpt.show import figures, figures_model

text_data = minigpt.read_text(TEXT or minigpt.data_path())
tokenizer = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
sequence = tokenizer.encode(text_data)[:1000]  # enough for today, and quick
window_size = min(32, len(sequence) // 20)
x, y = minigpt.create_dataset(sequence, window_size)
keras.utils.set_random_seed(0)
model = minigpt.build_gpt_model(minigpt.GPTConfig.quick(tokenizer.vocab_size))
history = minigpt.train_model(model, x, y, epochs=4)
figures.pipeline(9)

# %% [markdown] minutes=3 teach="Compute 0.5 squared, 0.3 squared … on the board, for temperature 1/2."
# ## A toy: five words to choose from
#
# After *the cat* let the model say: *sat* 50 %, *slept* 25 %, *ran* 15 %, *sang* 8 %, *exploded* 2 %. Always to take the
# likeliest is called **greedy**. To draw by the probabilities is called **sampling**. In between there is the
# **temperature** t: every probability is raised to the power 1/t, and all are divided by their sum. Below 1 the likely words
# gain, above 1 the unlikely ones.

# %% minutes=4
words = ["sat", "slept", "ran", "sang", "exploded"]
p = np.array([0.50, 0.25, 0.15, 0.08, 0.02])

panels = {}
for t in (0.25, 0.5, 1, 2, 4):
    powers = p ** (1 / t)
    panels[f"temperature {t}"] = powers / powers.sum()
figures_model.bars(panels, words, "the cat …")

# %% [markdown] minutes=3
# At any temperature the cat may explode, once in a while. Two ways to forbid it: **top-k** keeps the k likeliest words
# ([Fan et al., 2018](https://arxiv.org/abs/1805.04833)); **top-p** keeps the fewest likeliest words that together have at
# least the probability p ([Holtzman et al., 2020](https://arxiv.org/abs/1904.09751)): few where the model is sure, many
# where it is not.
#
# ## Your turn: choose a word


# %% minutes=8 teach="Live cell 1, one blank after the other; run the next cell after each."
def reshape(p, temperature=1.0, top_k=None, top_p=None):
    """Change the probabilities (V,) by temperature, top-k and top-p, in this order."""
    p = p.copy()  # the caller keeps the old ones
    # Hint: as in the toy. Dividing p by p.max() first keeps tiny powers from becoming 0.
    ### BEGIN SOLUTION: raise p / p.max() to the power 1 / temperature, and divide by the sum
    p = (p / p.max()) ** (1 / temperature)
    p = p / p.sum()
    ### END SOLUTION
    order = np.argsort(-p, kind="stable")  # the ids, the likeliest word first
    # Hint: order[3:] are the ids of all words but the three likeliest; p[ids] = 0 rules them out.
    ### BEGIN SOLUTION: if top_k is given, set all but the k likeliest to 0, and divide by the sum
    if top_k is not None:
        p[order[top_k:]] = 0
        p = p / p.sum()
    ### END SOLUTION
    if top_p is not None:
        before = np.cumsum(p[order]) - p[order]  # what the likelier words have together
        p[order[before >= top_p]] = 0
    return p / p.sum()


# %% minutes=3
settings = ({}, {"temperature": 0.5}, {"top_k": 2}, {"top_p": 0.8})
panels = {}
for setting in settings:
    name = "\n".join(f"{key} {value}" for key, value in setting.items()) or "as it is"
    panels[name] = reshape(p, **setting)
figures_model.bars(panels, words, "the cat …")

# %% [markdown] minutes=2
# ## Your turn: `generate_text`
#
# Now the loop: read the last words that fit into the window, take the answer after the last one, choose, append, again.
# Padding (id 0) and `<OOV>` (id 1) are no words, so they may not be said.


# %% minutes=8 teach="Live cell 2. The classic mistakes: [0, 0] for [0, -1], and forgetting to append."
def generate_text(
    model, tokenizer, prompt="", max_new_tokens=30, temperature=0.8,
    top_k=None, top_p=None, seed=None, window_size=window_size,
):  # fmt: skip
    """Continue a prompt, word by word."""
    rng = np.random.default_rng(seed)
    ids = tokenizer.encode(prompt) or [2]  # without a prompt: the most frequent word
    for _ in range(max_new_tokens):
        context = np.array([ids[-window_size:]])  # (1, T)
        # Hint: model(context) is (1, T, V): one sequence, an answer at each place. Make
        # an array of it with np.array(…), and of that a precise one with .astype("float64").
        ### BEGIN SOLUTION: let p be the answer after the last word, as a NumPy array of float64
        p = np.array(model(context))[0, -1].astype("float64")
        ### END SOLUTION
        p[:2] = 0
        p = reshape(p, temperature or 1e-3, top_k, top_p)  # temperature 0 means greedy
        # Hint: rng.choice(len(p), p=p) draws an id by the probabilities.
        ### BEGIN SOLUTION: draw an id, and append it to ids
        ids.append(int(rng.choice(len(p), p=p)))
        ### END SOLUTION
    return tokenizer.decode(ids)


# %% [markdown] minutes=2
# First the check, a few seconds; then the same on our text: one prompt, more and more boldly, always with the same seed.

# %% minutes=5 teach="Let them vote: at which temperature is it best? There is no right answer."
checks.generate_text(generate_text)

prompt = tokenizer.decode(sequence[:3])
settings = [{"temperature": t} for t in (0, 0.8, 1.5, 3)]
settings += [{"temperature": 3, "top_k": 3}, {"temperature": 3, "top_p": 0.5}]
for setting in settings:
    said = generate_text(model, tokenizer, prompt, 15, seed=1, **setting)
    print(f"{setting}\n   {said}")

# %% [markdown] minutes=2
# The bars behind it: after the most frequent word of the text, many words are possible. This is what the settings make of
# the eight likeliest. With `SLIDER = True` in the next cell you can move them yourself, after your prompt.

# %% minutes=3 teach="Follow one word from panel to panel."
likely = np.array(model(np.array([[2]])))[0, -1].astype("float64")  # (V,)
likely[:2] = 0
top = np.argsort(-likely)[:8]
panels = {}
for t in (0.5, 1, 2):
    panels[f"temperature {t}"] = reshape(likely, t)[top]
panels["top_k 3"] = reshape(likely, top_k=3)[top]
panels["top_p 0.5"] = reshape(likely, top_p=0.5)[top]
names = [tokenizer.decode([i]) for i in top]
figures_model.bars(panels, names, f"{tokenizer.decode([2])} …")

# %% minutes=2
SLIDER = False  # True: sliders that move the bars (needs ipywidgets)

if SLIDER:
    from IPython.display import display
    from ipywidgets import interact

    @interact(temperature=(0.1, 4.0, 0.1), top_k=(1, 20), top_p=(0.05, 1.0, 0.05))
    def move(temperature=1.0, top_k=20, top_p=1.0):
        options = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        display(show.plot_next_words(model, tokenizer, prompt, **options))


# %% [markdown] minutes=2
# ## The window slides
#
# The model reads a limited number of words, its **context window**. Of a longer text it sees the end only, and forgets the
# rest: the window slides. Here it is four words wide, in brackets. How much does the model need? We give it ever fewer words
# to look at.

# %% minutes=4 teach="With one word it is a bigram guesser, as in notebook 07."
story = tokenizer.decode(sequence[:9]).split()
for n in range(3, 9):
    print(*story[: max(0, n - 4)], "[", *story[max(0, n - 4) : n], "] →", story[n])

for size in sorted({1, 2, 4, window_size}):
    said = generate_text(model, tokenizer, prompt, 12, temperature=0, window_size=size)
    print(f"looks at {size:2}: {said}")

# %% [markdown] minutes=3 teach="Why do old keys and values not change? Because of the mask."
# ## The key/value cache
#
# For each new word, your loop reads the whole window again. Is that needed? Under the causal mask a word never sees what
# comes after it, so its keys and values in every block stay the same when the text grows. `minigpt.NumpyGPT` is your model
# once more in plain NumPy; a `CachedGPT` beside it keeps them (the **key/value cache**) and computes the new word only. We let
# three ways read the same words one by one.

# %% minutes=4
from minigpt.engine.cached_gpt import CachedGPT

gpt = minigpt.NumpyGPT.from_keras(model)
cached, ids = CachedGPT(gpt), sequence[:window_size]
ways = {"Keras, all again": lambda n: np.array(model(np.array([ids[:n]])))[0, -1]}
ways["NumPy, all again"] = lambda n: gpt(ids[:n])[-1]
ways["NumPy with cache"] = lambda n: cached.read(ids[n - 1 : n])[-1]
answers = {}
for name, answer_after in ways.items():
    answers[name], seconds = [], []
    for n in range(1, len(ids) + 1):
        started = time.perf_counter()
        answers[name].append(answer_after(n))
        seconds.append(time.perf_counter() - started)
    print(f"{name}: {1000 * np.median(seconds):6.2f} ms a word")
a, b, c = answers.values()
print("equal answers:", np.allclose(a, b, atol=1e-5) and np.allclose(b, c, atol=1e-5))

# %% [markdown] minutes=2
# The longer the window, the more it saves: to read T words one by one means 1 + 2 + … + T = T(T+1)/2 words without a cache,
# and T words with it. When the window slides, all positions change, and the cache must be filled anew. So our package lets it
# slide by an eighth of its length at a time, and fills the cache once in so many words.
#
# ## How much is copied?
#
# A small GPT that has seen one small text again and again can recite it. Does it also say something of its own? Measure the
# longest run of words in its answer that stands in the text just so.


# %% minutes=5 teach="Ask for other measures: share of copied pairs, triples …"
def longest_copy(said, text):
    """The longest run of words of `said` that stands in `text` too, as a list."""
    best, words = [], said.split()
    for start in range(len(words)):
        while start + len(best) < len(words):
            longer = words[start : start + len(best) + 1]
            if f" {' '.join(longer)} " not in text:
                break
            best = longer
    return best


text = f" {tokenizer.decode(sequence)} "
for temperature in (0, 0.8, 1.5, 3):
    said = generate_text(model, tokenizer, prompt, 30, temperature, seed=0)
    copied = longest_copy(said, text)
    share = f"{len(copied)} of {len(said.split())} words"
    print(f"temperature {temperature}: {share} in one run of the text")
print("the last one:", said)

# %% minutes=2
# Does the package say the same as you, word for word, with the same seed?
for setting in ({"temperature": 0}, {"top_k": 5}, {"temperature": 1.2, "top_p": 0.9}):
    yours = generate_text(model, tokenizer, prompt, 20, seed=0, **setting)
    theirs = minigpt.generate_text(model, tokenizer, prompt, 20, seed=0, **setting)
    print(setting, "equal:", yours == theirs)

# %% [markdown] minutes=1
# ## Exercises
#
# **1.** With `top_k=1`, does the temperature still matter? Say three texts with temperatures 0.5, 1 and 3, and compare.
#
# **2.** How many words does top-p 0.9 leave to choose from after your prompt, and how many after the most frequent word?
# `likely` has the probabilities after the latter.

# %% minutes=3
# Hint: a set of texts has one element for each different text.
### BEGIN SOLUTION: print how many different texts top_k=1 gives at the three temperatures
different = {
    generate_text(model, tokenizer, prompt, 10, t, top_k=1) for t in (0.5, 1, 3)
}
print(len(different), "different text(s)")
### END SOLUTION

# %% minutes=3
prompt_ids = np.array([tokenizer.encode(prompt)])
after_prompt = np.array(model(prompt_ids))[0, -1].astype("float64")
# Hint: np.count_nonzero(array) counts what is not 0.
### BEGIN SOLUTION: print, for after_prompt and for likely, how many words top_p=0.9 leaves
for after in (after_prompt, likely):
    print(np.count_nonzero(reshape(after, top_p=0.9)), "words are left")
### END SOLUTION

# %% [markdown] minutes=2
# ## What we have now, and what comes next
#
# - `generate_text`: read, choose, append, again. Greedy, temperature, top-k and top-p are ways to choose.
# - The window slides over long texts; the cache spares reading the same words again.
# - A measure for what is copied. A model that recites is no mistake of yours: it has read one small text only.
#
# This is the end of the way that began with a `data.txt`: text, words, windows, positions, blocks, training, files, a
# text that goes on word by word. You have built every part of a GPT. Only, it continues what you say, and does not answer. In
# **10 · Talk to it** it learns to.
