"""What the lens says in words: of an answer, of one of its tokens, and of what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from playground.tui.labels import brief, one_line
from playground.tui.lens import look
from playground.tui.widgets.candidate_bars import share_text

if TYPE_CHECKING:
    from playground.tui.lens.branches import Twig
    from playground.tui.lens.subject import Subject
    from playground.tui.lens.view import Found
    from playground.types import Token

__all__ = ["head", "keys", "no_figures", "surprise", "token", "twig"]

_MUTED = "$foreground 60%"


def head(subject: Subject, figures: look.Figures) -> Content:
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
    second: list[tuple[str, str]] = [(f"{figures.tokens:,} tokens", "bold")]
    for name, value in (
        ("perplexity", figures.perplexity),
        ("mean entropy", figures.entropy),
        ("log-probability", figures.logprob),
    ):
        unit = "" if name == "perplexity" else " nats"
        known = "not known" if value is None else f"{value:.3f}{unit}"
        second += [("  " + name + " ", _MUTED), (known, "" if value is None else "bold")]
    if subject.live:
        second.append(("  still coming", "$text-primary"))
    return Content("\n").join([Content.assemble(*first), Content.assemble(*second)])


def token(of: Token, place: int, count: int, found: Found) -> Content:
    """One token: its place, spelling, id and bytes; below, the distribution that it came from."""
    first: list[tuple[str, str]] = [
        (f"{place + 1:,}/{count:,}  ", _MUTED),
        (look.spelled(of), "bold $text-accent"),
    ]
    if of.token_id is not None:
        first.append((f"  id {of.token_id}", _MUTED))
    if of.data:
        first.append((f"  bytes {of.data[:12].hex(' ').upper()}", _MUTED))
    entropy = "?" if found.entropy is None else f"{found.entropy:.3f} nats"
    effective = (
        f"more than {len(found.bars)}" if found.effective is None else f"{found.effective:,}"
    )
    others = "all others" if found.others is None else f"{found.others:,} others"
    second = [
        ("entropy ", _MUTED),
        (entropy, "bold"),
        ("  95% in ", _MUTED),
        (effective, "bold"),
        (f"  {others} ", _MUTED),
        (share_text(found.rest), "bold"),
    ]
    return Content("\n").join([Content.assemble(*first), Content.assemble(*second)])


def surprise(place: int, tokens: Sequence[Token]) -> Content:
    """One of the most surprising tokens, with what came before it."""
    found = tokens[place]
    before = "".join(look.spelled(item) for item in tokens[max(place - 3, 0) : place])
    share = share_text(math.exp(found.logprob)) if found.logprob is not None else "?"
    rank = "" if found.rank is None else f"rank {found.rank}"
    return Content.assemble(
        (f"{share:>8} ", "$text-warning"),
        (f"{rank:>10}  ", _MUTED),
        (f"…{before}", _MUTED),
        (look.spelled(found), "bold"),
        (f"  at {place + 1}", _MUTED),
    )


def no_figures(subject: Subject, models: Sequence[str]) -> Content:
    """Why there is nothing to see, which models give it, and what can be done now."""
    if subject.live:
        return Content.styled("Nothing has come yet.", _MUTED)
    takes = subject.version.run.model.capabilities.knobs.get("logprobs")
    ref = one_line(subject.ref)
    if takes is not None and takes.accepted is False:
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
        ("the knob logprobs (F2 says).\n\n", _MUTED),
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


def twig(found: Twig, *, here: bool) -> Content:
    """An answer in the tree of a turn."""
    version = found.version
    text = one_line(version.text[max(found.shared - 12, 0) :])
    lead = "   " * max(found.depth - 1, 0) + ("└─ " if found.depth else "")
    knobs = " · ".join(
        f"{name} {brief(value)}"
        for name, value in version.run.params.given().items()
        if name not in ("logprobs", "max_length", "seed")
    )
    return Content.assemble(
        ("▶ " if here else "  ", "$text-accent"),
        (f"{lead}{found.number} ", "bold"),
        (f"{knobs}  " if knobs else "", _MUTED),
        (f"{'…' if found.shared else ''}{text[:80]}", "" if here else "$foreground 80%"),
    )


def keys(subject: Subject) -> Content:
    """What the keys do."""
    return Content.styled(
        "arrows token · N P surprises · C colour · Tab candidates · Enter branches · Esc back",
        _MUTED,
    )
