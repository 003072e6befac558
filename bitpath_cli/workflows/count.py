"""A user's own model as a workload profile: what can be counted is, the rest is his to state."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bitpath_cli import __version__, catalogue
from bitpath_cli.errors import BadValue

if TYPE_CHECKING:
    from bitpath_cli.workflows._counts import Counts

_SOURCE: Final = "counter"


@dataclass(frozen=True, slots=True)
class Order:
    """The model's factory, the shapes of its inputs, and what the user states beside."""

    model: str
    inputs: tuple[str, ...]
    task: str
    stated: tuple[str, ...]


def profile_of(order: Order, today: datetime.date) -> str:
    """The profile's TOML; runs the user's factory and his model's forward pass, and nothing else.

    Raises UncountableModel for whatever his code raises, BadValue for what cannot be stated.
    """
    stated = _stated(order.stated)
    import torch

    from bitpath_cli.workflows._counts import count
    from bitpath_cli.workflows._own_model import load_model

    model = load_model(order.model, order.inputs)
    found = count(model)
    shapes = ", ".join("×".join(map(str, each.shape[1:])) or "1" for each in model.inputs)
    known = {
        "summary": catalogue.quoted(f"{order.model}, of which one sample is {shapes}"),
        "field": catalogue.quoted("own model"),
        "task": catalogue.quoted(order.task),
        **_counted(found, is_training=order.task == "training"),
    } | stated
    reference = (
        f"bitpath {__version__} profiles new --model {order.model}, torch {torch.__version__}, "
        "torch.utils.flop_counter"
    )
    return catalogue.draft(
        order.task, known, {_SOURCE: {"reference": reference, "date": today.isoformat()}}
    )


def _counted(found: "Counts", *, is_training: bool) -> dict[str, str]:
    """Each figure with how it was counted; none that the counter did not see."""
    told = {
        "work.parameters": _figure(found.parameters, "1", "all of the module's parameters"),
        "work.traffic_bytes": _figure(
            found.traffic_bytes, "B",
            "read and written by all operations that multiply no matrices, each by itself as "
            "without a compiler",
        ),
        "work.precisions": f"[{catalogue.quoted(found.dtype)}]",
        "data.sample_bytes": _figure(
            found.sample_bytes, "B", "the model's input; as it is stored it may be smaller"
        ),
    }  # fmt: skip
    if found.forward_flop > 0:
        told["work.forward"] = _figure(
            found.forward_flop, "FLOP", "2 × the multiply-adds of one sample's forward pass"
        )
        told["work.operations"] = _figure(
            found.operations, "1", "matrix products, convolutions and attentions of a forward pass"
        )
    if found.activation_bytes is not None:
        told["work.activation_bytes"] = _figure(
            found.activation_bytes, "B", "kept for backward by a forward pass in training, a sample"
        )
    if is_training and 0 < found.trained < found.parameters:
        told["training.trained"] = _figure(found.trained, "1", "parameters that want a gradient")
    return told


def _figure(value: float, unit: str, note: str) -> str:
    number = f"{value:.0f}" if value == round(value) else repr(value)
    return (
        f'{{ value = {number}, unit = "{unit}", status = "counted", source = "{_SOURCE}", '
        f"note = {catalogue.quoted(note)} }}"
    )


def _stated(typed: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE as typed; a VALUE that is no TOML is text, such as 24 h."""
    found = {}
    for each in typed:
        name, _, value = each.partition("=")
        if not name.strip() or not value.strip():
            raise BadValue("--set", each, "NAME=VALUE, as in training.epochs=90")
        found[name.strip()] = catalogue.typed_value(value.strip())
    return found
