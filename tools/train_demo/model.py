"""The transformer that is trained: llama's layers, named as GGUF names them."""

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from tools.train_demo.recipes import Shape


def rotation_table(shape: Shape) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the rotary embedding: a row a position, a column a pair."""
    pairs = torch.arange(0, shape.head_width, 2) / shape.head_width
    angles = torch.outer(torch.arange(shape.context), shape.rope_base**-pairs)
    return angles.cos(), angles.sin()


def rotate(heads: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Turn neighbouring (even, odd) pairs: llama.cpp's own layout, so no weight is permuted."""
    even, odd = heads[..., 0::2], heads[..., 1::2]
    turned = (even * cosines - odd * sines, even * sines + odd * cosines)
    return torch.stack(turned, dim=-1).flatten(-2).type_as(heads)


def visibility(ids: Tensor, begin: int | None) -> Tensor:
    """Which position sees which: those before it, only in its own dialogue if `begin` is given."""
    dialogue = (ids == begin).cumsum(1) if begin is not None else torch.zeros_like(ids)
    return (dialogue[:, None, :, None] == dialogue[:, None, None, :]).tril()


class Block(nn.Module):
    """One layer: attention with shared key/value heads, then a gated feed-forward."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        narrow = shape.kv_heads * shape.head_width
        self.attn_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.attn_q = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_k = nn.Linear(shape.width, narrow, bias=False)
        self.attn_v = nn.Linear(shape.width, narrow, bias=False)
        self.attn_output = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.ffn_gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, stream: Tensor, cosines: Tensor, sines: Tensor, visible: Tensor) -> Tensor:
        """Add what this layer has to say to the residual stream."""
        batch, length, width = stream.shape
        normed = self.attn_norm(stream)

        def heads(projected: Tensor) -> Tensor:
            return projected.view(batch, length, -1, self.shape.head_width).transpose(1, 2)

        query = rotate(heads(self.attn_q(normed)), cosines, sines)
        key = rotate(heads(self.attn_k(normed)), cosines, sines)
        value = heads(self.attn_v(normed))
        group = self.shape.heads // self.shape.kv_heads
        key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
        mixed = nnf.scaled_dot_product_attention(query, key, value, attn_mask=visible)
        stream = stream + self.attn_output(mixed.transpose(1, 2).reshape(batch, length, width))
        normed = self.ffn_norm(stream)
        gated = nnf.silu(self.ffn_gate(normed)) * self.ffn_up(normed)
        return stream + self.ffn_down(gated)


class Transformer(nn.Module):
    """Token ids in, logits out; the output matrix is the embedding itself."""

    cosines: Tensor
    sines: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        cosines, sines = rotation_table(shape)
        self.register_buffer("cosines", cosines, persistent=False)
        self.register_buffer("sines", sines, persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        nn.init.normal_(self.token_embd.weight, std=0.02)
        quiet = ("attn_output.weight", "ffn_down.weight")
        for name, weight in self.blk.named_parameters():
            if weight.dim() == 2:
                scale = (2 * self.shape.layers) ** -0.5 if name.endswith(quiet) else 1.0
                nn.init.normal_(weight, std=scale * weight.shape[1] ** -0.5)

    def forward(self, ids: Tensor, visible: Tensor) -> Tensor:
        """Logits at every position, each of which sees what `visible` says."""
        length = ids.shape[1]
        stream = self.token_embd(ids)
        for block in self.blk:
            stream = block(stream, self.cosines[:length], self.sines[:length], visible)
        logits: Tensor = nnf.linear(self.output_norm(stream), self.token_embd.weight)
        return logits

    def parameter_count(self) -> int:
        """How many numbers are learnt."""
        return sum(weight.numel() for weight in self.parameters())
