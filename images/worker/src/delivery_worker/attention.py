"""Attention over a packed batch: linear layers see no padding, attention pads its own small inputs.

Registered with transformers under its own name, so that every model that uses the library's attention
interface can be packed. Without a pack in the call it is the library's own SDPA attention.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from delivery_io.problems import WorkProblem
from delivery_worker.packing import Pack

NAME = "delivery_packed"


def _visible(queries: int, shared: int, window: int | None, device: torch.device) -> Tensor:
    """Which keys (shared, then own) each of `queries` tokens after the shared ones sees: those before it."""
    query = torch.arange(shared, shared + queries, device=device)[:, None]
    key = torch.arange(shared + queries, device=device)[None, :]
    seen = key <= query
    return seen if window is None else seen & (key > query - window)


def _rows(states: Tensor, pack: Pack) -> Tensor:
    """(1, heads, packed, size) to (rows, heads, longest, size)."""
    return states[0][:, pack.slots].transpose(0, 1)


def _causal(query: Tensor, key: Tensor, value: Tensor, shared: int, scaling: float | None, window: int | None) -> Tensor:
    """Attention of the last tokens over all; torch's own causal form where it applies, as it is the fastest."""
    if not shared and window is None:
        return scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling)
    mask = _visible(query.shape[2], shared, window, query.device)
    return scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scaling)


def _over_pack(query: Tensor, key: Tensor, value: Tensor, pack: Pack, scaling: float | None, window: int | None) -> Tensor:
    """(1, packed, heads, size): the shared beginning once, then every row over the beginning and itself."""
    shared, rows = pack.shared, pack.slots.shape[0]
    keys, values = _rows(key, pack), _rows(value, pack)
    if not shared:
        return _causal(_rows(query, pack), keys, values, 0, scaling, window).transpose(1, 2)[pack.real][None]
    first_key, first_value = key[:, :, :shared], value[:, :, :shared]
    first = _causal(query[:, :, :shared], first_key, first_value, 0, scaling, window)
    keys = torch.cat([first_key.expand(rows, -1, -1, -1), keys], dim=2)
    values = torch.cat([first_value.expand(rows, -1, -1, -1), values], dim=2)
    own = _causal(_rows(query, pack), keys, values, shared, scaling, window)
    return torch.cat([first.transpose(1, 2)[0], own.transpose(1, 2)[pack.real]])[None]


def attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **rest: Any,
) -> tuple[Tensor, Tensor | None]:
    """The attention function that models call."""
    pack: Pack | None = rest.pop("pack", None)
    if pack is None:
        plain: tuple[Tensor, Tensor | None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **rest
        )
        return plain
    if rest.get("softcap") is not None or rest.get("s_aux") is not None:
        # The clean probe packs too, so another plan would not help: no other attempt will fare better.
        raise WorkProblem(
            "Invalid", "spec.base", "Its attention has soft caps or sinks, which cannot be packed; use another base"
        )
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    return _over_pack(query, key, value, pack, scaling, rest.get("sliding_window")), None


def register() -> str:
    """Make the name known to transformers."""
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    return NAME
