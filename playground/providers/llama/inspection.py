"""What a GGUF says of itself, read from its header: no weights are loaded and no process started.

A header is somebody else's data: what does not fit its own format is a `ModelFileError`, and
nothing in it is trusted to be of a sensible size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from playground.errors import ModelFileError
from playground.providers.llama.files import check_gguf

if TYPE_CHECKING:
    from gguf import GGUFReader

MAX_TENSORS = 1_000_000

MAX_NUMBER = 2**32 - 1
"""No size of a model is larger. Token ids that large stand for none."""

MAX_READS = 4_000_000
"""A vocabulary of 262,144 tokens and its 514,906 merges takes 1.6 million. What is read stays in
memory, several hundred bytes for each."""

CELL_BYTES = 2
"""Keys and values are kept in 16 bits each."""


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorKind(_Facts):
    """The tensors of one quantisation type. `bytes` is their size in the file."""

    kind: str
    tensors: int
    parameters: int
    bytes: int


class GGUFFacts(_Facts):
    """A model file. Counts are those of the header; None where the file does not say.

    `kv_bytes_per_token` is what one token of context takes in the KV cache, in 16 bits.
    """

    path: str
    bytes: int
    name: str = ""
    architecture: str = ""
    licence: str = ""
    parameters: int
    layers: int | None = None
    width: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    context_length: int | None = None
    vocabulary: int | None = None
    tokenizer: str = ""
    special_tokens: dict[str, str] = {}
    chat_template: str | None = None
    quantisation: tuple[TensorKind, ...]
    kv_bytes_per_token: int | None = None

    def memory(self, context_length: int) -> int | None:
        """An estimate of the memory for so long a context, in bytes: weights and KV cells."""
        if self.kv_bytes_per_token is None:
            return None
        return self.bytes + context_length * self.kv_bytes_per_token


def inspect_gguf(path: Path) -> GGUFFacts:
    """Read a file's header; raises `ModelFileError` with what is wrong with it."""
    check_gguf(path)
    try:
        return _facts(path, _bounded_reader(path))
    except Exception as error:
        # The reader walks a foreign file: what it stumbles over has no type of its own.
        raise ModelFileError(
            f"{path} begins like a GGUF and then breaks its format: {error}.",
            hint="Download it again.",
        ) from error


def _bounded_reader(path: Path) -> GGUFReader:
    """The library's reader, but for headers that announce more than there is.

    Its own goes on past the end of a file, to as many nothings as the header says.
    """
    import numpy as np
    from gguf import GGUFReader
    from numpy.typing import DTypeLike, NDArray

    class Bounded(GGUFReader):  # type: ignore[misc]  # the library is not typed
        _reads = 0

        def _get(
            self,
            offset: int,
            dtype: DTypeLike,
            count: int = 1,
            override_order: Literal["I", "S", "<"] | None = None,
        ) -> NDArray[Any]:
            self._reads += 1
            if self._reads > MAX_READS:
                raise ValueError(f"its header has more than {MAX_READS:,} values")
            kind = np.dtype(dtype)
            if offset + int(count) * kind.itemsize > len(self.data):
                raise ValueError("it ends before what its header announces")
            order = override_order or self.byte_order
            if order != "I":
                kind = kind.newbyteorder(order)
            # The library's way to the same takes five times as long.
            return np.frombuffer(self.data, kind, int(count), offset)

    return Bounded(path)


class _Header:
    """Reads values of a header by key, with the architecture's name in front where asked."""

    def __init__(self, reader: GGUFReader) -> None:
        self._reader = reader
        self.architecture = self.text("general.architecture")

    def text(self, key: str) -> str:
        field = self._reader.get_field(key)
        value = field.contents() if field is not None else ""
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> int | None:
        """A whole number; the largest where the file gives one for each layer.

        None for what is no size of a model: below 0, or larger than any.
        """
        field = self._reader.get_field(key.replace("*", self.architecture))
        value = field.contents() if field is not None else None
        numbers = [
            item
            for item in (value if isinstance(value, list) else [value])
            if isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= MAX_NUMBER
        ]
        return max(numbers, default=None)

    def length(self, key: str) -> int | None:
        """How many elements an array has; None of what is none."""
        from gguf import GGUFValueType

        field = self._reader.get_field(key)
        is_array = field is not None and field.types[:1] == [GGUFValueType.ARRAY]
        return len(field.data) if field is not None and is_array else None

    def element(self, key: str, place: int) -> str:
        """One element of an array of strings."""
        field = self._reader.get_field(key)
        if field is None or not 0 <= place < len(field.data):
            return ""
        return bytes(field.parts[field.data[place]]).decode("utf-8", "replace")


def _facts(path: Path, reader: GGUFReader) -> GGUFFacts:
    header = _Header(reader)
    kinds = tuple(_kinds(reader))
    layers, heads = header.number("*.block_count"), header.number("*.attention.head_count")
    width = header.number("*.embedding_length")
    kv_heads = header.number("*.attention.head_count_kv") or heads
    return GGUFFacts(
        path=str(path),
        bytes=path.stat().st_size,
        name=header.text("general.name"),
        architecture=header.architecture,
        licence=header.text("general.license"),
        parameters=sum(kind.parameters for kind in kinds),
        layers=layers,
        width=width,
        heads=heads,
        kv_heads=kv_heads,
        context_length=header.number("*.context_length"),
        vocabulary=header.length("tokenizer.ggml.tokens"),
        tokenizer=header.text("tokenizer.ggml.model"),
        special_tokens=dict(_special_tokens(header)),
        chat_template=header.text("tokenizer.chat_template") or None,
        quantisation=kinds,
        kv_bytes_per_token=_kv_bytes(header, layers, width, heads, kv_heads),
    )


def _kinds(reader: GGUFReader) -> Iterator[TensorKind]:
    """The tensors by their type, the largest share first."""
    if len(reader.tensors) > MAX_TENSORS:
        raise ValueError(f"it lists {len(reader.tensors):,} tensors")
    tensors: Counter[str] = Counter()
    parameters: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for tensor in reader.tensors:
        kind = tensor.tensor_type.name
        tensors[kind] += 1
        parameters[kind] += int(tensor.n_elements)
        sizes[kind] += int(tensor.n_bytes)
    for kind, size in sizes.most_common():
        yield TensorKind(kind=kind, tensors=tensors[kind], parameters=parameters[kind], bytes=size)


def _special_tokens(header: _Header) -> Iterator[tuple[str, str]]:
    for name in ("bos", "eos", "eot", "padding", "unknown"):
        place = header.number(f"tokenizer.ggml.{name}_token_id")
        if place is not None:
            yield name, header.element("tokenizer.ggml.tokens", place) or f"#{place}"


def _kv_bytes(
    header: _Header,
    layers: int | None,
    width: int | None,
    heads: int | None,
    kv_heads: int | None,
) -> int | None:
    if not (layers and width and heads and kv_heads):
        return None
    key = header.number("*.attention.key_length") or width // heads
    value = header.number("*.attention.value_length") or width // heads
    return layers * kv_heads * (key + value) * CELL_BYTES
