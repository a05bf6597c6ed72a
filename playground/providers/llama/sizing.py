"""Chooses context length, sequences, KV layout and threads from the model and the machine."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from playground.errors import ModelLoadFailed
from playground.providers.llama.control_groups import ROOT, memory_left, processors
from playground.providers.llama.gpus import gpus
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import EngineSettings
from playground.sizes import in_words

BATCH_TOKENS = 512
"""The most tokens in one `llama_decode`, llama.cpp's own size for a physical batch."""

CONTEXT_SHARE = 1 / 8
"""The share of the free memory that one context may take by itself; longer ones must be asked
for. A model trained for 128,000 tokens would otherwise fill the machine before the first word."""

LEAST_CONTEXT = 2048
"""A context is not made shorter than this to save memory."""

SEQUENCES = 16

KV_BYTES = 512 * 1024**2
"""The memory for KV cells, where one context does not need more. If every sequence finds room for
a whole context in it, each gets cells of its own, which attend over nothing but its own tokens;
if not, all share one pool of that size: a long conversation finds room there."""

KV_SHARE = 1 / 2
"""The most of the free memory that they may take, where one context does not need more: the buffers
to compute in come on top of them."""

BUFFERS_BYTES = 512 * 1024**2
"""The memory of each GPU that is left to the buffers to compute in, which come after the cells."""

SCORES_BYTES = 1024**3
"""The most memory for attention scores, which llama.cpp holds whole without flash attention."""

SHARING_ANSWERS = 4
"""Fewer answers than this to one prompt gain little by sharing its cells."""

DRAWN_TO_SHARED = (16, 4)
"""A pool for the answers to one prompt pays while they draw together at most so many times the
prompt's tokens: the first for models that run on one thread, where attention is most of a token."""

ONE_THREAD_PARAMETERS = 20_000_000
"""Below this, waking a second thread costs more than it computes."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the context is made with.

    `length` is the most tokens of one sequence; `cells` how many KV cells there are in all, which
    is `length` for each of the `sequences` unless they share a pool (`unified`).
    `flash_attention` None leaves it to llama.cpp, which takes it wherever it can.
    """

    length: int
    cells: int
    sequences: int
    unified: bool
    threads: int
    flash_attention: bool | None


def choose_layout(model: NativeModel, settings: EngineSettings) -> Layout:
    """The layout for a model on this machine, with what the user settled taken as it is.

    Raises `ModelLoadFailed` if its KV cells would not fit into the memory that is free: the
    system would otherwise kill the process, or a neighbour's, later and without a word.
    """
    free = free_for_cells(model)
    # A damaged header may say 0, or a number that comes out negative: llama.cpp would take either
    # for billions of cells, and the system end the process when memory does.
    trained = model.trained_context if model.trained_context > 0 else LEAST_CONTEXT
    length = settings.context_length or min(
        trained, _affordable(free, model.kv_bytes(1, settings.kv_type))
    )
    sequences = settings.sequences or SEQUENCES
    if model.recurrent and settings.sequences is None and free is not None:
        # Without a pool, a context for each is what they need.
        sequences = max(1, min(sequences, _fitting(free, model.kv_bytes(length, settings.kv_type))))
    cells = length * sequences
    room = KV_BYTES if free is None else min(KV_BYTES, int(free * KV_SHARE))
    # A state of its own for each sequence is all that a recurrent model has.
    unified = False if model.recurrent else settings.unified
    if unified is None:
        unified = sequences > 1 and model.kv_bytes(cells, settings.kv_type) > room
    if unified:
        cells = min(cells, max(length, room // max(1, model.kv_bytes(1, settings.kv_type))))
    needed = model.kv_bytes(cells, settings.kv_type)
    if free is not None and needed > free:
        fewer = ", or fewer gpu_layers" if model.gpu_layers else ""
        raise ModelLoadFailed(
            f"A context of {length:,} tokens for {model.path.name} needs {in_words(needed)} of "
            f"memory and {in_words(free)} are free.",
            hint=f"Open it with a smaller context_length{fewer}.",
        )
    threads = settings.threads
    if threads is None:
        threads = 1 if model.parameters < ONE_THREAD_PARAMETERS else usable_cores()
    return Layout(
        length=length,
        cells=cells,
        sequences=sequences,
        unified=unified,
        threads=threads,
        flash_attention=_flash_attention(model, settings, cells if unified else length, unified),
    )


def _fitting(free: int, context: int) -> int:
    """How many contexts of so many bytes may be made of the memory that is free."""
    return int(free * KV_SHARE) // max(1, context)


def shared_layout(model: NativeModel, settings: EngineSettings, opened: Layout) -> Layout | None:
    """The layout for many answers to one prompt: one pool of as many cells, no flash attention.

    None where that is `opened` already, where the user settled it, and where it has not been
    measured to gain: on a GPU.
    """
    if settings.unified is not None or opened.sequences == 1 or model.gpu_layers:
        return None
    if model.recurrent:
        return None
    if settings.flash_attention or settings.kv_type == "q8_0":
        return None
    shared = replace(opened, unified=True, flash_attention=False)
    return shared if shared != opened and _scores_fit(model, opened.cells) else None


def prefers_shared(parameters: int, answers: int, prompt: int, length: int) -> bool:
    """Whether the shared layout is faster for so many answers to one prompt at once, on a CPU.

    All of them attend over the prompt's cells in one matrix product there, instead of a copy each;
    but each also over the cells of the others' answers, `length` tokens at most. The figures are in
    `benchmarks/README.md` under `cells`.
    """
    most = DRAWN_TO_SHARED[parameters >= ONE_THREAD_PARAMETERS] * prompt
    return answers >= SHARING_ANSWERS and answers * length <= most


def _flash_attention(
    model: NativeModel, settings: EngineSettings, cells: int, unified: bool
) -> bool | None:
    """Whether to use flash attention, where one sequence attends over up to so many cells.

    On a CPU it evaluates prompts a tenth faster, and draws tokens more slowly the longer they
    are: 32 a second instead of 44 after 1,000 tokens, 13 instead of 34 after 3,800, and for
    sixteen sequences after 1,000 together 57 instead of 125 (110 M parameters, one thread).

    A pool that is chosen for want of memory wants it all the same, because it passes over the
    cells of others. One that is asked for is meant for answers that share their prompt: without
    it, all of them attend over its cells in one matrix product (`benchmarks.cells`). Quantised
    cells need it.
    """
    chosen = unified and not settings.unified
    if settings.flash_attention is not None or settings.kv_type == "q8_0" or chosen:
        return settings.flash_attention
    if model.gpu_layers:
        return None
    return False if _scores_fit(model, cells) else None


def _scores_fit(model: NativeModel, cells: int) -> bool:
    """Whether the attention scores of a batch over so many cells may be held whole."""
    return cells * BATCH_TOKENS * model.heads * 4 <= SCORES_BYTES


def _affordable(free: int | None, bytes_per_token: int) -> int:
    """How long a context may be by itself, in tokens."""
    if free is None:
        return 4 * LEAST_CONTEXT
    return max(LEAST_CONTEXT, int(free * CONTEXT_SHARE) // max(1, bytes_per_token))


def describe_machine() -> str:
    """What the automatic settings come from, for `playground doctor`."""
    cores, free = usable_cores(), free_memory()
    memory = f"{in_words(free)} of memory free" if free is not None else "free memory not known"
    cards = ", ".join(f"{card.name} with {in_words(card.free)} free" for card in gpus())
    gpu = f"layers go to {cards}" if cards else "no GPU for llama.cpp"
    threads = "1 thread" if cores == 1 else f"{cores} threads"
    return (
        f"{threads} ({ONE_THREAD_PARAMETERS // 10**6} M parameters and less: 1), {SEQUENCES} "
        f"sequences ({SHARING_ANSWERS} answers to one prompt may share a pool of KV cells), "
        f"{memory} (a context takes up to {CONTEXT_SHARE:.1%} of it), {gpu}"
    )


def free_for_cells(model: NativeModel) -> int | None:
    """Bytes free where a model's KV cells will lie: with their layers, on the GPUs or not."""
    system = free_memory()
    cards = gpus() if model.gpu_layers else ()
    # The output layer is the first to go there, and has no cells.
    there = min(1.0, (model.gpu_layers - 1) / max(1, model.layers))
    if not cards or there <= 0:
        return system
    free = int(sum(max(0, card.free - BUFFERS_BYTES) for card in cards) / there)
    return free if there == 1 or system is None else min(free, int(system / (1 - there)))


def free_memory(root: Path = ROOT) -> int | None:
    """Bytes of memory that can be had without swapping; None where the system does not say.

    In a container, no more than it may still take.
    """
    known = [number for number in (_available(root), memory_left(root)) if number is not None]
    return min(known, default=None)


def _available(root: Path) -> int | None:
    try:
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def usable_cores(root: Path = ROOT) -> int:
    """How many threads pay: a physical core each, and no more than a container gives time for.

    Threads that wait for their turn of it keep all the others waiting.
    """
    share = processors(root)
    cores = physical_cores()
    return cores if share is None else max(1, min(cores, int(share)))


def physical_cores() -> int:
    """The physical cores that this process may use; hyper-threads do not speed llama.cpp up."""
    try:
        usable = os.sched_getaffinity(0)
    except AttributeError:
        return max(1, (os.cpu_count() or 2) // 2)
    cores = set()
    for cpu in usable:
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text(encoding="ascii").strip())
        except OSError:
            cores.add(str(cpu))
    return max(1, len(cores))
