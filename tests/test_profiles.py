"""The shipped profiles: every figure has its source, none is a trap, and the anchors come out."""

import datetime
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from bitpath_cli import catalogue
from bitpath_cli.catalogue import Kind
from bitpath_cli.catalogue._fields import ROWS
from bitpath_cli.catalogue._places import files, shipped_folder
from bitpath_cli.catalogue._reader import RECORDS
from bitpath_cli.catalogue._shape import Shape, shapes
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.record import Record
from bitpath_cli.prediction.compute import forward_time, training_step
from bitpath_cli.prediction.memory import STATE_BYTES, size_beside_float32

SHIPPED: list[tuple[Kind, str]] = [
    (kind, path.stem) for kind in catalogue.KINDS for path in files(shipped_folder(kind))
]
DEVICES = [name for kind, name in SHIPPED if kind == "device"]
GUIDE = Path(__file__).parent.parent / "docs" / "profiles.md"
MONTH = 2_629_800.0


@pytest.fixture(autouse=True)
def only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_every_shipped_profile_is_without_fault(kind: Kind, name: str) -> None:
    path = catalogue.find(kind, name)
    assert catalogue.faults(kind, path) == ()
    assert catalogue.kind_of(path) == kind


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_every_figure_has_a_status_and_a_source_or_says_why_not(kind: Kind, name: str) -> None:
    raw = tomllib.loads(catalogue.text(kind, name))
    for figure in catalogue.figures(kind, name):
        table = _at(raw, figure.field)
        assert "status" in table, figure.field
        assert figure.sources or figure.status in ("estimate", "scenario"), figure.field
        assert figure.note or figure.sources, f"{figure.field} says nothing of itself"
        if figure.is_price and figure.sources:
            assert figure.date is not None and figure.region, figure.field
            assert figure.date <= datetime.date.today()


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_every_source_is_used(kind: Kind, name: str) -> None:
    used = {key for figure in catalogue.figures(kind, name) for key in figure.sources}
    assert used == set(tomllib.loads(catalogue.text(kind, name)).get("sources", {}))


def test_examples_are_marked_as_such() -> None:
    assert catalogue.workload(catalogue.DEFAULT_WORKLOAD).is_example
    assert catalogue.site(catalogue.DEFAULT_SITE).is_example


@pytest.mark.parametrize("name", DEVICES)
def test_no_rate_is_sparse_or_of_another_kind(name: str) -> None:
    """Sparse vendor figures are twice the dense ones: int8 would be four times half precision."""
    rates = catalogue.device(name).rates
    half = rates.get("float16", rates.get("bfloat16"))
    if half is not None and "int8" in rates:
        # The RTX 4090's halves accumulate in float32 at half the rate of its float16 ones.
        factor = 4.0 if name == "rtx-4090" else 2.0
        assert rates["int8"].value == pytest.approx(factor * half.value, rel=0.03)
    if half is not None and "tf32" in rates:
        assert rates["tf32"].value <= 0.51 * half.value
    for precision, quantity in rates.items():
        assert quantity.unit == ("OP/s" if precision == "int8" else "FLOP/s")


def test_the_traps_of_the_sources_are_not_stepped_into() -> None:
    rates = {name: catalogue.device(name).rates for name in DEVICES}
    assert rates["jetson-orin-nano"]["int8"].value == 33.5e12  # 67 TOPS are sparse
    assert rates["jetson-agx-orin"]["int8"].value == 85e12  # 275 are sparse and count the DLAs
    assert rates["a10g"]["bfloat16"].value == 70e12  # 125 is the A10
    assert rates["rtx-4090"]["bfloat16"].value == 165.2e12  # 82.6 are the vector units
    assert "bfloat16" not in rates["t4"] and "tf32" not in rates["t4"]
    forward = catalogue.workload("resnet50-training").work.forward
    assert forward.value == 2 * 4.09e9  # the source counts multiply-adds


def test_conversions_by_hand() -> None:
    site = catalogue.site("default")
    assert site.cloud is not None
    assert site.place.tariff.value == pytest.approx(0.146 / 3.6e6)
    assert site.uplink.up.value == pytest.approx(38.32e6 / 8)
    assert site.lan.up.value == pytest.approx(125e6)
    assert site.lifetime.value == pytest.approx(60 * MONTH)
    assert site.cloud.storage_price.value == pytest.approx(0.026 / 2**30 / MONTH)
    assert site.cloud.egress_price.value == pytest.approx(0.12e-9)
    assert site.cloud.preemptions.value == pytest.approx(1 / 86400)
    assert isinstance(site.cloud.place.carbon, Quantity)
    assert site.cloud.place.carbon.value == pytest.approx(0.41272 / 3.6e6)
    a100 = {each.name: each for each in site.cloud.offers}["a2-highgpu-1g"]
    assert a100.device == "a100-40gb"
    assert a100.on_demand.value == pytest.approx(3.6734 / 3600)
    assert isinstance(a100.spot, Quantity)
    assert a100.spot.value == pytest.approx(1.928 / 3600)


def test_the_plant_has_the_uplink_of_the_worked_example() -> None:
    uplink = catalogue.site("factory").uplink
    assert uplink.up.value == 2.5e6
    assert uplink.round_trip.value == pytest.approx(0.040)
    assert 1e6 / uplink.up.value == pytest.approx(0.4)  # seconds for one camera frame of 1 MB


def test_vcpu_devices_are_their_share_of_the_whole_processor() -> None:
    whole = catalogue.device("xeon-8480plus")
    for vcpus in (16, 22):
        part = catalogue.device(f"vcpu{vcpus}-sapphire-rapids")
        share = vcpus / 2 / 56
        for precision, quantity in part.rates.items():
            assert quantity.value == pytest.approx(whole.rates[precision].value * share, rel=1e-3)
        assert part.memory_bandwidth.value == pytest.approx(307.2e9 * share, rel=1e-2)


def test_the_training_anchor_comes_out_of_the_physics() -> None:
    """One A100 80 GB trains 2470 images/s in mixed precision, 90 epochs in about 13 hours."""
    workload, device = catalogue.workload("resnet50-training"), catalogue.device("a100-80gb")
    assert workload.training is not None
    batch = workload.training.global_batch.value
    step = training_step(
        _forward_seconds("resnet50-training", "a100-80gb", "bfloat16", batch),
        _tensor(workload.work.overhead_accelerator.value),
        _tensor(1.0),
        _tensor(STATE_BYTES["momentum"] * workload.work.parameters.value),
        _tensor(device.memory_bandwidth.value),
    )
    rate = batch / float(step.total)
    assert rate == pytest.approx(2470, rel=0.01)
    assert isinstance(workload.data.samples, Quantity)
    hours = workload.data.samples.value * workload.training.epochs.value / rate / 3600
    assert hours == pytest.approx(13.0, abs=0.2)


def test_the_serving_anchor_comes_out_of_the_physics() -> None:
    """1.16 ms + FLOP / 19.2 TFLOP/s on a T4, and 22 MB of element-wise traffic at 320 GB/s."""
    seconds = float(_forward_seconds("manufacturing-inspection", "t4", "float16", 1))
    assert seconds == pytest.approx(1.16e-3 + 8.18e9 / 19.2e12 + 22e6 / 320e9, rel=0.002)


def _forward_seconds(workload: str, device: str, precision: Any, samples: float) -> torch.Tensor:
    work, machine = catalogue.workload(workload).work, catalogue.device(device)
    reached = work.efficiency_accelerator.value * machine.matrix_share.value
    return forward_time(
        _tensor(samples * work.forward.value),
        _tensor(machine.rates[precision].value * reached),
        _tensor(samples * work.traffic_bytes.value * size_beside_float32(precision)),
        _tensor(machine.memory_bandwidth.value),
        _tensor(work.overhead_accelerator.value),
    )


@pytest.mark.parametrize("kind", catalogue.KINDS)
def test_the_table_of_fields_and_the_nouns_agree(kind: Kind) -> None:
    for record in _records(RECORDS[kind]):
        assert set(shapes(record)) == set(ROWS[record])
        for key, shape in shapes(record).items():
            has_unit = shape.form in ("figure", "limit", "figures")
            assert bool(ROWS[record][key].unit) == has_unit, (record, key)


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_the_schema_describes_what_is_shipped(kind: Kind, name: str) -> None:
    schema = json.loads(json.dumps(catalogue.schema(kind)))
    raw = tomllib.loads(catalogue.text(kind, name))
    _check_against(schema, raw, name)


def test_the_examples_in_the_guide_are_whole_and_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bitpath" / "profiles"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    examples = re.findall(r"```toml\n# (\w+/[a-z-]+\.toml)\n(.*?)```", GUIDE.read_text(), re.S)
    assert [name for name, _ in examples] == [
        "workloads/photo-tagging.toml", "devices/office-pc.toml", "sites/office.toml",
    ]  # fmt: skip
    for name, text in examples:
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    for kind in catalogue.KINDS:
        (path,) = (folder / f"{kind}s").iterdir()
        assert catalogue.kind_of(path) == kind
        assert catalogue.faults(kind, path) == ()


def test_the_catalogue_needs_neither_torch_nor_pandas() -> None:
    code = (
        "import sys; from bitpath_cli import catalogue; catalogue.site('default');"
        "sys.exit(any(name in sys.modules for name in ('torch', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _check_against(schema: Mapping[str, Any], value: Any, where: str) -> None:
    """The part of JSON Schema that ours uses."""
    if "anyOf" in schema:
        fitting = [each for each in schema["anyOf"] if _has_type(each, value)]
        assert fitting, where
        schema = fitting[0]
    assert _has_type(schema, value), where
    assert value in schema.get("enum", [value]), where
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value), where
        for key, inner in value.items():
            known = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            assert known, f"{where}.{key}"
            _check_against(known, inner, f"{where}.{key}")
    if isinstance(value, list):
        for inner in value:
            _check_against(schema["items"], inner, where)


def _has_type(schema: Mapping[str, Any], value: Any) -> bool:
    kinds: dict[str, Any] = {
        "object": dict, "array": list, "string": str | datetime.date, "boolean": bool,
        "integer": int, "number": int | float,
    }  # fmt: skip
    return "type" not in schema or isinstance(value, kinds[schema["type"]])


def _records(record: type[Record]) -> list[type[Record]]:
    found = [record]
    for shape in shapes(record).values():
        inner: Shape | None = shape.element or shape
        if inner is not None and inner.record is not None:
            found += _records(inner.record)
    return found


def _at(raw: Mapping[str, Any], field: str) -> Any:
    value: Any = raw
    for key in field.replace("[", ".").replace("]", "").split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def _tensor(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)
