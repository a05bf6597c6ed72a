"""Measures exported models through llama.cpp: `python -m tools.train_demo.evaluate small tiny`."""

import argparse
import math
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llama_cpp import Llama

from tools.train_demo.corpus import stories, stories_ja, writer
from tools.train_demo.corpus.dialogue import Dialogue, Turn
from tools.train_demo.corpus.exam import Question, questions
from tools.train_demo.corpus.relations import held_out
from tools.train_demo.rereading import keeps_its_cast, keeps_its_cast_in_japanese

DEMO_FOLDER = Path(__file__).parents[2] / "providers" / "demo"
TEMPERATURES = (0.2, 0.7, 1.6)
SAMPLE_PROMPTS = (
    "Once upon a time",
    "Tell me a story about a fox.",
    "What is temperature?",
    "What is the capital of Japan?",
    "こんにちは",
    "うさぎのお話をして。",
)


@dataclass(frozen=True)
class Answer:
    """What a model said, and how likely it thought that."""

    text: str
    probability: float


class Candidate:
    """An exported model, asked the way a chat program asks it."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.llama = Llama(
            str(path), n_ctx=1024, logits_all=True, verbose=False, n_threads=1, n_threads_batch=1
        )

    def ask(
        self, dialogue: Dialogue, temperature: float, seed: int = 0, max_tokens: int = 220
    ) -> Answer:
        """One answer, from the unfiltered distribution."""
        reply: Any = self.llama.create_chat_completion(
            [{"role": turn.role, "content": turn.text} for turn in dialogue],
            temperature=temperature,
            seed=seed,
            max_tokens=max_tokens,
            top_k=0,
            top_p=1.0,
            min_p=0.0,
            repeat_penalty=1.0,
            logprobs=True,
            top_logprobs=1,
        )
        choice = reply["choices"][0]
        tokens = choice["logprobs"]["content"] if choice["logprobs"] else []
        probability = math.exp(sum(token["logprob"] for token in tokens))
        return Answer(choice["message"]["content"] or "", probability)

    def user(self, prompt: str, temperature: float, seed: int = 0, max_tokens: int = 220) -> Answer:
        """The answer to a single prompt."""
        return self.ask((Turn("user", prompt),), temperature, seed, max_tokens)


def mean(values: Iterable[float]) -> float:
    """The arithmetic mean; nothing has none."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else math.nan


def wilson(marks: Sequence[bool]) -> str:
    """A share of marks in percent, with Wilson's interval at 95 %."""
    count, z = len(marks), 1.96
    share = mean(marks)
    middle = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    low, high = ((middle + way * spread) / (1 + z * z / count) for way in (-1, 1))
    return f"{100 * share:5.1f} % ({100 * low:.0f} to {100 * high:.0f})"


def surer(right: Sequence[float], wrong: Sequence[float]) -> float:
    """How often a right answer is given a higher probability than a wrong one; ties count half."""
    pairs = [(one > two) + (one == two) / 2 for one in right for two in wrong]
    return mean(pairs)


def surer_interval(right: Sequence[float], wrong: Sequence[float]) -> tuple[float, float]:
    """The bootstrap's interval of that at 95 %, over the answers."""
    rng = random.Random(1)
    drawn = sorted(
        surer(rng.choices(right, k=min(len(right), 300)), rng.choices(wrong, k=len(wrong)))
        for _ in range(200)
    )
    return drawn[4], drawn[195]


def sit_exam(candidate: Candidate, exam: list[Question], show_wrong: int) -> None:
    """Print the share of right answers at temperature 0, by topic and by novelty."""
    marks: dict[str, list[bool]] = defaultdict(list)
    sure: dict[bool, list[float]] = {True: [], False: []}
    for question in exam:
        answer = candidate.ask(question.dialogue, 0.0)
        right = question.right(answer.text)
        marks[question.topic].append(right)
        marks[f"= new {question.novelty}s"].append(right)
        marks["= all"].append(right)
        sure[right].append(answer.probability)
        if not right and show_wrong > 0:
            show_wrong -= 1
            print(f"  wrong: {question.dialogue[-1].text!r} -> {answer.text!r}")
    print(f"\n{candidate.name}: right at temperature 0, with Wilson's intervals at 95 %")
    for topic, results in sorted(marks.items()):
        print(f"  {topic:24} {wilson(results)} of {len(results)}")
    right, wrong = mean(sure[True]), mean(sure[False])
    low, high = surer_interval(sure[True], sure[False])
    print(f"  mean probability of right answers {right:.2f}, of wrong ones {wrong:.2f}")
    print(
        "  a right answer had a higher probability than a wrong one in"
        f" {100 * surer(sure[True], sure[False]):.0f} % of pairs ({100 * low:.0f} to"
        f" {100 * high:.0f}; {len(sure[True])} right, {len(sure[False])} wrong)"
    )


def lexicon(documents: int = 20_000) -> set[str]:
    """Every word that the text uses."""
    corpus = writer.write_corpus(documents)
    texts = (turn.text for dialogue in corpus for turn in dialogue)
    return {word for text in texts for word in re.findall(r"[^\W\d_]+", text.casefold())}


def requests(count: int) -> tuple[list[str], list[str]]:
    """Requests for stories that the text does not have, in English and in Japanese."""
    rng = random.Random(11)
    english: list[str] = []
    while len(english) < count:
        prompt = stories.cast(rng).fill(rng.choice(stories.KIND_REQUESTS))
        if held_out(prompt):
            english.append(prompt)
    japanese: list[str] = []
    while len(japanese) < count:
        prompt = stories_ja.story(rng, hidden=True).prompt
        if not prompt.isascii():
            japanese.append(prompt)
    return english, japanese


def tell_stories(candidate: Candidate, count: int) -> None:
    """Print how coherent, how varied and how well spelt stories are at several temperatures."""
    english, japanese = requests(count)
    known = lexicon()
    print(
        f"\n{candidate.name}: {count} stories, a seed each, for {len(set(english))} different"
        f" requests ({len(set(japanese))} in Japanese) that are not in the text"
    )
    print("  temperature  keep their cast, with Wilson's interval  different  known words")
    for temperature in (0.2, 0.3, 0.7, 1.0, 1.3, 1.6):
        told = [
            candidate.user(prompt, temperature, seed).text for seed, prompt in enumerate(english)
        ]
        words = [word for text in told for word in re.findall(r"[^\W\d_]+", text.casefold())]
        print(
            f"  {temperature:11}  {wilson(list(map(keeps_its_cast, told))):>40}"
            f"  {100 * len(set(told)) / count:7.0f} %"
            f"  {100 * mean([word in known for word in words]):9.1f} %"
        )
    readers: tuple[tuple[str, list[str], Callable[[str], bool]], ...] = (
        ("English", english, keeps_its_cast),
        ("Japanese", japanese, keeps_its_cast_in_japanese),
    )
    for language, prompts, kept in readers:
        for length, said in ((60, "first 60 tokens"), (220, "whole")):
            told = [
                candidate.user(prompt, 0.3, seed, length).text
                for seed, prompt in enumerate(prompts)
            ]
            print(f"  {language} at 0.3, {said}: {wilson(list(map(kept, told)))} keep their cast")


def show_samples(candidate: Candidate) -> None:
    """Print what each temperature does to a few prompts."""
    for prompt in SAMPLE_PROMPTS:
        for temperature in TEMPERATURES:
            text = candidate.user(prompt, temperature, seed=3).text
            print(f"\n[{candidate.name}, {temperature}] {prompt}\n{text}")


def main() -> None:
    """Measure the named models."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.train_demo.evaluate", description=__doc__
    )
    parser.add_argument("models", nargs="+", help="small, tiny or the path of a GGUF file")
    parser.add_argument("--stories", type=int, default=100)
    parser.add_argument("--show-wrong", type=int, default=0)
    parser.add_argument("--samples", action="store_true", help="print sample texts and stop")
    options = parser.parse_args()
    exam = questions()
    for model in options.models:
        path = Path(model) if model.endswith(".gguf") else DEMO_FOLDER / f"{model}.gguf"
        candidate = Candidate(path)
        loss = candidate.llama.metadata.get("playground.train.heldout_loss")
        print(
            f"\n{candidate.name}: held-out loss {loss} nats a token, {path.stat().st_size:,} bytes"
        )
        if options.samples:
            show_samples(candidate)
        else:
            sit_exam(candidate, exam, options.show_wrong)
            tell_stories(candidate, options.stories)


if __name__ == "__main__":
    main()
