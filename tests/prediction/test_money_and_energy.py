import pytest
import torch
from torch import Tensor

from bitpath_cli.prediction.data_loading import load_time, stall, transfer_time
from bitpath_cli.prediction.energy import carbon, energy, power
from bitpath_cli.prediction.memory import inference_bytes, size_beside_float32
from bitpath_cli.prediction.money import (
    amortised,
    preemption_overhead,
)


def real(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def test_a_purchase_is_paid_for_by_the_second_of_its_life() -> None:
    assert float(amortised(real(5000), real(100), real(3))) == 150


def test_preemptions_cost_what_young_and_daly_say() -> None:
    # d = 50 s, h = 1e-4 /s: τ = 1000 s, so 1 + 0.05 + 1e-4·(500 + 100).
    found = preemption_overhead(real(50), real(100), real(1e-4))
    assert float(found) == pytest.approx(1.11)


def test_power_is_linear_between_idle_and_full_load() -> None:
    assert float(power(real(50), real(150), real(0.25))) == 75
    assert float(power(real(50), real(150), real(7))) == 150


def test_pue_is_paid_on_all_of_it_and_carbon_follows() -> None:
    joules = energy(real(100), real(36), real(1.5))
    assert float(joules) == 5400
    assert float(carbon(joules, real(1e-7))) == pytest.approx(5.4e-4)


def test_loading_stalls_a_step_only_by_what_exceeds_it() -> None:
    taken = load_time(real(256), real(1e5), real(1e7))
    assert float(taken) == pytest.approx(2.56)
    assert float(stall(taken, real(2))) == pytest.approx(0.56)
    assert float(stall(taken, real(3))) == 0


def test_a_1_mb_frame_needs_0_4_s_on_20_mbit_s_and_half_a_round_trip() -> None:
    assert float(transfer_time(real(1e6), real(2.5e6), real(0.04))) == pytest.approx(0.42)


def test_memory_by_hand() -> None:
    assert float(inference_bytes(real(1e6), real(2), real(50), real(4))) == 2e6 + 200


def test_narrow_numbers_take_less() -> None:
    assert size_beside_float32("float32") == 1
    assert size_beside_float32("bfloat16") == 0.5
    assert size_beside_float32("int8") == 0.25
