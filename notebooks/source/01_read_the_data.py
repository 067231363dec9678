# %% [markdown] minutes=2 teach="Ask: what has a language model read? Who has an own text with them?"
# # 01 · Read the data
#
# A language model learns from a text, and from nothing else. In this notebook you write `read_text`, look at the text
# of the class, and find out what is special about the words of nearly every text. You can also bring a text of your own.
#
# **Time:** about 45 minutes in class; the computer needs some ten seconds.
#
# This notebook stands by itself. Run the next cell first.

# %% minutes=2 teach="Show the first line: one name between quotes, and the whole series reads that file."
TEXT = None  # None: the story of the class; or your own file, such as "my_story.txt"

import textwrap
from pathlib import Path

import minigpt
from minigpt import show
from minigpt.classroom import checks
from minigpt.show import figures

path = TEXT or minigpt.data_path()

figures.pipeline(1)

# %% [markdown] minutes=3
# ## A toy: a file of two words
#
# A file holds no letters. It holds **bytes**, numbers from 0 to 255. Which **characters** (letters, marks, spaces) they
# stand for is a matter of agreement, the **encoding**. Most texts today are in UTF-8, where a plain English letter takes
# one byte and other characters take two to four. Here is a small file; count its bytes.

# %% minutes=3 teach="Which letter takes two bytes? Why is the length 10 and not 9?"
Path("toy.txt").write_text("Zoë says.", encoding="utf-8")
content = Path("toy.txt").read_bytes()
print(list(content))
print(len("Zoë says."), "characters,", len(content), "bytes")

# %% [markdown] minutes=2
# Whoever reads the same bytes with another agreement gets other letters, and no error:

# %% minutes=2
print("read as UTF-8:  ", content.decode("utf-8"))
print("read as Latin-1:", content.decode("latin-1"))

# %% [markdown] minutes=2
# ## Your turn: `read_text`
#
# Python guesses the encoding from the computer it runs on, so the same program can read well in one place and badly in
# another. We do not let it guess. Write a function that takes the path of a file and returns its text, one long string.
#
# Your copy has a blank there: write your code in place of the line that begins with `raise`.


# %% minutes=4 teach="Let them leave out the encoding first, and let the check complain if it can."
def read_text(path):
    """Return the text of a UTF-8 file as one string."""
    # Hint: open(…, encoding=…) in a with block; .read() gives the whole file.
    ### BEGIN SOLUTION: open the file as UTF-8 and return all that it holds
    with open(path, encoding="utf-8") as file:
        return file.read()
    ### END SOLUTION


# %% minutes=1
checks.read_text(read_text)
print(read_text("toy.txt"))

# %% [markdown] minutes=1
# ## The same on the text
#
# This is all that our GPT will ever know of the world.

# %% minutes=3 teach="Read the opening aloud. Ask for facts that a model could be asked about later."
text_data = read_text(path)
words = text_data.split()
print(f"{len(text_data):,} characters")
print(f"{len(words):,} words, {len(set(words)):,} of them different")
print()
print(textwrap.fill(text_data[:300], 80), "…")

# %% [markdown] minutes=2
# Is that much? GPT-3 was trained on 300 billion tokens, which are words or pieces of
# words ([Brown et al., 2020](https://arxiv.org/abs/2005.14165), section 2.2 and table 2.1). With so little text, our small GPT
# can learn to speak only by learning the text by heart. That it does so, and how to tell remembering from
# understanding, will be seen in notebook 07.
#
# ## A picture: a few words are everywhere
#
# `split` takes *lamp* and *lamp.* for two words, and *The* and *the*. The picture counts them as one, as the tokenizer of
# the next notebook does. On the left are the most frequent words. On the right, every word is a point: its rank
# against its count, both on a **logarithmic** axis, where each step means ten times as many.

# %% minutes=3 teach="Ask: what do the words on the left have in common? (They tell nearly nothing of the story.)"
tokenizer = minigpt.WordTokenizer(num_words=None).fit(text_data)
show.plot_word_frequencies(tokenizer)

# %% [markdown] minutes=1
# In long texts the points lie near the dashed line: the second word comes about half as often as the first, the third a
# third as often, and so on. This is called **Zipf's law**. A short text follows it roughly. It means that most words of a vocabulary
# are rare, and a network gets few examples of each of them.
#
# Now the package's `read_text`. It reads the same, and says more when something is wrong:

# %% minutes=2
Path("latin.txt").write_text("Zoë says.", encoding="latin-1")
print("the same text:", minigpt.read_text(path) == text_data)
for name in ("latin.txt", "no_such_file.txt"):
    try:
        minigpt.read_text(name)
    except minigpt.MinigptError as error:
        print("·", error)

# %% [markdown] minutes=2
# ## Exercises
#
# **1.** How many words stand in the text only once? The tokenizer has counted: `tokenizer.word_counts` is a dictionary
# from each word to its count.

# %% minutes=3
# Hint: [word for word, count in …items() if …] collects what you want.
### BEGIN SOLUTION: collect the words that stand in the text once, in a list named once
once = [word for word, count in tokenizer.word_counts.items() if count == 1]
### END SOLUTION
print(f"{len(once):,} of {len(tokenizer.word_counts):,} words, such as {once[:5]}")

# %% [markdown] minutes=1
# **2.** A corpus often comes in several files. Write `read_texts`, which takes a list of paths and returns one text,
# the files separated by an empty line.


# %% minutes=3
def read_texts(paths):
    # Hint: "\n\n".join(…) puts an empty line between the texts that it is given.
    ### BEGIN SOLUTION: read each file with read_text and join the texts by an empty line
    return "\n\n".join(read_text(path) for path in paths)
    ### END SOLUTION


print(read_texts(["toy.txt", "toy.txt"]))

# %% [markdown] minutes=2 teach="Homework: bring a text of your own, at least 500 words, saved as UTF-8."
# ## What we have now, and what comes next
#
# - `text_data`, one long string, read with an encoding that we chose.
# - Most words are rare. Of a short text, a network can learn its words and their order, not a language.
#
# To use a text of your own, put the file beside this notebook and its name into the first line of the first cell, such
# as `TEXT = "my_story.txt"`. It works in every notebook of the series. Some 500 words or more are best.
#
# A network calculates, and one cannot calculate with letters. In **02 · Tokenizer** the words become numbers.
