"""Profiles of one's own: where they are found and what they become."""

import datetime
from pathlib import Path

import pytest

from bitpath_cli import catalogue
from bitpath_cli.errors import BadProfile, UnknownName
from bitpath_cli.model.reading import Method, Missing, Quantity, Reason
from tests.own_profiles import DEVICE, WORKLOAD, faults_of, put


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of profiles, still empty."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "bitpath" / "profiles"
    for kind in ("workloads", "devices", "sites"):
        (folder / kind).mkdir(parents=True)
    return folder


def test_a_device_from_a_path_becomes_quantities_that_say_where_they_are_from(
    tmp_path: Path,
) -> None:
    device = catalogue.device(str(put(tmp_path, "box.toml", DEVICE)))
    assert device.name == "box"
    assert isinstance(device.power_max, Quantity)
    assert device.power_max.origin.method is Method.ASSUMED
    assert device.power_max.origin.source == "profile box: sheet (2025-03-01), sourced"
    assert (device.power_max.low, device.power_max.high) == pytest.approx((25 / 1.05, 25 * 1.05))
    assert device.memory.origin.source == "profile box: stated"
    assert device.memory.low == device.memory.high == device.memory.value == 8e9
    assert device.rates["int8"].unit == "OP/s"
    assert (device.rates["int8"].low, device.rates["int8"].high) == pytest.approx((0.5e12, 4.5e12))


def test_a_datasheet_rate_is_wide_even_where_the_user_states_it(tmp_path: Path) -> None:
    device = catalogue.device(str(put(tmp_path, "box.toml", DEVICE)))
    for quantity in (device.rates["float32"], device.memory_bandwidth):
        assert quantity.low == pytest.approx(quantity.value / 1.5)
        assert quantity.high == pytest.approx(quantity.value * 1.5)


def test_what_a_profile_leaves_out_is_missing_and_says_so(tmp_path: Path) -> None:
    price = catalogue.device(str(put(tmp_path, "box.toml", DEVICE))).price
    assert isinstance(price, Missing)
    assert price.reason is Reason.ABSENT
    assert price.detail == "the profile box gives no price"


def test_a_limit_binds_unless_it_is_an_estimate_and_has_no_spread(tmp_path: Path) -> None:
    workload = catalogue.workload(str(put(tmp_path, "photos.toml", WORKLOAD)))
    serving = workload.serving
    assert serving is not None and serving.latency is not None and serving.availability is not None
    assert not serving.latency.binds
    assert serving.latency.at.low == serving.latency.at.high == pytest.approx(0.2)
    assert serving.availability.binds
    assert serving.availability.at.value == pytest.approx(0.999)
    assert workload.residency.binds
    assert not workload.is_example
    assert serving.request_rate.value == pytest.approx(1 / 6)


def test_an_uncertain_availability_stays_below_one(tmp_path: Path) -> None:
    site = catalogue.site("default")
    assert (site.today.availability.low, site.today.availability.high) == pytest.approx(
        (1 - 0.03, 1 - 0.01 / 3)
    )
    assert catalogue.site("factory").place.pue.low == pytest.approx(1 + 0.2 / 3)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_bytes(b"\xef\xbb\xbf" + DEVICE.replace("\n", "\r\n").encode())
    assert catalogue.device(str(tmp_path / "box.toml")).summary == "a box"


def test_the_users_folder_goes_before_ours(home: Path) -> None:
    put(home / "devices", "box.toml", DEVICE)
    put(home / "devices", "t4.toml", DEVICE)
    assert catalogue.find("device", "t4") == home / "devices" / "t4.toml"
    assert {"box", "l4"} <= set(catalogue.names("device"))
    found = {(each.name, each.is_shipped): each for each in catalogue.entries("device")}
    assert not found["t4", False].is_shadowed
    assert found["t4", True].is_shadowed
    assert found["box", False].summary == "a box"


def test_a_broken_profile_is_listed_with_its_problem(home: Path) -> None:
    put(home / "sites", "odd.toml", "summary = ")
    (entry,) = [each for each in catalogue.entries("site") if each.name == "odd"]
    assert entry.summary == ""
    assert entry.problem


def test_an_unknown_name_is_told_with_the_names_and_where_to_put_ones_own(home: Path) -> None:
    with pytest.raises(UnknownName) as refusal:
        catalogue.workload("resnet50-trainign")
    assert refusal.value.what == "There is no workload called 'resnet50-trainign'."
    assert "manufacturing-inspection, " in refusal.value.why
    assert "resnet50-training" in refusal.value.why
    assert str(home / "workloads") in refusal.value.next_step


def test_a_name_that_is_a_file_here_says_how_to_type_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "mine", DEVICE)
    with pytest.raises(UnknownName) as refusal:
        catalogue.device("mine")
    assert refusal.value.next_step == "There is a file of that name here; to use it type ./mine"


def test_a_relative_config_folder_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "not/absolute")
    monkeypatch.setenv("HOME", "/nonexistent")
    assert catalogue.users_folder("site") == Path("/nonexistent/.config/bitpath/profiles/sites")
    ours = ("cloud-region-eu", "default", "factory", "home", "hospital", "vehicle")
    assert catalogue.names("site") == ours


def test_without_a_home_ours_are_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert catalogue.users_folder("site") is None
    assert catalogue.find("site", "factory").name == "factory.toml"


def test_the_kind_is_told_by_the_tables_or_the_folder(tmp_path: Path, home: Path) -> None:
    assert catalogue.kind_of(put(tmp_path, "box.toml", DEVICE)) == "device"
    assert catalogue.kind_of(put(tmp_path, "photos.toml", WORKLOAD)) == "workload"
    assert catalogue.kind_of(put(home / "sites", "new.toml", "summary = 'x'")) == "site"
    with pytest.raises(BadProfile, match="does not tell what kind of profile") as refusal:
        catalogue.kind_of(put(tmp_path, "vague.toml", "summary = 'x'"))
    assert "a workload has [work], a device has [rates]" in refusal.value.why


def test_a_site_names_devices_that_exist_and_are_priced_in_its_currency(
    home: Path, tmp_path: Path
) -> None:
    put(home / "devices", "gift.toml", DEVICE)
    text = catalogue.text("site", "factory").replace("USD", "EUR")
    text = text.replace('purchases = ["raspberry-pi-5", ', 'purchases = ["gift", "nothing", ')
    faults = faults_of(tmp_path, text.replace('device = "a10g"', 'device = "a11g"'), "site")
    assert any("purchases[0]: 'gift' cannot be bought" in each for each in faults)
    assert any("purchases[1]: there is no device called 'nothing'" in each for each in faults)
    assert any("'t4' has its price in USD, this site counts in EUR" in each for each in faults)
    assert any("cloud.offers[2].device: there is no device called 'a11g'" in each
               for each in faults)  # fmt: skip


def test_prices_of_another_currency_than_the_sites_are_refused(tmp_path: Path) -> None:
    text = catalogue.text("site", "factory").replace('0.714, unit = "USD/h"', '1, unit = "EUR/h"')
    (fault,) = faults_of(tmp_path, text, "site")
    assert "cloud.offers[0].on_demand: 1 EUR/h cannot be used" in fault
    assert "a price for a time such as '0.7 USD/h'" in fault


def test_old_prices_are_told_once_with_their_dates() -> None:
    (note,) = catalogue.notes("device", "epyc-9654", datetime.date(2026, 11, 24))
    assert note.startswith(
        "Prices more than a year old: device epyc-9654: price (2022-11-10, AMD's list, 1000 units)."
    )
    assert catalogue.notes("device", "epyc-9654", datetime.date(2023, 11, 1)) == ()
    (note,) = catalogue.notes("site", "default", datetime.date(2026, 11, 24))
    assert "cloud.egress_price (2024-01-10, premium tier, the first TB of a month)" in note
    assert "device raspberry-pi-5: price (2023-12-31, as tested)" in note
