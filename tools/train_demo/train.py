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

LOGGED_EVERY = 100  # steps
SAVED_EVERY = 1_000


@dataclass(frozen=True)
class Progress:
    """What a finished training run has to say for itself."""

    steps: int
    tokens: int
    loss: float
    seconds: float


def loss_of(forward: Callable[..., Tensor], rows: Rows, device: str, smoothing: float) -> Tensor:
    """Weighted mean cross-entropy of the assistant's tokens in nats; each dialogue is alone.

    `smoothing` is the share of the target that is spread over the whole vocabulary.
    """
    ids = torch.from_numpy(rows.ids).to(device, torch.int64, non_blocking=True)
    weights = torch.from_numpy(rows.weights).to(device, torch.float32, non_blocking=True)
    weights = weights.roll(-1, 1)
    weights[:, -1] = 0
    with torch.autocast(device, dtype=torch.bfloat16):
        logits = forward(ids, visibility(ids, BEGIN_ID))
    losses = nnf.cross_entropy(
        logits.flatten(0, 1).float(),
        ids.roll(-1, 1).flatten(),
        reduction="none",
        label_smoothing=smoothing,
    )
    flat = weights.flatten()
    return (losses * flat).sum() / flat.sum()


@torch.no_grad()
def heldout_loss(model: Transformer, pools: tuple[Rows, ...], device: str) -> float:
    """Mean cross-entropy over whole pools, every token of an answer counting the same."""
    total, count = 0.0, 0
    for pool in pools:
        for start in range(0, len(pool.ids), 16):
            counted = (pool.weights[start : start + 16] > 0).astype("uint8")
            answered = int(counted[:, 1:].sum())
            if answered:
                part = Rows(pool.ids[start : start + 16], counted)
                total += float(loss_of(model, part, device, 0.0)) * answered
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
    recipe: Recipe,
    batches: Iterator[Rows],
    checkpoint: Path,
    device: str,
    log: Callable[[str], None] = print,
    look: Callable[[Transformer], str] | None = None,
) -> tuple[Transformer, Progress]:
    """Train from scratch, or from the checkpoint of the same run that was cut off.

    `look` says something about the model whenever a checkpoint is written.
    """
    torch.manual_seed(recipe.seed)
    model = Transformer(recipe.shape)
    model.to(device)
    steppers = optimizers(model, recipe)
    bases = [stepper.param_groups[0]["lr"] for stepper in steppers]
    forward = torch.compile(model) if device == "cpu" else model
    tokens, first, started = 0, 0, time.monotonic()
    smooth = torch.zeros((), device=device)
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device)
        model.load_state_dict(saved["model"])
        for stepper, state in zip(steppers, saved["steppers"], strict=True):
            stepper.load_state_dict(state)
        tokens, smooth, first = saved["tokens"], saved["loss"].to(device), saved["step"]
        started -= saved["seconds"]
        for _ in range(first):
            next(batches)
    log(f"{recipe.name}: {model.parameter_count():,} parameters, {recipe.steps} steps")
    for step in range(first, recipe.steps):
        rows = next(batches)
        for stepper, base in zip(steppers, bases, strict=True):
            stepper.param_groups[0]["lr"] = base * recipe.share_at(step)
        loss = loss_of(forward, rows, device, recipe.smoothing)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
            stepper.zero_grad()
        tokens += rows.ids.size
        # The mean of about the last fifty steps, kept on the device: reading it would wait.
        kept = min(0.98, 1 - 1 / (step + 1))
        smooth = kept * smooth + (1 - kept) * loss.detach()
        if (step + 1) % LOGGED_EVERY == 0:
            if not math.isfinite(float(smooth)):
                raise FloatingPointError(f"the loss is {float(smooth)} at step {step + 1}")
            seconds = time.monotonic() - started
            log(f"step {step + 1} loss {float(smooth):.4f} tokens {tokens:,} seconds {seconds:.0f}")
        if (step + 1) % SAVED_EVERY == 0 or step + 1 == recipe.steps:
            state = {
                "model": model.state_dict(),
                "steppers": [stepper.state_dict() for stepper in steppers],
                "tokens": tokens,
                "loss": smooth,
                "step": step + 1,
                "seconds": time.monotonic() - started,
            }
            torch.save(state, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)
            if look:
                log(f"step {step + 1}: {look(model)}")
    return model, Progress(recipe.steps, tokens, float(smooth), time.monotonic() - started)
