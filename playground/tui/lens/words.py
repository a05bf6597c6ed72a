"""What the lens says in words: of an answer, of one of its tokens, and of what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import split_graphemes
from textual.content import Content

from playground.cells import cut
from playground.errors import PlaygroundError
from playground.lens.candidates import rank_of
from playground.lens.figures import giving_models
from playground.lens.spelling import spell
from playground.spelling import in_place, spell_text
from playground.tui.labels import brief, one_line
from playground.tui.widgets.candidate_bars import share_text

if TYPE_CHECKING:
    from playground.lens.candidates import Candidates
    from playground.lens.reading import Reading
    from playground.tui.lens.branches import Twig
    from playground.tui.lens.subject import Subject
    from playground.tui.lens.turned import Certain, TurnedAnswer
    from playground.types import Token

__all__ = ["head", "keys", "no_figures", "surprise", "token", "twig", "what_if"]

_MUTED = "$foreground 60%"


def head(subject: Subject, reading: Reading) -> Content:
    """Whose answer it is and with what settings; below, the figures of the whole."""
    run = subject.version.run
    used = (run.plan or run.model.plan(run.params)).effective
    knobs = [f"{name} {brief(used[name])}" for name in run.params.given() if name in used]
    first: list[tuple[str, str]] = [
        (f"{subject.letter} · {one_line(subject.ref)}", "bold $text-primary"),
        (f"  {' · '.join(knobs)}" if knobs else "", _MUTED),
    ]
    if subject.scorer:
        whose = "not the one that wrote it" if subject.foreign else "afterwards"
        first.append((f"  read by {one_line(subject.scorer)}, {whose}", "$text-warning"))
    second: list[tuple[str, str]] = []
    known = len(reading) > 0 or subject.live
    if not known and _empty(subject):
        second.append(("no answer, and so no tokens", _MUTED))
    elif not known:
        second.append(("no log-probabilities, and so no figures of its tokens", _MUTED))
    for name, value in reading.figures() if known else ():
        parts = [(f"{value} ", "bold"), (name, _MUTED)]
        second += [*(parts if name == "tokens" else [(f"{name} ", _MUTED), (value, "bold")])]
        second.append(("  ", ""))
    if subject.live:
        second.append(("still coming", "$text-primary"))
    return Content("\n").join([Content.assemble(*first), Content.assemble(*second)])


def token(reading: Reading, place: int, found: Candidates, drawn: str = "drawn from") -> Content:
    """One token: its place, spelling, id and bytes; below, the distributions it came from.

    `drawn` says what the second of them is.
    """
    of = reading.tokens[place]
    first: list[tuple[str, str]] = [
        (f"{place + 1:,}/{len(reading):,}  ", _MUTED),
        (in_place(spell(of)), "bold $text-accent"),
    ]
    group = reading.groups[reading.group_of(place)]
    if group.last > group.first:
        whole = spell_text(reading.text[group.start : group.end])
        first.append((f"  part of {whole}, tokens {group.first + 1} to {group.last + 1}", ""))
    if of.token_id is not None:
        first.append((f"  id {of.token_id}", _MUTED))
    if of.data:
        first.append((f"  bytes {of.data[:12].hex(' ').upper()}", _MUTED))
    second = [
        *_figure("entropy", found.entropy_text or "not known"),
        *_figure("95% in", _effective(found)),
        *_figure("rest", share_text(found.rest)),
    ]
    third = []
    if found.survivors is not None:
        third += _figure(drawn, f"{found.survivors:,}")
    if found.drawn_entropy is not None:
        third += _figure("entropy", f"{found.drawn_entropy:z.3f} nats")
    if found.rest_drawn is not None:
        third += _figure("rest", share_text(found.rest_drawn))
    if found.uniform is not None:
        third += _figure("dice", f"{found.uniform:.4f}")
    lines = [first, second, third]
    return Content("\n").join([Content.assemble(*line) for line in lines if line])


def _figure(name: str, value: str) -> list[tuple[str, str]]:
    return [(f"{name} ", _MUTED), (f"{value}  ", "bold")]


def _effective(found: Candidates) -> str:
    if found.effective is not None:
        return "1 token" if found.effective == 1 else f"{found.effective:,} tokens"
    return f"more than {len(found.rows)}" if found.rows else "not known"


_BIASES = 6
"""Entries of a bias that are named."""


def what_if(
    answer: TurnedAnswer, certain: Certain | None, reading: Reading, turned: bool
) -> Content:
    """How likely the whole answer was, and how likely it becomes as the knobs stand."""
    recorded = answer.recorded
    was = "not known" if recorded is None else f"{recorded:z.2f}"
    lines = [
        Content.assemble(("as it was drawn  ", _MUTED), ("log-probability ", ""), (was, "bold"))
    ]
    again = answer.exact if certain is None else bool(certain.reader)
    name = "as turned        " if turned else "read again       " if again else "at its settings  "
    if certain is None:
        waiting = "reading …" if again else "…"
        lines.append(Content.assemble((name, _MUTED), (waiting, _MUTED)))
        return Content("\n").join(lines)
    found = certain.found
    how = ""
    if certain.reader:
        how = f"exact but for rounding, read again in one pass by {one_line(certain.reader)}"
    lines.append(Content.assemble((name, _MUTED), (f"{found}", "bold"), (f"  {how}", _MUTED)))
    if certain.why:
        lines.append(
            Content.styled(f"It cannot be read again: {one_line(certain.why)}", "$text-warning")
        )
    elif not found.known:
        lines.append(Content.styled("S lets a local model read the text.", _MUTED))
    if certain.untold:
        lines.append(
            Content.assemble(
                ("unset  ", _MUTED),
                (", ".join(certain.untold), "bold"),
                (": what was done then is not told; taken as neutral here", _MUTED),
            )
        )
    if certain.left_out:
        ids = ", ".join(certain.left_out[:_BIASES])
        more = f" +{len(certain.left_out) - _BIASES:,}" if len(certain.left_out) > _BIASES else ""
        lines.append(
            Content.styled(
                f"logit_bias of {ids}{more}: ids of another vocabulary, left out", "$text-warning"
            )
        )
    places = found.cut
    if places:
        tokens = reading.tokens
        named = [
            f"{in_place(spell(tokens[at]))} ({at + 1})" for at in places[:12] if at < len(tokens)
        ]
        more = f" +{len(places) - 12:,}" if len(places) > 12 else ""
        lines.append(
            Content.assemble(("cut  ", _MUTED), (f"{'  '.join(named)}{more}", "$text-error"))
        )
    return Content("\n").join(lines)


def surprise(place: int, tokens: Sequence[Token]) -> Content:
    """One of the most surprising tokens, with what came before it."""
    found = tokens[place]
    before = "".join(in_place(spell(token)) for token in tokens[max(place - 3, 0) : place])
    share = share_text(math.exp(found.logprob)) if found.logprob is not None else "?"
    among = rank_of(found)
    rank = "" if among is None else f"rank {among:,}"
    return Content.assemble(
        (f"{share:>8} ", "$text-warning"),
        (f"{rank:>10}  ", _MUTED),
        (f"{place + 1:>5}  ", _MUTED),
        (f"…{before}", _MUTED),
        (in_place(spell(found)), "bold"),
    )


def no_figures(subject: Subject, models: Sequence[str], by: str = "") -> Content:
    """Why there is nothing to see, which models give it, and what can be done now.

    `by` is the model that is reading the text at this moment, if one is.
    """
    if subject.live:
        return Content.styled("Nothing has come yet.", _MUTED)
    if _empty(subject):
        return _no_answer(subject)
    if by:
        return Content.styled(f"{one_line(by)} reads the text …", _MUTED)
    takes = subject.version.run.model.capabilities.knobs.get("logprobs")
    ref = one_line(subject.ref)
    if subject.missing:
        why = f"{ref} cannot be opened: {one_line(subject.missing)}"
    elif takes is not None and takes.accepted is False:
        why = f"{ref} gives none: {one_line(takes.reason) or 'it does not take logprobs'}."
    elif subject.params.logprobs is None:
        why = "They were not asked for (logprobs is unset)."
    else:
        why = f"{ref} was asked for them and gave none."
    reader = ref if subject.ref in models else one_line(models[0]) if models else ""
    parts: list[tuple[str, str]] = [
        ("This answer has no log-probabilities.\n", "bold"),
        (f"{why}\n", ""),
        ("Every local and demo model gives them, and those hosted ones that take ", _MUTED),
        (f"the knob logprobs (F2 says): some of {_hosted_givers()}.\n\n", _MUTED),
    ]
    if reader:
        parts += [("S", "bold $text-accent"), (f"  have {reader} read the text now\n", "")]
    parts += [
        ("M", "bold $text-accent"),
        ("  have another local model read it\n", ""),
        ("A", "bold $text-accent"),
        ("  ask again with them: the same prompt, settings and dice\n", ""),
        ("L", "bold $text-accent"),
        ("  ask for them from the next prompt on", ""),
    ]
    return Content.assemble(*parts)


def _empty(subject: Subject) -> bool:
    """Whether it ended before anything of an answer came."""
    return not subject.live and not subject.version.text and not subject.beginning


def _no_answer(subject: Subject) -> Content:
    """Why an answer that ended before anything of it came did so, and what can be done now."""
    error = subject.version.run.error
    first = "This answer is empty."
    if subject.version.run.state == "failed":
        title = error.title if isinstance(error, PlaygroundError) else type(error).__name__
        first = f"There is no answer: {one_line(title)}."
    elif subject.version.run.state == "cancelled":
        first = "It was stopped before anything of it came."
    parts: list[tuple[str, str]] = [(f"{first}\n", "bold")]
    if error is not None:
        parts.append((f"{one_line(str(error))}\n", ""))
    parts += [
        ("\nA", "bold $text-accent"),
        ("  ask again: the same prompt, settings and dice\n", ""),
        ("5", "bold $text-accent"),
        ("  the other answers to this prompt", ""),
    ]
    return Content.assemble(*parts)


def _hosted_givers() -> str:
    """The hosted providers of the catalogue with a model that gives log-probabilities."""
    return ", ".join(
        dict.fromkeys(
            ref.partition(":")[0] for ref in giving_models() if not ref.startswith("demo:")
        )
    )


def twig(found: Twig, *, here: bool) -> Content:
    """An answer in the tree of a turn, with the settings that are not those of its parent."""
    version = found.version
    known = found.parent.run.params.given() if found.parent is not None else {}
    text = cut(one_line(_going_on(version.text, found.shared)), _WIDEST)
    lead = "   " * max(found.depth - 1, 0) + ("└─ " if found.depth else "")
    knobs = " · ".join(
        f"{name} {brief(value)}"
        for name, value in version.run.params.given().items()
        if name not in ("logprobs", "max_length", "seed") and known.get(name) != value
    )
    return Content.assemble(
        ("▶ " if here else "  ", "$text-accent"),
        (f"{lead}{found.number} ", "bold"),
        (f"{knobs}  " if knobs else "", _MUTED),
        (f"{'…' if found.shared else ''}{in_place(text)}", "" if here else "$foreground 80%"),
    )


def _going_on(text: str, shared: int) -> str:
    """A text from a little before the place to which another one has it too, and not for long.

    It is not cut inside what is drawn as one: a family of emoji, a letter with its accents.
    """
    first = max(shared - _SEEN - _LOOKED, 0)
    spans, _ = split_graphemes(text[first : shared + _LOOKED])
    start = max((at for at, _, _ in spans if first + at <= shared - _SEEN), default=0)
    return text[first + start : first + start + _WIDEST * _LOOKED]


_SEEN = 12
"""Characters of what an answer has in common with its parent that stand before what it has not."""
_WIDEST = 120
"""Cells of an answer that are listed at most."""
_LOOKED = 16
"""What is drawn as one is of no more characters."""

_KEYS = {
    "token": "Tab candidates, Enter branches · S M have it read · A asks again",
    "chain": "K knobs, R resets · Tab candidates, Enter branches · A asks again",
    "what-if": "K knobs, R resets · A asks again with them",
    "surprises": "Tab list, Enter goes there",
    "answers": "Tab list, Enter looks · D differences",
    "beside": "O another · G where they part · A asks again on the same dice",
}
"""What can be done in each view, beside walking."""

_TURNING = (
    "arrows turn it · Tab the next knob · R resets · A asks again with them · Esc to the text"
)


def keys(view: str, *, turning: bool = False) -> Content:
    """What the keys do in a view, or on a knob."""
    if turning:
        return Content.styled(_TURNING, _MUTED)
    parts = ("arrows walk", "N P surprises", "C colour", _KEYS[view], "Esc back")
    return Content.styled(" · ".join(parts), _MUTED)
