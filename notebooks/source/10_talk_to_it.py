# %% [markdown] minutes=2 teach="Ask: our GPT continues a text. What would it do with a question?"
# # 10 · Talk to it
#
# Your GPT continues a text. An assistant answers. In this notebook you turn the one into the other: you put questions and
# answers into **turns**, decide which words the model is judged on, train it once more, and find out honestly how well it
# answers. At the end you talk to it.
#
# **Time:** about 80 minutes in class; the computer needs about a minute and a half.
#
# Late, or has the kernel crashed? Start here: the next cell reads the story, and a file of questions about it.

# %% minutes=2
TEXT = None  # None: the story of the class; or your own file, such as "my_story.txt"
QUESTIONS = None  # the questions about it; or your own file, such as "my_questions.txt"

import minigpt  # first, so that TensorFlow starts quietly
import keras
import numpy as np

from minigpt import beyond, chat, show
from minigpt.show import figures

if TEXT and not QUESTIONS:
    print("There are no QUESTIONS about your text: we take the story of the class.")
    TEXT = None
text_data = minigpt.read_text(TEXT or minigpt.data_path())
facts = chat.hold_out_phrasings(chat.read_dialogue(QUESTIONS))
tokenizer = chat.dialogue_tokenizer(text_data, facts)
figures.pipeline(10)

# %% [markdown] minutes=2
# ## A model that continues
#
# This tokenizer keeps capitals and punctuation, because answers shall be proper sentences. It also knows the words of the
# questions. Everything else is as before: windows of the story, a small GPT, a few epochs. About 10 seconds.

# %% minutes=2
ids = tokenizer.encode(text_data)[:7000]  # enough for today
x, y = minigpt.create_dataset(ids, window_size=min(32, len(ids) // 20))
config = chat.dialogue_config(tokenizer, facts)
keras.utils.set_random_seed(0)
model = minigpt.build_gpt_model(config)
epochs = min(6, max(1, 7000 // len(x)))  # 6 for the story of the class
minigpt.train_model(model, x, y, epochs)
after_story = model.get_weights()  # to come back to this point

# %% minutes=2 teach="Let them guess first. It recites, because a question is a text like any other."
import warnings

# An unknown word is read as <OOV>, with a warning; today we ask for them ourselves.
warnings.filterwarnings("ignore", message="the model does not know")
three = [facts[0], facts[len(facts) // 3], facts[-1]]
for fact in three:
    question = fact.phrasings[0]
    said = minigpt.generate_text(
        model, tokenizer, question, 15, temperature=0, include_prompt=False
    )
    print(f"asked:     {question}\nsays:      {said}\nshould be: {fact.answer}\n")

# %% [markdown] minutes=3
# It does not answer. It says what it would say after those words in a story, because nothing else was ever asked of it. A
# language model is not disobedient: it has never been shown what an answer is.
#
# ## A turn
#
# So we show it. A **turn** is a question and its answer in one line, with three **marker words** that stand in no story:
# `<user>` begins the question, `<answer>` begins the answer, `<end>` says that it is over. For the tokenizer each is one word
# like any other. Without `<end>` the model would talk on forever; with it, *to stop* is something that can be learned.
#
# Each fact of our file is asked in several ways. One in five of these **phrasings** we keep back, for the test.

# %% minutes=3 teach="Open data/questions.txt next to this. The fact is trained on, one way to ask for it is not."
fact = next((fact for fact in facts if fact.held_out), facts[0])
for question in fact.phrasings[:3]:
    print(chat.turn(question, fact.answer))
print("kept back:", *fact.held_out)

turns = sum(len(fact.phrasings) for fact in facts)
kept = sum(len(fact.held_out) for fact in facts)
print(f"{len(facts)} facts; {turns} phrasings to learn, {kept} kept back")

# %% [markdown] minutes=3 teach="Point at each column: who writes this word, the user or the model?"
# ## A toy: one turn, seven words
#
# As always, under each word stands the one that comes next:
#
# | the model reads | `<user>` | who | is | `<answer>` | Ada | . |
# |---|---|---|---|---|---|---|
# | comes next | who | is | `<answer>` | Ada | . | `<end>` |
# | who says it? | the user | the user | the user | **the model** | **the model** | **the model** |
# | target | 0 | 0 | 0 | Ada | . | `<end>` |
#
# Only the last three words are the model's business. Where the next word is given by the user, we put **0**, the padding, into
# the targets: this place does not count. That is called to **mask** the loss. Mind where it begins: the place at which
# the model reads `<answer>` counts already, for there it must say the first word.
#
# ## Your turn: the targets


# %% minutes=6 teach="Live cell 1. The classic mistake: one zero too many, so that the first word is never learned."
def turn_row(prompt, answer):
    """Return x and y of a turn, two lists of ids: 0 in y where a word does not count."""
    x = (prompt + answer)[:-1]
    # Hint: [0] * 3 is [0, 0, 0]. y has as many numbers as x; how many of them are zeros?
    ### BEGIN SOLUTION: let y be zeros as long as a word of the prompt comes next, then the answer
    y = [0] * (len(prompt) - 1) + answer
    ### END SOLUTION
    return x, y


toy_x, toy_y = turn_row(prompt=[2, 3, 4, 5], answer=[6, 7, 8])
print("x:", toy_x)
print("y:", toy_y)

# %% minutes=2
# Does the package make the same of every turn? It fills each row up with padding.
x, y = chat.turn_arrays(tokenizer, facts)
pairs = [(question, fact.answer) for fact in facts for question in fact.phrasings]
same = True
for row, (question, answer) in enumerate(pairs):
    prompt = tokenizer.encode(chat.turn_prompt(question))
    whole = tokenizer.encode(chat.turn(question, answer))
    own_x, own_y = turn_row(prompt, whole[len(prompt) :])
    padding = [0] * (x.shape[1] - len(own_x))
    same = same and x[row].tolist() == own_x + padding
    same = same and y[row].tolist() == own_y + padding
print(f"all {len(x)} turns the same: {same}")
print(f"at {np.mean(y[x != 0] != 0):.0%} of the places the next word counts")

# %% [markdown] minutes=3
# ## Your turn: the masked loss
#
# At each place the loss is −log p, where p is the probability that the model gave to the right next word. In the toy below it
# cannot guess what the user will ask (p is small), and is quite good at the answer: ½, ¼ and 1. Its losses there are
# log 2, 2 · log 2 and 0, so the mean over the answer is log 2, which is 0.693. Over all places it would be much more, and
# no effort could bring it down: nobody can foresee a question.


# %% minutes=6 teach="Live cell 2. Compute the 0.693 on the board. Dividing by all six places is the mistake to wait for."
def masked_loss(y, p):
    """The mean loss where y is not 0: y and p (T,), p of the right words."""
    losses = -np.log(p)
    # Hint: array[y != 0] picks the places at which y is not 0.
    ### BEGIN SOLUTION: return the mean of the losses at the places that count
    return losses[y != 0].mean()
    ### END SOLUTION


toy_y, p = np.array(toy_y), np.array([0.01, 0.02, 0.9, 1 / 2, 1 / 4, 1])
print(f"masked: {masked_loss(toy_y, p):.3f}   over all places: {-np.log(p).mean():.3f}")

probabilities = np.zeros((1, 6, 9), "float32")  # (B, T, V), for the loss of the package
probabilities[0, range(6), [3, 4, 5, 6, 7, 8]] = p
probabilities[0, :, 1] = 1 - p  # what is left goes to some other word
package_loss = float(chat.answer_loss(toy_y[None], probabilities))
print("the same as the package:", np.isclose(package_loss, masked_loss(toy_y, p)))

# %% [markdown] minutes=3
# ## Fine-tuning
#
# Now we train the *same* network further, with the same Adam, on turns instead of windows, and with the masked loss. To train
# a model that has read much on a few examples of what it shall do is called **fine-tuning**; what went before was its
# **pre-training**. It is the first of the steps that made ChatGPT out of GPT-3
# ([Ouyang et al., 2022](https://arxiv.org/abs/2203.02155), section 3.1).
#
# One trick is added, **word dropout**: in each epoch a tenth of the words of the questions is hidden behind `<OOV>`. A model
# that may not rely on any single word understands more ways to ask. This takes about half a minute.

# %% minutes=4 teach="While it runs: why do we train on, after nearly every word of the answers is right?"
epochs = min(30, max(2, 15_200 // len(x)))  # 30 for the questions of the class


def tell(epoch, logs):
    if (epoch + 1) % 6 == 0:
        right = f"{logs['answer_accuracy']:.1%} of the words right"
        print(f"epoch {epoch + 1:>2}: loss of the answers {logs['loss']:.3f}, {right}")


watch = [keras.callbacks.LambdaCallback(on_epoch_end=tell)]
tuning = chat.fine_tune(
    model, tokenizer, facts, epochs, word_dropout=0.1, callbacks=watch, progress=False
)
gpt = minigpt.NumpyGPT.from_keras(model)  # the same model, quicker to ask
for fact in three:
    print(fact.phrasings[0], "→", chat.answer(gpt, tokenizer, fact.phrasings[0]))

# %% [markdown] minutes=2 teach="Vote before running: how many of the new phrasings will it get right?"
# ## Seen and unseen
#
# The network has not grown, and not one layer is new. Its numbers have moved, and so it does something else.
#
# Does it *understand* the question, or has it learned each line by heart? Only phrasings that it has never read can tell. We
# ask everything, always with the likeliest words, and count an answer only if it is exact, to the last full stop. Some
# questions have no answer in the story; there the right thing is to say so, to **decline**.

# %% minutes=4
report = chat.evaluate_dialogue(model, tokenizer, facts)
print(report)
for mistake in [mistake for mistake in report.mistakes if mistake.held_out][:3]:
    print(f"\nasked:     {mistake.question}")
    print(f"says:      {mistake.said}\nshould be: {mistake.expected}")

# %% [markdown] minutes=5 teach="Honest measuring is the lesson: two of our reasonable ideas make no difference here."
# ## What helps, and what does not
#
# For the class's story and questions, one command does all of this, with 60 epochs: `minigpt train --dialogue`. It counts
#
#     exact answers, phrasings it was trained on        394 of 394 (100.0 %)
#     exact answers, new phrasings                      94 of 98 (95.9 %)
#     declined, phrasings it was trained on             110 of 110 (100.0 %)
#     declined, new phrasings                           25 of 28 (89.3 %)
#     declined though the story says it, new phrasings  0 of 98 (0.0 %)
#
# Then we left out one thing at a time. New phrasings answered or declined rightly, of all 126, with two seeds (measured with
# version 0.1, which took the turns in another order):
#
# | | seed 0 | seed 1 |
# |---|---|---|
# | everything, 60 epochs | 91.3 % | 96.0 % |
# | without word dropout | 85.7 % | 90.5 % |
# | the loss counted on the question too | 92.0 % | 95.2 % |
# | without the story first | 95.2 % | 96.8 % |
# | LoRA of rank 8 (see below) | 89.7 % | |
#
# Chance alone moves these figures by some five points (the command above ran with seed 0, too: 94.4 %). So: **word dropout helps. The
# mask and the story make no difference that we could measure.** Why keep them? With the mask, the loss tells how well the model
# answers; without, it ends at 0.57 instead of 0.006, nearly all of it for questions that nobody can foresee. And our 504 turns
# teach the words of the story once more, so here it can be left out; a large model learns nearly all it knows in its
# pre-training, and no file of questions could replace that.
#
# ## LoRA: a second way
#
# A large model has billions of weights. **LoRA** ([Hu et al., 2021](https://arxiv.org/abs/2106.09685)) leaves them all as they
# are, and learns a small correction beside each matrix: W + A · B, where W is (n, m), A is (n, rank) and B is (rank, m). How many
# weights has the correction? Then a short tuning by LoRA, from the model that has read the story. About 10 seconds.


# %% minutes=5 teach="Live cell 3. Ask: what is saved, if the frozen weights are still needed to compute?"
def lora_weights(n, m, rank):
    # Hint: a matrix (3, 5) has 3 * 5 numbers; here are two matrices, A and B.
    ### BEGIN SOLUTION: return how many numbers A and B have together
    return n * rank + rank * m
    ### END SOLUTION


print(f"a matrix 128 × 512: {128 * 512:,}; for rank 8: {lora_weights(128, 512, 8):,}")
second = minigpt.build_gpt_model(config)
second.set_weights(after_story)
share = beyond.use_lora(second, rank=8)
print(f"LoRA of rank 8 trains {share:.1%} as many weights as the model has")
lora = chat.fine_tune(second, tokenizer, facts, max(2, epochs // 3), progress=False)
words_right = lora.history["answer_accuracy"][-1]
print(f"after {len(lora.epoch)} epochs: {words_right:.1%} of the words right")
second = beyond.merge_lora(second)  # W + A · B, an ordinary model again
print(chat.answer(second, tokenizer, facts[0].phrasings[0]))

# %% [markdown] minutes=2
# ## Talk to it
#
# Here are some questions, asked for you. With `CHAT_BOX = True` you get a box: type a question and press Enter. A page in the
# browser, with a look inside each answer, comes with `minigpt train --dialogue --out runs/assistant`, and then
# `minigpt chat runs/assistant`.

# %% minutes=6 teach="Free play. Collect the best and the worst answers on the board."
CHAT_BOX = False  # True: a box to type into (needs ipywidgets)

for fact in facts[:: max(1, len(facts) // 5)]:
    question = (fact.held_out or fact.phrasings)[0]
    print(f"you: {question}\ngpt: {chat.answer(gpt, tokenizer, question)}")

if CHAT_BOX:
    from IPython.display import display
    from ipywidgets import Output, Text

    box, talk = Text(placeholder="your question", continuous_update=False), Output()

    def reply(change):
        if question := change["new"]:
            said = chat.answer(gpt, tokenizer, question)
            talk.append_stdout(f"you: {question}\ngpt: {said}\n")
            box.value = ""

    box.observe(reply, "value")
    display(box, talk)

# %% [markdown] minutes=1 teach="The bars show a probability for the next word, never for being right."
# ## What it cannot do, and why it makes things up
#
# Now ask what is in no file. Words that it has never read arrive as `<OOV>`: it cannot know what they mean.

# %% minutes=4
for far in (
    "Who was the first teacher of the moon?",
    "Why is the sea made of soup?",
    "Can you paint a zebra for Tavia?",
):
    unknown = ", ".join(chat.unknown_in(tokenizer, far)) or "none"
    print(f"you: {far}   (unknown words: {unknown})")
    print("gpt:", chat.answer(gpt, tokenizer, far))
show.plot_next_words(gpt, tokenizer, chat.turn_prompt(far), top=6)

# %% [markdown] minutes=5 teach="Large models hallucinate for the same reason; they only have more to draw on."
# The model always says *something*: at every place it has a probability for each word, they sum to 1, and one of them is the
# largest. Nothing in it stands for *I do not know*. "The story does not say" is a sentence that it has learned for questions
# which look like those in the file, and where no learned question is near, it takes the answer of one that looks a little
# alike. The bars are about the next word, not about the truth.
#
# It knows one story and no world. It cannot count or conclude, it does not remember your last question, and it says little
# but the sentences it was taught. Large models have read far more, but they too are trained to say likely words, and so
# they too **make things up**.
#
# ## Exercise
#
# How much of a question does it need? Ask the first phrasing of each fact without its first word, and count the exact answers.
# At home: tune with `word_dropout=0`, or with your own `TEXT` and `QUESTIONS`.

# %% minutes=5
right = 0
for fact in facts:
    words = fact.phrasings[0].split()
    # Hint: " ".join(words[1:]) is the question without its first word; chat.answer answers.
    ### BEGIN SOLUTION: add 1 to right if the shortened question is answered exactly
    said = chat.answer(gpt, tokenizer, " ".join(words[1:]))
    right += said == fact.answer
    ### END SOLUTION
print(f"{right} of {len(facts)} questions are understood without their first word")

# %% [markdown] minutes=2
# ## What we have now
#
# - Turns with marker words; targets with zeros, so that only the answer counts; a model that answers and stops.
# - Honest figures: seen and unseen phrasings, what was declined, what helped and what did not.
# - Fine-tuning of all weights, or of a small correction beside them.
#
# You have built a GPT and talked to it. Go back to **00 · The whole story** with a text of your own; or write twenty
# questions about it, and let others ask.
