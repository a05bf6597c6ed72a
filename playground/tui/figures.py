"""What the line under a pane says about a run: figures with a short and a long form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from playground.run import Run
from playground.tui.labels import count, duration, money, number, one_line, rate
from playground.types import Adjustment, FinishReason, Timing

if TYPE_CHECKING:
    from playground.spread import Spread

__all__ = ["Figure", "end_words", "explain", "live_figures", "settled_figures"]

Tone = Literal["", "strong", "good", "warn", "bad"]

_ENDS: dict[FinishReason, tuple[str, str, Tone]] = {
    "stop": ("done", "the model ended its answer, or a stop string came", "good"),
    "length": ("max_length", "cut off at max_length tokens: raise it for more", "warn"),
    "context": ("context full", "cut off because the model's context is full", "warn"),
    "tool_calls": ("tool call", "the model wanted to call a tool", "warn"),
    "content_filter": ("filtered", "the endpoint's content filter ended the answer", "warn"),
    "unknown": ("ended", "the backend gave no reason for the end", ""),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: `short` for the line, `long` as a whole sentence for the details."""

    short: str
    long: str
    tone: Tone = ""


def end_words(run: Run) -> tuple[str, str, Tone]:
    """How a run ended, short and as a sentence, and the tone to say it in."""
    match run.state:
        case "running":
            return "running", "the answer is coming in", ""
        case "cancelled":
            return "stopped", "stopped by you; what came is kept", "warn"
        case "failed":
            return "failed", one_line(str(run.error)), "bad"
        case "interrupted":
            return (
                "interrupted",
                "the playground ended in the middle of it; what came is kept",
                "warn",
            )
        case "done":
            return _ENDS[run.choices[0].finish_reason or "unknown"]


def live_figures(run: Run, timing: Timing, elapsed: float, pieces: int) -> list[Figure]:
    """The figures while an answer comes in.

    The backend tells its token counts at the end; until then speed is measured in pieces of
    text, which are tokens for a local model and may be more for a hosted one: hence the `~`.
    """
    if timing.queued is None:
        return [Figure(f"waiting {duration(elapsed)}", "the model has not begun yet", "strong")]
    if timing.first_token is None:
        begun = "the model has begun, and no text has come yet"
        return [Figure(f"at work {duration(elapsed)}", begun, "strong")]
    figures = [
        Figure(f"streaming {duration(elapsed)}", "the answer is coming in", "strong"),
        _first_token(timing.first_token),
    ]
    lasted = elapsed - timing.first_token
    if pieces > 1 and lasted > 0.2:
        figures.append(Figure(f"~{rate((pieces - 1) / lasted)}", "pieces of text a second"))
    if len(run.choices) > 1:
        figures.append(_choices(run))
    return figures


def settled_figures(
    run: Run, timing: Timing, context_length: int | None, spread: Spread | None = None
) -> list[Figure]:
    """The figures of a run that has ended, in the order in which they matter.

    `spread` is that of its answers where there are several, once it is known.
    """
    short, long, tone = end_words(run)
    figures = [Figure(short, long, tone)]
    if timing.first_token is not None:
        figures.append(_first_token(timing.first_token))
    speed = timing.tokens_per_second(run.usage.output_tokens)
    if speed is not None:
        figures.append(
            Figure(rate(speed), "generation speed after the first token, as the backend counts")
        )
    figures += _tokens(run, context_length)
    if len(run.choices) > 1:
        figures.append(_spread(spread) if spread is not None else _choices(run))
    if run.usage.cost is not None:
        words = "cost, as reported or by the catalogue's prices"
        figures.append(Figure(money(run.usage.cost), words))
    elif run.usage.output_tokens is not None:
        figures.append(Figure("no price", "the catalogue has no price for this model"))
    if changes := adjustments_of(run):
        words = "adjustment" if len(changes) == 1 else "adjustments"
        figures.append(Figure(f"{len(changes)} {words}", "; ".join(map(describe, changes)), "warn"))
    return figures


def _first_token(seconds: float) -> Figure:
    return Figure(f"first {duration(seconds)}", "time from asking to the first text")


def _choices(run: Run) -> Figure:
    count = len(run.choices)
    return Figure(f"{count} answers", "drawn for the same prompt; Alt+→ pages through them")


def _spread(found: Spread) -> Figure:
    """How much the answers of a run that has ended differ."""
    alike = "" if found.similarity is None else f", {found.similarity:.0%} alike"
    return Figure(
        f"{found.answers} answers, {found.different} different{alike}",
        "drawn for the same prompt: how many texts there are, and the mean similarity of two",
    )


def _tokens(run: Run, context_length: int | None) -> Iterator[Figure]:
    used = run.usage
    if used.input_tokens is not None or used.output_tokens is not None:
        parts = [
            f"{'?' if tokens is None else count(tokens)} {direction}"
            for tokens, direction in ((used.input_tokens, "in"), (used.output_tokens, "out"))
        ]
        long = "tokens read and tokens written, by the backend's own count"
        if used.cached_tokens:
            long += f"; {count(used.cached_tokens)} of those read came from a cache"
        if used.reasoning_tokens:
            long += f"; {count(used.reasoning_tokens)} of those written are reasoning"
        yield Figure(" → ".join(parts), long)
    if context_length and used.input_tokens is not None:
        # Several choices share the prompt; the fullest context is what matters.
        written = (used.output_tokens or 0) / max(len(run.choices), 1)
        filled = used.input_tokens + round(written)
        share = filled / context_length
        yield Figure(
            f"ctx {count(filled)}/{count(context_length)} {share:.0%}",
            "how much of the model's context the conversation fills",
            "warn" if share > 0.9 else "",
        )


def adjustments_of(run: Run) -> tuple[Adjustment, ...]:
    """What was changed in the request, without the defaults that merely filled gaps."""
    if run.plan is None:
        return ()
    return tuple(item for item in run.plan.adjustments if item.kind != "defaulted")


def describe(adjustment: Adjustment) -> str:
    """An adjustment as one safe line."""
    return one_line(str(adjustment))


def explain(run: Run, figures: list[Figure]) -> str:
    """Everything about a run, for the tooltip: each figure with its meaning, and what was sent."""
    lines = [f"{figure.short}: {figure.long}" for figure in figures]
    if run.plan is not None:
        used = run.plan.effective.items()
        sent = ", ".join(f"{one_line(name)} {number(value)}" for name, value in used)
        lines.append(f"used: {sent or 'nothing but the prompt'}")
    return "\n".join(lines)
