"""What is said of two answers that stand beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual.content import Content

from playground.lens.chain import Position
from playground.lens.divergence import Beginning, Stretch
from playground.lens.parting import Parting
from playground.lens.spelling import spell
from playground.spelling import in_place, spell_text
from playground.tui.labels import brief, one_line
from playground.tui.lens.beside import Beside, Rating
from playground.tui.lens.subject import Subject
from playground.tui.widgets.candidate_bars import share_text

__all__ = ["head", "meanings", "said", "stretch"]

_MUTED = "$foreground 60%"


def head(beside: Beside, at: int, count: int) -> Content:
    """Who stands beside whom."""
    other = beside.other
    used = (other.plan or other.version.run.model.plan(other.params)).effective
    knobs = [
        f"{name} {brief(used[name])}"
        for name in other.params.given()
        if name in used and name != "logprobs"
    ]
    more = f"  O the next of {count}" if count > 1 else ""
    return Content.assemble(
        ("beside  ", _MUTED),
        (_name(beside, other), "bold $text-primary"),
        (f"  {' · '.join(knobs)}", _MUTED),
        (more, "$text-accent"),
    )


def said(beside: Beside, position: Position | None = None) -> Content:
    """Where two answers of one model part, or how two models rate both texts.

    `position` is the whole distribution where they part, once it is there.
    """
    if beside.same_model:
        if beside.one.live:
            return Content.styled("Where they part is told once it is written.", _MUTED)
        if beside.other.live and beside.parting is None:
            return Content.styled("Where they part is told once the other is written.", _MUTED)
        if not beside.one.tokens or not beside.other.tokens:
            return Content.styled(_lacking(beside), _MUTED)
        if beside.leads is None:
            return Content.styled(
                "What the two were given as text to begin with differs, or is cut into other "
                "tokens: they are not compared token by token.",
                _MUTED,
            )
        found = beside.parting
        if found is None:
            return Content("The two are the same, token by token.")
        where = _chosen(beside, found) or one_line(str(found))
        lines = [Content.assemble((where, "bold"), ("  G goes there", _MUTED))]
        throws = beside.throws(position) if position is not None else None
        if throws is not None and found.one.throws is None and found.uniform is not None:
            mine, theirs = (f"{low:.6f} to {high:.6f}" for low, high in throws)
            lines.append(
                Content(f"the throw {found.uniform:.6f} falls into {mine} here, {theirs} there")
            )
        return Content("\n").join(lines)
    if not beside.rated and beside.live:
        return Content.styled("Each model reads the other's answer once both are written.", _MUTED)
    if not beside.rated:
        return Content.styled("Each model reads the other's answer …", _MUTED)
    together = beside.one.letter == beside.other.letter
    names = [
        f"answer {side.number}" if together else side.letter for side in (beside.one, beside.other)
    ]
    rows: list[Content] = []
    if beside.begun is not None:
        # Before all that a small screen cuts off.
        rows.append(_parted(beside, beside.begun))
        if beside.stretches:
            rows.append(_divergence(beside))
    pairs = [(text, model) for text in (0, 1) for model in (0, 1)]
    if beside.begun is not None:
        pairs.sort(key=lambda pair: pair[0] != pair[1])
    for text, model in pairs:
        parts = [(f"{names[text]}’s text", ""), (f" by {names[model]}  ", _MUTED)]
        rows.append(Content.assemble(*parts, *_rating(beside.ratings[text, model])))
    if beside.stretches and beside.begun is None:
        rows.append(_divergence(beside))
    return Content("\n").join(rows)


def _lacking(beside: Beside) -> str:
    """Which of two answers of one model lacks its tokens, and how to get them."""
    other = beside.other
    if not beside.one.tokens:
        whose, how = "this answer", "A asks again with them"
    elif beside.one.letter == other.letter:
        whose, how = f"answer {other.number}", "5 leads to it, and A there asks again with them"
    else:
        whose = f"pane {other.letter}’s answer"
        how = f"A in the lens on pane {other.letter} (Esc, F6, Alt+L) asks again with them"
    return f"Without log-probabilities of {whose} the two are not compared token by token: {how}."


def _divergence(beside: Beside) -> Content:
    if beside.whole:
        values = [item.value for item in beside.whole]
        return Content.assemble(
            ("divergence  ", _MUTED),
            (f"mean {math.fsum(values) / len(values):.3f} nats", "bold"),
            (f", whole distributions of {len(values):,} tokens compared", _MUTED),
        )
    known = [item.divergence.value for item in beside.stretches if item.divergence is not None]
    if not known:
        return Content.styled("divergence  not known: one side told no candidates", _MUTED)
    by = ", by the texts of the likeliest tokens"
    if beside.begun is not None:
        by = ", by text, up to there"
    return Content.assemble(
        ("divergence  ", _MUTED),
        (f"mean at least {math.fsum(known) / len(known):.3f} nats", "bold"),
        (by, _MUTED),
    )


def _chosen(beside: Beside, found: Parting) -> str:
    """Where two answers part if no dice decided it, but the user who made a branch."""
    here, there = (
        "the end" if side.token is None else f"“{in_place(spell(side.token))}”"
        for side in (found.one, found.other)
    )
    match beside.chosen:
        case (True, True):
            said = f"you chose {here} here and {there} there"
        case (True, False):
            said = f"you chose {here} here instead of {there}"
        case (False, True):
            said = f"you chose {there} there instead of {here}"
        case _:
            return ""
    return f"parted at token {found.place + 1}: {said}"


def _parted(beside: Beside, begun: Beginning) -> Content:
    """Where two answers part of which neither model can read the other's."""
    if beside.alike:
        return Content.styled("Both say the same.", "bold")
    names = []
    for side, place in ((beside.one, begun.one), (beside.other, begun.other)):
        tokens = side.tokens
        token = f"“{in_place(spell(tokens[place]))}”" if place < len(tokens) else "the end"
        names.append(f"{token} ({place + 1:,})")
    return Content.styled(f"parted at {names[0]} here, {names[1]} there", "bold")


def _rating(rating: Rating) -> Sequence[tuple[str, str]]:
    reading = rating.reading
    if reading is None:
        return [(one_line(rating.why), "$text-warning")]
    logprob, perplexity = reading.logprob, reading.perplexity
    return [
        ("log-probability ", _MUTED),
        ("?" if logprob is None else f"{logprob:z.2f}", "bold"),
        ("  perplexity ", _MUTED),
        ("?" if perplexity is None else f"{perplexity:.3g}", "bold"),
        (f"  {len(reading):,} tokens", _MUTED),
    ]


def stretch(beside: Beside, found: Stretch) -> Content:
    """One place where two models are far apart."""
    place = found.one[0]
    value = found.divergence
    sign = "≥"
    if place < len(beside.whole):
        value, sign = beside.whole[place], " "
    shares = [_share(found.logprob_one), _share(found.logprob_other)]
    return Content.assemble(
        ("" if value is None else f"{sign}{value.value:.3f} nats  ", "$text-warning"),
        (f"{place + 1:>5}  ", _MUTED),
        (f"{beside.one.letter} {shares[0]:>7}  {beside.other.letter} {shares[1]:>7}  ", ""),
        (in_place(spell_text(found.text)), "bold"),
    )


def _share(logprob: float | None) -> str:
    return "?" if logprob is None else share_text(math.exp(logprob))


def meanings(beside: Beside) -> Content:
    """Same knob, different meaning: a line for each knob that the two treat differently."""
    found = beside.meanings
    if not found:
        return Content("")
    lines = [
        Content.assemble(
            (f"{item.knob}  ", "$text-accent"),
            one_line(item.line.removeprefix(f"{item.knob}: ")),
        )
        for item in found
    ]
    return Content("\n").join([Content.styled("Same knob, different meaning", "bold"), *lines])


def _name(beside: Beside, side: Subject) -> str:
    """A short name that tells the two apart."""
    ref = one_line(side.ref)
    if beside.one.letter == beside.other.letter:
        return f"{side.letter} · answer {side.number} · {ref}"
    return f"{side.letter} · {ref}"
