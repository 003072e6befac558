import pynvml
import pytest

from bitpath_cli.host import Host
from bitpath_cli.meters import MeterReading, Snapshot
from bitpath_cli.meters._counter import difference
from bitpath_cli.meters.nvml import METER, ask, ask_number, handles, memory_info
from bitpath_cli.model.reading import Missing, Reason
from bitpath_cli.model.units import WATT
from tests.nvml_fake import DGX, GEFORCE, Answers, Refusal, door, driver, h100, module, orin
from tests.recorded import recorded
from tests.tree import number, why


def readings(host: Host) -> dict[tuple[str, str], MeterReading]:
    return {(each.subject, each.name): each for each in METER.read(host)}


def one(answers: Answers) -> Host:
    return recorded("dgx-8gpu", door(module(driver("550.54", 12040), [answers])))


def test_every_gpu_has_its_counter_and_its_gauges() -> None:
    found = readings(recorded("dgx-8gpu"))
    energies = [each for (_, name), each in found.items() if name == "energy"]
    assert [each.subject for each in energies] == [f"nvidia{index}" for index in range(8)]
    assert {each.form for each in energies} == {"counter"}
    assert energies[3].quantity.value == pytest.approx(5_000_000.003)
    assert number(found["nvidia0", "power"].quantity) == 71.25
    assert number(found["nvidia0", "memory_used"].quantity) == 4 << 20
    assert number(found["nvidia0", "clock_core"].quantity) == 345e6
    assert number(found["nvidia0", "utilisation"].quantity) == 0


def test_time_under_the_power_cap_is_a_counter_of_seconds() -> None:
    reading = readings(recorded("dgx-8gpu"))["nvidia0", "throttled_power"]
    assert (reading.form, reading.quantity.unit) == ("counter", "s")
    assert reading.quantity.value == pytest.approx(1.5)


def test_heat_marks_a_gpu_as_throttled_and_rest_does_not() -> None:
    found = readings(recorded("dgx-8gpu"))
    throttled = [found[f"nvidia{index}", "throttled"].quantity.value for index in range(8)]
    assert throttled == [0, 0, 1, 0, 0, 0, 0, 0]
    assert number(found["nvidia2", "temperature"].quantity) == 88


def test_the_daily_power_cap_is_not_called_throttled() -> None:
    cap = {**h100(0), "nvmlDeviceGetCurrentClocksEventReasons": 0x4}
    assert number(readings(one(cap))["nvidia0", "throttled"].quantity) == 0


def test_joules_between_two_snapshots() -> None:
    def at(millijoules: int) -> Snapshot:
        host = one({**h100(0), "nvmlDeviceGetTotalEnergyConsumption": millijoules})
        return Snapshot(float(millijoules), METER.read(host))

    changes = {each.name: each.reading for each in difference(at(1_000_000), at(1_350_500))}
    assert number(changes["energy"]) == pytest.approx(350.5)


def test_a_counter_that_a_driver_set_back_gives_no_joules() -> None:
    last = METER.read(one({**h100(0), "nvmlDeviceGetTotalEnergyConsumption": 900_000}))
    first = METER.read(one({**h100(0), "nvmlDeviceGetTotalEnergyConsumption": 20_000}))
    changes = {
        each.name: each.reading for each in difference(Snapshot(0, last), Snapshot(1, first))
    }
    assert "went backwards" in why(changes["energy"]).detail


def test_what_a_consumer_card_refuses_is_left_out_and_nothing_else() -> None:
    found = readings(recorded("dgx-8gpu", door(GEFORCE)))
    assert {name for _, name in found} == {"clock_core", "throttled", "utilisation", "memory_used"}
    assert number(found["nvidia0", "memory_used"].quantity) == 1 << 30


def test_a_jetson_that_supports_nothing_yields_nothing() -> None:
    assert METER.read(one(orin())) == ()


def test_a_gpu_that_dropped_out_silences_no_other() -> None:
    fake = module(driver("550.54", 12040), [h100(0), h100(1)])
    healthy = fake.nvmlDeviceGetHandleByIndex

    def handle(index: int) -> object:
        if index == 0:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
        return healthy(index)

    fake.nvmlDeviceGetHandleByIndex = handle  # type: ignore[attr-defined]
    found = METER.read(recorded("dgx-8gpu", door(fake)))
    assert {each.subject for each in found} == {"nvidia1"}
    listed = handles(fake)
    assert not isinstance(listed, Missing)
    assert "Xid" in why(listed[0][1]).hint


def test_without_a_driver_there_is_nothing_to_read() -> None:
    assert METER.read(recorded("xeon-rapl")) == ()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("NOT_SUPPORTED", Reason.UNSUPPORTED),
        ("FUNCTION_NOT_FOUND", Reason.UNSUPPORTED),
        ("ARGUMENT_VERSION_MISMATCH", Reason.UNSUPPORTED),
        ("NO_PERMISSION", Reason.DENIED),
        ("NOT_FOUND", Reason.ABSENT),
        ("GPU_IS_LOST", Reason.FAILED),
        ("UNKNOWN", Reason.FAILED),
        ("TIMEOUT", Reason.FAILED),
    ],
)
def test_each_error_is_a_reason(error: str, reason: Reason) -> None:
    fake = module({"nvmlSystemGetDriverVersion": Refusal(error)}, [])
    missing = why(ask(fake, "nvmlSystemGetDriverVersion"))
    assert missing.reason is reason
    assert missing.detail.startswith("nvmlSystemGetDriverVersion: ")


def test_a_question_that_an_older_package_lacks_is_unsupported() -> None:
    missing = why(ask(DGX, "nvmlDeviceGetWhatNobodyAsked"))
    assert missing.reason is Reason.UNSUPPORTED
    assert missing.hint == "pip install -U nvidia-ml-py"


@pytest.mark.parametrize("sentinel", [0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 0])
def test_sentinels_are_no_values(sentinel: int) -> None:
    fake = module({"nvmlSystemGetCudaDriverVersion": sentinel}, [])
    found = ask_number(fake, WATT, 1e-3, "nvmlSystemGetCudaDriverVersion", unknown=frozenset({0}))
    assert why(found).reason is Reason.UNSUPPORTED


def test_used_memory_leaves_the_drivers_own_share_out_where_it_can() -> None:
    newer = memory_info(DGX, DGX.nvmlDeviceGetHandleByIndex(0))
    assert not isinstance(newer, Missing)
    assert newer.used == 4 << 20
    old = module({}, [{"nvmlDeviceGetMemoryInfo": h100(0)["nvmlDeviceGetMemoryInfo"]}])
    del old.nvmlMemory_v2
    older = memory_info(old, old.nvmlDeviceGetHandleByIndex(0))
    assert not isinstance(older, Missing)
    assert older.used == (4 + 300) << 20
