"""Sits the exam with a model that is still in PyTorch: what a training run reports of itself."""

from collections import defaultdict
from collections.abc import Sequence

import torch

from tools.train_demo.corpus.dialogue import Dialogue
from tools.train_demo.corpus.exam import Question
from tools.train_demo.model import Transformer, visibility
from tools.train_demo.tokenizer import DialogueEncoder

LONGEST_ANSWER = 80  # tokens
TOGETHER = 256  # dialogues


@torch.no_grad()
def answers(
    model: Transformer, encoder: DialogueEncoder, dialogues: Sequence[Dialogue], device: str
) -> list[str]:
    """The likeliest answer to each dialogue, token by token, without a cache."""
    prompts = [encoder.prompt(dialogue) for dialogue in dialogues]
    ordered = sorted(range(len(prompts)), key=lambda place: len(prompts[place]))
    found = [""] * len(prompts)
    for start in range(0, len(ordered), TOGETHER):
        places = ordered[start : start + TOGETHER]
        lengths = torch.tensor([len(prompts[place]) for place in places], device=device)
        width = int(lengths.max()) + LONGEST_ANSWER
        ids = torch.full((len(places), width), encoder.end, device=device)
        for row, place in enumerate(places):
            ids[row, : len(prompts[place])] = torch.tensor(prompts[place], device=device)
        rows, ended = torch.arange(len(places), device=device), torch.zeros_like(lengths).bool()
        for _ in range(LONGEST_ANSWER):
            used = ids[:, : int(lengths.max())]
            latest = model(used, visibility(used, None))[rows, lengths - 1].argmax(-1)
            latest[ended] = encoder.end
            ids[rows, lengths] = latest
            lengths += 1
            ended |= latest == encoder.end
            if bool(ended.all()):
                break
        for row, place in enumerate(places):
            written = ids[row, len(prompts[place]) :].tolist()
            stop = written.index(encoder.end) if encoder.end in written else len(written)
            found[place] = encoder.decode(written[:stop])
    return found


def sit(
    model: Transformer, encoder: DialogueEncoder, exam: list[Question], device: str
) -> tuple[float, dict[str, float]]:
    """The share of right answers at temperature 0: of all questions, and by topic."""
    told = answers(model, encoder, [question.dialogue for question in exam], device)
    marks: dict[str, list[bool]] = defaultdict(list)
    for question, answer in zip(exam, told, strict=True):
        marks[question.topic].append(question.right(answer))
    everything = [mark for topic in marks.values() for mark in topic]
    by_topic = {topic: sum(found) / len(found) for topic, found in marks.items()}
    return sum(everything) / len(everything), by_topic
