"""What one sample of a model costs, counted while it runs once: by torch's own FLOP counter.

torch.utils.flop_counter counts 2 FLOP a multiply-add of every matrix product, convolution and
attention. What they read and write is their own; the bytes of all other operations are `traffic`.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from torch.utils.flop_counter import FlopCounterMode, flop_registry, sdpa_flop_count

from bitpath_cli.workflows._own_model import OwnModel, blame

_MOVES_NOTHING: Final = frozenset({"empty", "empty_strided", "new_empty", "detach", "lift_fresh"})
_ATTENTION_ON_CPU: Final = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu


def _attention_flop(
    query: Any, key: Any, value: Any, *_: Any, out_shape: Any = None, **__: Any
) -> int:
    """torch's own formula for attention, which it does not apply to its CPU kernel."""
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


_FORMULAS: Final = {_ATTENTION_ON_CPU: _attention_flop}


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one sample; `trained` are the parameters that a gradient is kept for.

    `activation_bytes` is None where nothing of the model is to be trained.
    """

    parameters: int
    trained: int
    forward_flop: float
    operations: int
    traffic_bytes: float
    activation_bytes: float | None
    sample_bytes: float
    dtype: str


class _Ledger(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts operations that multiply matrices, and the bytes that all others move."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = 0
        self.traffic_bytes = 0.0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        packet = getattr(func, "overloadpacket", func)
        if packet in flop_registry or packet in _FORMULAS:
            self.operations += 1
        elif not _is_view(func) and getattr(packet, "__name__", "") not in _MOVES_NOTHING:
            self.traffic_bytes += sum(map(_size, _tensors((args, kwargs, out))))
        return out


def count(model: OwnModel) -> Counts:
    """Runs the model forward, once to count and once to see what training would keep.

    Raises UncountableModel for whatever its code raises.
    """
    module, samples = model.module, model.samples
    parameters = list(module.parameters())
    ledger, counter = _Ledger(), FlopCounterMode(display=False, custom_mapping=_FORMULAS)
    try:
        module.eval()
        with _without_fast_path(), torch.no_grad(), counter, ledger:
            module(*model.inputs)
        kept = _kept_bytes(module, model.inputs)
    except Exception as error:
        raise blame(model.name, error) from error
    return Counts(
        parameters=sum(each.numel() for each in parameters),
        trained=sum(each.numel() for each in parameters if each.requires_grad),
        forward_flop=counter.get_total_flops() / samples,
        operations=ledger.operations,
        traffic_bytes=ledger.traffic_bytes / samples,
        activation_bytes=None if kept is None else kept / samples,
        sample_bytes=sum(map(_size, model.inputs)) / samples,
        dtype=str(parameters[0].dtype).removeprefix("torch.") if parameters else "float32",
    )


@contextlib.contextmanager
def _without_fast_path() -> Iterator[None]:
    """torch's transformer layers as their single operations: nobody counts inside the fused one."""
    was_enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_enabled)


def _kept_bytes(module: nn.Module, inputs: tuple[Tensor, ...]) -> float | None:
    """Bytes that a forward pass in training keeps for backward, parameters not counted."""
    if not any(each.requires_grad for each in module.parameters()):
        return None
    own = {each.untyped_storage().data_ptr() for each in module.parameters()}
    kept: dict[int, int] = {}
    held: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
            # Held, so that no other tensor is given the same place in memory.
            held.append(tensor)
        return tensor

    module.train()
    with saved_tensors_hooks(keep, lambda tensor: tensor):
        module(*inputs)
    return float(sum(kept.values()))


def _is_view(func: Any) -> bool:
    schema = getattr(func, "_schema", None)
    told = [] if schema is None else [each.alias_info for each in schema.returns]
    return any(each is not None and not each.is_write for each in told)


def _tensors(values: Any) -> Iterator[Tensor]:
    return (each for each in tree_iter(values) if isinstance(each, Tensor))


def _size(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
