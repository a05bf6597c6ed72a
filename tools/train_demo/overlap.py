"""Looks for the exam in the whole training text: `python -m tools.train_demo.overlap`.

It writes all of the text again, so that it also shows whether this machine writes the one that the
shipped models were trained on. Half a minute, and nothing to install but `gguf`.
"""

from collections.abc import Iterable
from pathlib import Path

from gguf import GGUFReader

from tools.train_demo.corpus import writer
from tools.train_demo.corpus.dialogue import Dialogue
from tools.train_demo.corpus.exam import Question, questions
from tools.train_demo.corpus.relations import AROUND, JAPANESE_AROUND, normalised

DEMO_FOLDER = Path(__file__).parents[2] / "providers" / "demo"
_WRAPPERS = [
    tuple(normalised(part) for part in around.split("{p}"))
    for around in (*AROUND, *JAPANESE_AROUND)
]

Turns = tuple[str, ...]


def bare(prompt: str) -> set[str]:
    """A prompt as it is compared, also without each set of words that people write around one."""
    said = normalised(prompt)
    found = {said}
    for before, after in _WRAPPERS:
        if said.startswith(before) and said.endswith(after):
            found.add(normalised(said[len(before) : len(said) - len(after)].strip(" ,:、。")))
    return found


def asked(dialogue: Dialogue) -> Turns:
    """What is read before the last user's turn is answered, as it is compared."""
    return tuple(normalised(turn.text) for turn in dialogue)


def found_in(corpus: Iterable[Dialogue], exam: Iterable[Question]) -> list[Question]:
    """The questions that the text has.

    A single prompt is found where a user says it in any dialogue; one with a system prompt or with
    earlier turns where a dialogue begins with all of them.
    """
    alone: dict[str, Question] = {}
    whole: dict[Turns, Question] = {}
    for question in exam:
        if len(question.dialogue) == 1:
            alone[normalised(question.dialogue[0].text)] = question
        else:
            whole[asked(question.dialogue)] = question
    found: dict[Turns, Question] = {}
    for dialogue in corpus:
        turns: Turns = ()
        for turn in dialogue:
            turns = (*turns, normalised(turn.text))
            if turn.role != "user":
                continue
            if turns in whole:
                found[turns] = whole[turns]
            for prompt in bare(turn.text) & alone.keys():
                found[(prompt,)] = alone[prompt]
    return list(found.values())


def main() -> None:
    """Print what was looked through, and what was found."""
    exam = questions()
    found: list[Question] = []
    prints: list[str] = []
    for number in range(writer.DOCUMENTS // writer.SHARD):
        shard = list(writer.write_shard(number))
        prints.append(writer.fingerprint(shard))
        found += found_in(shard, exam)
    whole = writer.fingerprint_of_parts(prints)
    print(f"{writer.DOCUMENTS:,} dialogues, sha256 {whole}")
    for path in sorted(DEMO_FOLDER.glob("*.gguf")):
        recorded = GGUFReader(path).get_field("playground.train.corpus_sha256")
        same = recorded is not None and recorded.contents() == whole
        print(f"{path.name} was trained on {'this' if same else 'another'} text")
    print(f"{len(found)} of the exam's {len(exam)} questions are in it")
    for question in found:
        print(f"  {question.topic}: {question.dialogue[-1].text!r}")


if __name__ == "__main__":
    main()
