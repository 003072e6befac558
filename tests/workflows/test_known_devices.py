"""Devices that were measured: what they really reach wins over what their datasheets promise."""

from pathlib import Path

import pytest

from bitpath_cli import archive, catalogue
from bitpath_cli.errors import BadValue
from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.demands import Demands
from bitpath_cli.model.reading import Method, fact
from bitpath_cli.workflows._known_devices import devices_in, measured_devices
from bitpath_cli.workflows._question import question_for
from bitpath_cli.workflows.advise import advise
from tests.questions import job
from tests.sample_report import filled
from tests.workflows.fleets import host


@pytest.mark.parametrize(
    ("model", "name"),
    [("NVIDIA A10G", "a10g"), ("NVIDIA A100-SXM4-80GB", "a100-80gb"), ("Tesla T4", "t4"),
     ("NVIDIA GeForce RTX 4090", "rtx-4090")],
)  # fmt: skip
def test_an_accelerator_is_known_by_the_words_of_its_model(model: str, name: str) -> None:
    card = filled(Accelerator, name="0", index=0, vendor="nvidia", model=fact(model, "nvml"))
    told = host("a").model_copy(update={"components": (card,)})
    assert list(devices_in(told)) == [name]


def test_what_was_measured_wins_number_type_by_number_type() -> None:
    """float32 was measured at 100 GFLOP/s; bfloat16 stays what the datasheet promises."""
    site = catalogue.site("default")
    plain = question_for(host("a"), job(), site)
    known = question_for(host("a"), job(), site, measured={"t4": host("rented", 100e9)})
    before, after = (
        next(each for each in asked.machines if each.hardware == "1 × t4")
        for asked in (plain, known)
    )
    assert after.rates["float32"].value == 100e9
    assert after.rates["float32"].origin.method is Method.MEASURED
    assert before.rates["float32"].origin.method is Method.ASSUMED
    assert after.rates["float16"] == before.rates["float16"]
    assert after.memory_bandwidth.value == 40e9
    assert after.prices == before.prices


def test_a_device_is_named_with_its_report_on_the_command_line(tmp_path: Path) -> None:
    archive.save(host("rented", 100e9), tmp_path / "t4.json")
    found = advise(
        host("a"), "resnet50-training", demands=Demands(measured=(f"t4={tmp_path / 't4.json'}",))
    )
    assert found.winner is not None


@pytest.mark.parametrize("typed", ["t4", "nothing=x.json", "=x.json"])
def test_anything_else_is_refused_with_the_names_that_would_do(typed: str) -> None:
    with pytest.raises(BadValue, match="a100-40gb"):
        measured_devices([typed], catalogue.site("default"))
