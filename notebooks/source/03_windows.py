# %% [markdown] minutes=2 teach="Read the goal aloud; point at the dark box of the figure below."
# # 03 · Windows
#
# A GPT learns one thing only: to say **which word comes next**. In this notebook you write `create_dataset`, which cuts
# a text into thousands of small exercises of that kind, with their solutions. Then you find out how to keep some of
# them back for an honest test.
#
# **Time:** about 60 minutes in class; the computer needs some ten seconds.
#
# Late, or has the kernel crashed? Start here: the next cell brings all that the earlier notebooks made.

# %% minutes=2
TEXT = None  # None: the story of the class; or your own file, such as "my_story.txt"

import numpy as np

import minigpt
from minigpt import show
from minigpt.classroom import checks
from minigpt.show import figures

text_data = minigpt.read_text(TEXT or minigpt.data_path())  # notebook 01
tokenizer = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
sequence = tokenizer.encode(text_data)  # notebook 02

figures.pipeline(3)

# %% [markdown] minutes=2
# ## A toy: five letters
#
# Take the name SUDHA, and let each letter play the part of a word. We cut it twice: `x` leaves out the last letter,
# `y` leaves out the first.

# %% minutes=2 teach="Let them say what y will be before you run the cell."
name = "SUDHA"
x, y = name[:-1], name[1:]
print("x:", *x)
print("y:", *y)

# %% [markdown] minutes=2
# Read it from top to bottom: **under each letter of `x` stands the letter that comes next.** `x` is what the network
# gets to read; `y` is what it should answer, and is called the **target**.
#
# One such pair holds as many exercises as it has letters, because the network answers at every place, and at each
# place it may use all the letters up to there:

# %% minutes=2 teach="Ask: how many exercises are in a window of 32 words?"
for place in range(len(x)):
    print(f"after {x[: place + 1]:<4} comes {y[place]}")

# %% [markdown] minutes=2
# ## Sliding on
#
# A text is longer than what the network can read at once. So we put a **window** on it, four letters wide, and push
# the window along, one letter at a time.

# %% minutes=3 teach="Stop before running: how many windows will there be? Why is it not one more?"
letters = "SUDHARSHAN"
width = 4
for start in range(len(letters) - width):
    x, y = letters[start : start + width], letters[start + 1 : start + width + 1]
    print(f"window {start}   x: {x}   y: {y}")

# %% [markdown] minutes=3
# Ten letters and a window of four give six windows, 10 − 4. There is room for a seventh, SHAN, but nothing
# comes after its last letter, so there is no target for it.
#
# ## Your turn: `create_dataset`
#
# Now for word ids instead of letters. `sequence` is a list of ids. Collect every window in the list `x`, and in the
# list `y` the same window one word later. With N windows of T ids, the two arrays that come out have the **shape**
# `(N, T)`: N rows, T columns.


# %% minutes=8 teach="The live cell: write the loop from the two slices of the letters above."
def create_dataset(sequence, window_size):
    """Return all windows x, and y: the same one word later, two arrays (N, T)."""
    x, y = [], []
    # Hint: a loop as in the cell above; a list is sliced like a string.
    ### BEGIN SOLUTION: for every start, append a window to x, and one word later to y
    for start in range(len(sequence) - window_size):
        x.append(sequence[start : start + window_size])
        y.append(sequence[start + 1 : start + window_size + 1])
    ### END SOLUTION
    return np.array(x), np.array(y)


# %% minutes=2 teach="Do it by hand on the board first: ids 10 to 14, a window of 3."
checks.create_dataset(create_dataset)
toy_x, toy_y = create_dataset([10, 11, 12, 13, 14], window_size=3)
print(toy_x)
print(toy_y)

# %% [markdown] minutes=1
# ## The same on the text
#
# Up to 32 words in a window, and fewer if your own text is short.

# %% minutes=3
window_size = min(32, len(sequence) // 20)
x, y = create_dataset(sequence, window_size)
print(f"{len(sequence):,} words - {window_size} = {len(x):,} windows")
print("x has the shape", x.shape, "and y has the shape", y.shape)
print("the first window :", tokenizer.decode(x[0][:8]), "…")
print("its target       :", tokenizer.decode(y[0][:8]), "…")
print("the second window:", tokenizer.decode(x[1][:8]), "…")

# %% minutes=2 teach="Let them follow one word down to its target and diagonally into the next window."
show.plot_windows(x, y, tokenizer)

# %% [markdown] minutes=1
# Does the package cut the same windows? It does, and in a thriftier way: your loop copies each word into many windows,
# while `minigpt.create_dataset` returns a **view**, an array that only points into the one sequence. For a corpus of
# millions of words, that is what makes it fit into memory.

# %% minutes=1
package_x, package_y = minigpt.create_dataset(sequence, window_size)
print("the same x:", np.array_equal(x, package_x))
print("the same y:", np.array_equal(y, package_y))
print(f"x holds {x.size:,} numbers, made of {len(sequence):,} words")

# %% [markdown] minutes=3 teach="The main misconception of the hour: let them vote which of the two ways is honest."
# ## Keep some text back, and do it in the right order
#
# To see whether a network has understood something, or only remembers, we test it on text that it has not seen in
# training: the **validation** part. It seems natural to make all windows, and then put a tenth of them aside. Watch
# what happens. We give every word of the text a number of its own, its place, so that we can recognise it again, and
# count the words of the validation windows that stand in a training window too.


# %% minutes=4
def report(way, training, validation):
    held_out = np.unique(validation)
    shared = np.intersect1d(training, held_out)
    print(f"{way} {len(shared)} of {len(held_out)} validation words are in training")


windows, _ = create_dataset(np.arange(len(sequence)), window_size)
tenth = len(windows) // 10
mixed = np.random.default_rng(0).permutation(windows)  # the windows in a random order

report("a random tenth of the windows: ", mixed[:-tenth], mixed[-tenth:])
report("the last tenth of the windows: ", windows[:-tenth], windows[-tenth:])

# %% [markdown] minutes=3
# Windows overlap. One that is put aside at random shares its words with its neighbours, which stay in training; and
# even the last tenth shares words at the seam. That is called a **leak**: the training has seen what the test asks,
# and a network that has only learned the text by heart looks clever. Cut the *words* first, and make the windows afterwards, from each part by itself:

# %% minutes=2
places = np.arange(len(sequence))
training_words, validation_words = minigpt.split_sequence(places, validation_split=0.1)
training, _ = create_dataset(training_words, window_size)
validation, _ = create_dataset(validation_words, window_size)
report("the words split, then windowed:", training, validation)

# %% [markdown] minutes=2
# ## Exercises
#
# **1.** A friend sends you her arrays `x` and `y`. Write `is_shifted`, which says whether `y` is `x` one word later,
# without a look at the text: compare `x` without its first column with `y` without its last.


# %% minutes=4
def is_shifted(x, y):
    # Hint: array[:, 1:] is an array without its first column, array[:, :-1] without its
    # last; np.array_equal compares two arrays.
    ### BEGIN SOLUTION: return True if y is x one word later, and False if not
    return np.array_equal(x[:, 1:], y[:, :-1])
    ### END SOLUTION


print("your windows:", is_shifted(x, y))
print("a target that did not move:", is_shifted(x, x))

# %% [markdown] minutes=1
# **2.** Windows that do not overlap are fewer. Write `create_dataset_with_stride`, which moves the window `stride`
# words at a time. How many windows of your text are left when the stride is the window size?


# %% minutes=4
def create_dataset_with_stride(sequence, window_size, stride):
    # Hint: make all windows with your own function; rows[::2] is every second row.
    ### BEGIN SOLUTION: return every stride-th window of create_dataset, x and y
    all_x, all_y = create_dataset(sequence, window_size)
    return all_x[::stride], all_y[::stride]
    ### END SOLUTION


few_x, few_y = create_dataset_with_stride(sequence, window_size, stride=window_size)
print(f"{len(x):,} windows with stride 1, {len(few_x):,} with stride {window_size}")

# %% [markdown] minutes=2
# ## What we have now, and what comes next
#
# - Two arrays: `x`, what the network reads, and `y`, what it should say at each place. Each row is a window.
# - One window of T words holds T exercises: after one word, after two, and so on.
# - The words for the test are cut off **before** windowing, so that nothing leaks.
#
# Soon the network will read these windows. But the part of it that compares words, attention, does not know which word
# stands first and which last. In **04 · Positional encoding** we tell it.
