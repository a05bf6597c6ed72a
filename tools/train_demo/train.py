"""The training loop: a fixed number of steps, checkpoints, and a line of log now and then."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as nnf
from torch import Tensor

from tools.train_demo.batches import Rows
from tools.train_demo.model import Transformer, visibility
from tools.train_demo.recipes import Recipe
from tools.train_demo.tokenizer import BEGIN_ID


@dataclass(frozen=True)
class Progress:
    """What a finished training run has to say for itself."""

    steps: int
    tokens: int
    loss: float
    seconds: float


def loss_of(
    forward: Callable[..., Tensor], rows: Rows, *, weighted: bool = True, apart: bool = True
) -> Tensor:
    """Mean cross-entropy of the assistant's tokens in nats; `apart`: each dialogue is alone."""
    ids = torch.from_numpy(rows.ids.astype("int64"))
    weights = torch.from_numpy(rows.weights[:, 1:])
    counted = weights > 0
    visible = visibility(ids[:, :-1], BEGIN_ID if apart else None)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = forward(ids[:, :-1], visible)
    losses = nnf.cross_entropy(logits[counted].float(), ids[:, 1:][counted], reduction="none")
    if not weighted:
        return losses.mean()
    return (losses * weights[counted]).sum() / weights[counted].sum()


@torch.no_grad()
def heldout_loss(model: Transformer, pools: tuple[Rows, ...], batch: int = 16) -> float:
    """Mean cross-entropy over whole pools, every token of an answer counting the same."""
    total, count = 0.0, 0
    for pool in pools:
        for start in range(0, len(pool.ids), batch):
            part = Rows(pool.ids[start : start + batch], pool.weights[start : start + batch])
            answered = int((part.weights[:, 1:] > 0).sum())
            if answered:
                total += float(loss_of(model, part, weighted=False)) * answered
                count += answered
    return total / max(count, 1)


def optimizers(model: Transformer, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for the embedding and the norms."""
    matrices = [weight for weight in model.blk.parameters() if weight.dim() == 2]
    others = [weight for weight in model.parameters() if weight.dim() == 1]
    return [
        torch.optim.Muon(
            matrices, lr=recipe.matrix_rate, weight_decay=0.01, adjust_lr_fn="original"
        ),
        torch.optim.AdamW(
            [*others, model.token_embd.weight],
            lr=recipe.other_rate,
            betas=(0.9, 0.98),
            weight_decay=0.0,
        ),
    ]


def train(
    recipe: Recipe, batches: Iterator[Rows], checkpoint: Path, log: Callable[[str], None] = print
) -> tuple[Transformer, Progress]:
    """Train from scratch, or from the checkpoint of the same run that was cut off."""
    torch.manual_seed(recipe.seed)
    model = Transformer(recipe.shape)
    steppers = optimizers(model, recipe)
    bases = [stepper.param_groups[0]["lr"] for stepper in steppers]
    forward = torch.compile(model)
    tokens, smooth, first, started = 0, math.nan, 0, time.monotonic()
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        for stepper, state in zip(steppers, saved["steppers"], strict=True):
            stepper.load_state_dict(state)
        tokens, smooth, first = saved["tokens"], saved["loss"], saved["step"]
        started -= saved["seconds"]
        for _ in range(first):
            next(batches)
    log(f"{recipe.name}: {model.parameter_count():,} parameters, {recipe.steps} steps")
    for step in range(first, recipe.steps):
        rows = next(batches)
        for stepper, base in zip(steppers, bases, strict=True):
            stepper.param_groups[0]["lr"] = base * recipe.share_at(step)
        loss = loss_of(forward, rows, apart=step >= recipe.apart_from)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
            stepper.zero_grad()
        tokens += rows.ids.size
        latest = loss.item()
        smooth = latest if math.isnan(smooth) else 0.98 * smooth + 0.02 * latest
        seconds = time.monotonic() - started
        if (step + 1) % 20 == 0:
            log(f"step {step + 1} loss {smooth:.4f} tokens {tokens:,} seconds {seconds:.0f}")
        if (step + 1) % 200 == 0 or step + 1 == recipe.steps:
            state = {
                "model": model.state_dict(),
                "steppers": [stepper.state_dict() for stepper in steppers],
                "tokens": tokens,
                "loss": smooth,
                "step": step + 1,
                "seconds": seconds,
            }
            torch.save(state, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)
    return model, Progress(recipe.steps, tokens, smooth, time.monotonic() - started)
