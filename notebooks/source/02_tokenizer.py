# %% [markdown] minutes=2 teach="Ask: how would you turn a text into numbers? Collect two or three ways on the board."
# # 02 · Tokenizer
#
# A network calculates with numbers, and a text is made of letters. The **tokenizer** stands between them: it gives
# every word a number, its **id**, and can turn ids back into words. In this notebook you write `WordTokenizer`, see
# what gets lost on the way, and save it in a file.
#
# **Time:** about 70 minutes in class; the computer needs some ten seconds.
#
# Late, or has the kernel crashed? Start here: the next cell brings all that the earlier notebooks made.

# %% minutes=2
TEXT = None  # None: the story of the class; or your own file, such as "my_story.txt"

import pickle
from collections import Counter
from pathlib import Path

import minigpt
from minigpt.classroom import checks
from minigpt.show import figures

text_data = minigpt.read_text(TEXT or minigpt.data_path())  # notebook 01

figures.pipeline(2)

# %% [markdown] minutes=2
# ## A toy: three sentences
#
# Cut the text into words, count them, and number them, the most frequent word first. That is a whole tokenizer.

# %% minutes=4 teach="Let them number the words by hand before you run the cell."
toy_text = "the cat sat the cat slept the dog sat"
counts = Counter(toy_text.split())
print(counts)

ranked = [word for word, count in counts.most_common()]
number_of = {word: number for number, word in enumerate(ranked, start=2)}
print(number_of)
print([number_of[word] for word in ["the", "dog", "slept"]])

# %% [markdown] minutes=3
# Why do we start at 2? Two numbers are taken. **0** is **padding**: it fills up sequences that are too short, and
# stands for no word. **1** is `<OOV>`, *out of vocabulary*: it stands for every word that was not in the text.
#
# **Keras**, the library with which we shall build the network, has a tool for this, the `Tokenizer`. It also makes all
# letters small and drops punctuation.

# %% minutes=3 teach="Compare with the cell above: the same numbers. What became of 'purple'?"
from tensorflow.keras.preprocessing.text import Tokenizer

toy = Tokenizer(num_words=5000, oov_token="<OOV>")
toy.fit_on_texts(["The cat sat. The cat slept! The dog sat."])
print(toy.word_index)
print(toy.texts_to_sequences(["The purple cat"]))
print(toy.sequences_to_texts([[2, 1, 3]]))

# %% [markdown] minutes=3
# ## Your turn: `WordTokenizer`
#
# The Keras tool wants a *list* of texts, gives back a list of lists, and does not say how many ids there are. We wrap
# it in a class that is made for one text. How many ids are there? Every word of `word_index` (which includes `<OOV>`)
# and padding, which is not in it. But `num_words` is a ceiling: with `num_words=5000` no id is larger than 4999. So
# `vocab_size` is the smaller of the two.


# %% minutes=10 teach="The live cell. Ask first: what does texts_to_sequences([text]) return, and what do we want?"
class WordTokenizer:
    """Words to ids and back, for one text."""

    def __init__(self, num_words=5000, oov_token="<OOV>"):
        self.keras_tokenizer = Tokenizer(num_words=num_words, oov_token=oov_token)

    def fit(self, text):
        self.keras_tokenizer.fit_on_texts([text])
        return self

    def encode(self, text):
        # Hint: self.keras_tokenizer does what toy did above; [0] takes the first of a list.
        ### BEGIN SOLUTION: return the list of ids of this one text
        return self.keras_tokenizer.texts_to_sequences([text])[0]
        ### END SOLUTION

    def decode(self, ids):
        # Hint: the way back, as in the last line of the cell above.
        ### BEGIN SOLUTION: return the text of this one list of ids
        return self.keras_tokenizer.sequences_to_texts([ids])[0]
        ### END SOLUTION

    @property  # read without brackets: tokenizer.vocab_size
    def vocab_size(self):
        # Hint: self.keras_tokenizer also knows num_words and word_index; the smaller
        # of two numbers is min(…, …); do not forget the padding.
        ### BEGIN SOLUTION: return how many ids there can be, padding included
        every_id = len(self.keras_tokenizer.word_index) + 1  # + 1: padding
        return min(self.keras_tokenizer.num_words, every_id)
        ### END SOLUTION


# %% minutes=2
checks.WordTokenizer(WordTokenizer)
toy = WordTokenizer().fit("The cat sat. The cat slept! The dog sat.")
print(toy.encode("the dog slept"), toy.decode([2, 5, 6]), toy.vocab_size)

# %% [markdown] minutes=1
# ## The same on the text
#
# Words that are frequent have small ids. In the picture below, a framed box is a word that the text does not have.

# %% minutes=3
tokenizer = WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
sequence = tokenizer.encode(text_data)
print(f"{len(sequence):,} words, {tokenizer.vocab_size:,} ids")
print("the first ids: ", sequence[:12])
print("the same words:", tokenizer.decode(sequence[:12]))

# %% minutes=2 teach="Ask: what do the small numbers have in common?"
words = [*tokenizer.decode(sequence[:6]).split(), "xylophone"]
figures.words_over_ids(words, tokenizer.encode(" ".join(words)), unknown_id=1)

# %% [markdown] minutes=2
# ## What is lost
#
# Turn a text into ids and back, and compare. Capitals, commas and full stops are gone, and words that the tokenizer has
# never seen have all become the same `<OOV>`. The model will never know more than the ids tell.

# %% minutes=3 teach="Let them guess the output. Which losses matter for a chat program?"
opening = " ".join(text_data.split()[:14])
question = "Does the xylophone understand quantum gravity?"
for text in (opening, question):
    print("before:", text)
    print("after: ", tokenizer.decode(tokenizer.encode(text)))

# %% [markdown] minutes=2
# The package's `WordTokenizer` gives the same ids. It can also keep case and punctuation, as an option; each mark is
# then a word of its own, and the vocabulary grows. GPT-2 and GPT-3 lose nothing at all: their tokens are pieces of words
# down to single bytes, so that every text can be written with them
# ([Radford et al., 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf),
# sections 2.2 and 2.3; the vocabulary of GPT-2 has 50,257 tokens).

# %% minutes=2
package = minigpt.WordTokenizer(num_words=5000, oov_token="<OOV>").fit(text_data)
print("the same ids:", package.encode(text_data) == sequence)
print("the same vocabulary size:", package.vocab_size == tokenizer.vocab_size)

keeping = minigpt.WordTokenizer(keep_punctuation=True).fit(text_data)
print(keeping.decode(keeping.encode(opening)), f"({keeping.vocab_size:,} ids)")

# %% [markdown] minutes=3
# ## Into a file, and why a pickle is not a document
#
# A model without its tokenizer is worthless: nobody knows which word the ids mean. So both are saved. The class used
# Python's `pickle`; the other way is JSON, which is plain text.

# %% minutes=2
package.save("tokenizer.json")
package.save("tokenizer.pkl")
print(Path("tokenizer.json").read_bytes()[:60])
print(Path("tokenizer.pkl").read_bytes()[:60])
loaded = minigpt.WordTokenizer.load("tokenizer.pkl")
print("read back, the same ids:", loaded.encode(text_data) == sequence)

# %% [markdown] minutes=3
# Both work. But a pickle is not a document, it is a small **program**: to open it means to run it, and it may call any
# function of Python. Here is a harmless one. It only prints a line; it could as well delete your files.


# %% minutes=4 teach="Ask: who has ever opened a .pkl or .pt file from the internet?"
class Gift:
    def __reduce__(self):  # what pickle shall call when the file is opened
        return print, ("Surprise! This line was hidden in the file, and now it ran.",)


Path("gift.pkl").write_bytes(pickle.dumps(Gift()))
pickle.loads(Path("gift.pkl").read_bytes())
try:
    minigpt.WordTokenizer.load("gift.pkl")
except minigpt.MinigptError as error:
    print(error)

# %% [markdown] minutes=2
# `pickle.loads` ran it. `WordTokenizer.load` admits nothing but a tokenizer, and refused. **Open pickles of people you
# trust only, and send JSON.**
#
# ## Exercises
#
# **1.** Which share of a text is unknown to a tokenizer? Write `oov_share`: 0.0 if it knows every word, 1.0 if none.


# %% minutes=4
def oov_share(tokenizer, text):
    # Hint: ids.count(1) counts the ones in a list; the id of <OOV> is 1.
    ### BEGIN SOLUTION: return the share of ids of the text that are 1
    ids = tokenizer.encode(text)
    return ids.count(1) / len(ids)
    ### END SOLUTION


print(f"{oov_share(tokenizer, 'xylophone quantum zebra'):.0%} of three odd words")

# %% [markdown] minutes=1
# **2.** A smaller vocabulary makes a smaller model. Fit a tokenizer with `num_words=size` for each of these sizes, and
# print which share of the text it does not know. What would you choose?

# %% minutes=4
for size in (10, 50, 100, 200, 400):
    # Hint: WordTokenizer(num_words=…).fit(…), and then the function that you have just written.
    ### BEGIN SOLUTION: put the oov_share of a tokenizer of this size into unknown
    unknown = oov_share(WordTokenizer(num_words=size).fit(text_data), text_data)
    ### END SOLUTION
    print(f"num_words={size:<4} {unknown:6.1%} of the text is <OOV>")

# %% [markdown] minutes=2
# ## What we have now, and what comes next
#
# - `sequence`, the whole text as one list of ids, and a tokenizer that turns ids back into words.
# - Frequent words have small ids; 0 is padding and 1 is the unknown word.
# - The ids are names, not amounts: word 10 is not twice word 5. What a word *means*, the network must learn.
#
# One long list is not yet something to learn from. In **03 · Windows** we cut it into exercises with their solutions.
