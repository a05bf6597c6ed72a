"""The byte-level BPE vocabulary: learnt from the corpus, the same as llama.cpp's "gpt-2" one."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from tools.train_demo.corpus.dialogue import Dialogue

BEGIN, SYSTEM, USER, ASSISTANT, END = SPECIALS = (
    "<|bos|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|end|>",
)

BEGIN_ID = 0  # the specials come first
SHORT_ANSWER = 32  # tokens

CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] | trim + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def learn(texts: Iterable[str], size: int) -> Tokenizer:
    """Learn a vocabulary of `size` tokens; the specials come first, then the 256 bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=16,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load(path: Path) -> Tokenizer:
    """Read a vocabulary that an earlier stage saved."""
    return Tokenizer.from_file(str(path))


def id_of(tokenizer: Tokenizer, token: str) -> int:
    """The number of a token that is known to be in the vocabulary."""
    found = tokenizer.token_to_id(token)
    if found is None:
        raise KeyError(token)
    return int(found)


class DialogueEncoder:
    """Turns dialogues into token ids and marks the ones that the model is to learn to write."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}
        ids = {special: id_of(tokenizer, special) for special in SPECIALS}
        self.begin, self.end = ids[BEGIN], ids[END]
        self.roles = {"system": ids[SYSTEM], "user": ids[USER], "assistant": ids[ASSISTANT]}

    def encode(self, dialogue: Dialogue) -> tuple[list[int], list[int]]:
        """The ids of the whole dialogue, and how much each of them counts in the loss.

        Only what the assistant wrote counts, with its end; a short answer counts double, or the
        stories, which have most of the tokens, would drown the facts.
        """
        ids, weights = [self.begin], [0]
        for turn in dialogue:
            body = self.body(turn.text)
            ids += [self.roles[turn.role], *body, self.end]
            weight = (2 if len(body) < SHORT_ANSWER else 1) if turn.role == "assistant" else 0
            weights += [0, *[weight] * (len(body) + 1)]
        return ids, weights

    def body(self, text: str) -> list[int]:
        """The ids of one message; the corpus says many things more than once."""
        if text not in self._known:
            self._known[text] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return self._known[text]

    def prompt(self, dialogue: Dialogue) -> list[int]:
        """The ids that ask the assistant for the next turn."""
        return [*self.encode(dialogue)[0], self.roles["assistant"]]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the ids, without the specials."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))
