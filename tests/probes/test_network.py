import ipaddress
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.host import Host
from bitpath_cli.model.components.network import NetworkSettings, Nic, RdmaPort, Route
from bitpath_cli.model.reading import Fact, Method, Missing, Reason
from bitpath_cli.probes import Question
from bitpath_cli.probes._routes import (
    Hop,
    Tables,
    parse_local4,
    parse_routes4,
    parse_routes6,
)
from bitpath_cli.probes.network import PROBE, parse_address, parse_hosts
from tests.recorded import Recorded, recorded
from tests.tree import number, said, why


def nics(machine: str) -> dict[str, Nic]:
    found = PROBE.find(recorded(machine), Question())
    return {each.name: each for each in found if isinstance(each, Nic)}


def ports(machine: str) -> dict[str, RdmaPort]:
    found = PROBE.find(recorded(machine), Question())
    return {each.name: each for each in found if isinstance(each, RdmaPort)}


def route(host: Host, peer: str) -> Route:
    (found,) = (
        each for each in PROBE.find(host, Question(peers=(peer,))) if isinstance(each, Route)
    )
    assert found.name == peer
    return found


def test_a_physical_interface_tells_everything() -> None:
    nic = nics("xeon-rapl")["eno1"]
    assert nic.medium == "physical"
    assert said(nic.state) == "up"
    assert number(nic.speed) == 25e9 / 8
    assert said(nic.duplex) == "full"
    assert number(nic.mtu) == 1500
    assert said(nic.driver) == "i40e"
    assert said(nic.bus_address) == "0000:17:00.0"
    assert number(nic.numa_node) == 0
    assert number(nic.received) == 4e12
    assert number(nic.sent) == 1e12
    assert number(nic.dropped) == 12
    assert nic.default_route is False


def test_bonds_vlans_and_bridges_are_told_apart() -> None:
    found = nics("xeon-rapl")
    assert "bonding_masters" not in found
    assert found["bond0"].medium == "bond"
    assert said(found["bond0"].members) == ("eno1", "eno2")
    assert number(found["bond0"].speed) == 50e9 / 8
    assert found["bond0"].default_route is True
    assert found["bond0.100"].medium == "vlan"
    assert said(found["bond0.100"].members) == ("bond0",)
    assert found["docker0"].medium == "bridge"
    assert why(found["docker0"].speed).reason is Reason.UNSUPPORTED
    assert found["lo"].medium == "loopback"
    assert why(found["lo"].speed).reason is Reason.UNSUPPORTED
    assert why(found["eno1"].members).reason is Reason.ABSENT


def test_a_virtual_interface_makes_its_speed_up() -> None:
    nic = nics("container-v2")["eth0"]
    assert nic.medium == "virtual"
    assert "10000" in why(nic.speed).detail
    assert "iperf3" in why(nic.speed).hint
    assert why(nic.driver).reason is Reason.ABSENT


def test_a_paravirtual_interface_has_a_device_and_a_driver_but_no_speed() -> None:
    nic = nics("microvm")["eth0"]
    assert nic.medium == "virtual"
    assert nic.default_route is True
    assert said(nic.driver) == "virtio_net"
    assert said(nic.bus_address) == "0000:00:03.0"
    assert why(nic.speed).reason is Reason.UNSUPPORTED
    assert why(nic.duplex).reason is Reason.UNSUPPORTED
    assert why(nic.numa_node).reason is Reason.UNSUPPORTED


def test_a_link_that_is_down_or_without_wires_has_no_speed() -> None:
    epyc = nics("epyc-two-die")
    assert why(epyc["enp3s0f1"].speed).reason is Reason.UNSUPPORTED
    assert why(epyc["enp3s0f1"].duplex).reason is Reason.UNSUPPORTED
    assert said(epyc["enp3s0f1"].state) == "down"
    assert number(epyc["enp3s0f0"].errors) == 4
    jetson = nics("jetson")["wlan0"]
    assert why(jetson.speed).reason is Reason.UNSUPPORTED
    assert why(jetson.numa_node).reason is Reason.UNSUPPORTED


def test_infiniband_ports_with_their_interfaces() -> None:
    found = ports("dgx-8gpu")
    assert len(found) == 10
    port = found["mlx5_0/1"]
    assert (port.device, port.port) == ("mlx5_0", 1)
    assert said(port.link_layer) == "InfiniBand"
    assert said(port.state) == "ACTIVE"
    assert number(port.rate) == 50e9
    assert said(port.interface) == "ibp26s0"
    assert said(port.gpu_direct) is True
    assert said(port.firmware) == "28.36.1010"
    assert said(found["mlx5_8/1"].link_layer) == "Ethernet"


def test_a_port_that_is_down_has_no_rate_though_it_states_one() -> None:
    port = ports("dgx-8gpu")["mlx5_9/1"]
    assert said(port.state) == "DOWN"
    assert "DOWN" in why(port.rate).detail


def test_gpu_direct_needs_a_driver_and_is_not_denied_without_the_module(tmp_path: Path) -> None:
    assert why(ports("xeon-rapl")["mlx5_0/1"].gpu_direct).reason is Reason.ABSENT
    place = tmp_path / "sys/class/infiniband/mlx4_0/ports/2"
    place.mkdir(parents=True)
    (place / "state").write_text("4: ACTIVE\n")
    (place / "rate").write_text("56 Gb/sec (4X FDR)\n")
    net = tmp_path / "sys/class/infiniband/mlx4_0/device/net"
    for name, index in (("ib0", "0"), ("ib1", "1")):
        (net / name).mkdir(parents=True)
        (net / name / "dev_port").write_text(index)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/modules").write_text("nvidia 56713216 0 - Live 0x0\n")
    found = PROBE.find(Host(tmp_path, bare()), Question())
    (port,) = [each for each in found if isinstance(each, RdmaPort)]
    assert port.name == "mlx4_0/2"
    assert said(port.interface) == "ib1"
    assert number(port.rate) == 7e9
    assert why(port.gpu_direct).reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("peer", "interface", "source", "gateway"),
    [
        ("8.8.8.8", "bond0", "10.20.0.15", "10.20.0.1"),
        ("10.20.0.200", "bond0", "10.20.0.15", None),
        ("10.30.0.9", "bond0.100", "10.30.0.15", None),
        ("10.40.1.1", "bond0.100", "10.30.0.15", "10.30.0.1"),
        ("10.40.7.1", "bond0", "10.20.0.15", "10.20.0.7"),
        ("gpu2-ib.cluster.example", "ib0", "172.16.0.15", None),
        ("gpu2", "bond0", "10.20.0.15", None),
        ("fd00:20::99", "bond0", "fd00:20::15", None),
        ("[2001:db8::1]", "bond0", "fd00:20::15", "fe80::1"),
        ("fe80::99%bond0", "bond0", "fe80::15", None),
        ("::ffff:10.30.0.9", "bond0.100", "10.30.0.15", None),
    ],
)
def test_the_route_to_a_peer(peer: str, interface: str, source: str, gateway: str | None) -> None:
    found = route(recorded("xeon-rapl"), peer)
    assert said(found.interface) == interface
    assert said(found.source_address) == source
    assert said(found.loopback) is False
    assert isinstance(found.interface, Fact)
    assert found.interface.origin.method is Method.DERIVED
    if gateway is None:
        assert why(found.gateway).reason is Reason.ABSENT
    else:
        assert said(found.gateway) == gateway


@pytest.mark.parametrize(
    ("machine", "peer"),
    [
        ("xeon-rapl", "127.0.0.1"),
        ("xeon-rapl", "127.9.9.9"),
        ("xeon-rapl", "localhost"),
        ("xeon-rapl", "xeon"),
        ("xeon-rapl", "172.16.0.15"),
        ("xeon-rapl", "::1"),
        ("xeon-rapl", "fd00:20::15"),
        ("jetson", "jetson"),
    ],
)
def test_an_address_of_this_host_is_loopback(machine: str, peer: str) -> None:
    found = route(recorded(machine), peer)
    assert said(found.interface) == "lo"
    assert said(found.loopback) is True


def test_a_name_that_only_the_network_knows_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a probe asked a name server")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    found = route(recorded("xeon-rapl"), "gpu3.example.com")
    for reading in (found.interface, found.source_address, found.gateway, found.loopback):
        assert why(reading).reason is Reason.ABSENT
        assert "/etc/hosts" in why(reading).hint


@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        ("198.51.100.7", Reason.ABSENT),
        ("239.1.2.3", Reason.UNSUPPORTED),
        ("::", Reason.UNSUPPORTED),
        ("fe80::99", Reason.UNSUPPORTED),
    ],
)
def test_an_address_that_leads_nowhere(peer: str, reason: Reason) -> None:
    assert why(route(recorded("xeon-rapl"), peer).interface).reason is reason


def test_a_host_address_and_an_on_link_gateway_as_clouds_give_them() -> None:
    found = route(recorded("container-v2"), "10.0.99.1")
    assert said(found.interface) == "eth0"
    assert said(found.source_address) == "10.0.12.34"
    assert said(found.gateway) == "169.254.1.1"


def test_a_recorded_machine_s_way_out() -> None:
    found = route(recorded("microvm"), "198.51.100.1")
    assert said(found.interface) == "eth0"
    assert said(found.source_address) == "192.0.2.2"
    assert said(found.gateway) == "192.0.2.1"


def test_of_several_own_addresses_none_is_guessed() -> None:
    found = route(recorded("epyc-two-die"), "192.0.2.99")
    assert said(found.interface) == "enp3s0f0"
    assert "ip route get" in why(found.source_address).hint
    assert isinstance(found.interface, Fact)
    assert "not the others" in found.interface.origin.source


def test_without_ipv6_an_ipv6_peer_has_no_route() -> None:
    found = route(recorded("container-v1"), "2001:db8::1")
    assert why(found.interface).reason is Reason.ABSENT


def test_settings_tell_how_far_tcp_buffers_grow() -> None:
    (found,) = (
        each
        for each in PROBE.find(recorded("epyc-two-die"), Question())
        if isinstance(each, NetworkSettings)
    )
    assert said(found.congestion_control) == "bbr"
    assert number(found.receive_buffer_max) == 64 * 2**20


def bare() -> Recorded:
    return Recorded({"affinity": [0], "hostname": "bare", "machine": "x86_64"}, None)


def test_a_machine_without_sysfs_and_procfs_gives_reasons(tmp_path: Path) -> None:
    nic, reached, settings = PROBE.find(Host(tmp_path, bare()), Question(peers=("10.0.0.1",)))
    assert isinstance(nic, Nic)
    assert why(nic.speed).reason is Reason.ABSENT
    assert "sysfs" in why(nic.speed).hint
    assert isinstance(reached, Route)
    assert why(reached.interface).reason is Reason.ABSENT
    assert isinstance(settings, NetworkSettings)
    assert why(settings.receive_buffer_max).reason is Reason.ABSENT


def test_a_broken_routing_table_is_a_reason_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/route").write_text("Iface\neth0 zz zz 0003 0 0 0 zz\n")
    assert why(route(Host(tmp_path, bare()), "10.0.0.1").interface).reason is Reason.FAILED


def test_routes_that_are_down_do_not_count() -> None:
    header = "Iface Destination Gateway Flags RefCnt Use Metric Mask\n"
    assert parse_routes4(header + "eth0 00000000 010200C0 0000 0 0 0 00000000") == ()
    (hop,) = parse_routes4(header + "eth0 00000000 010200C0 0003 0 0 0 00000000")
    assert hop == Hop(
        ipaddress.IPv4Network("0.0.0.0/0"), ipaddress.IPv4Address("192.0.2.1"), "eth0", 0
    )


def test_cached_and_source_routes_of_ipv6_are_left_out() -> None:
    zero, one = "0" * 32, "fd000000000000000000000000000001"
    plain = f"{one} 80 {zero} 00 {zero} 00000400 00000001 00000000 00000001 eth0\n"
    cached = f"{one} 80 {zero} 00 {zero} 00000000 00000001 00000000 01000001 eth1\n"
    of_source = f"{one} 80 {one} 40 {zero} 00000000 00000001 00000000 00000001 eth2\n"
    assert [hop.interface for hop in parse_routes6(plain + cached + of_source)] == ["eth0"]


def test_own_addresses_are_the_local_ones_of_the_trie() -> None:
    trie = (
        "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 192.0.2.0\n        /24 link UNICAST\n"
        "     |-- 192.0.2.2\n        /32 host LOCAL\n     |-- 192.0.2.255\n"
        "        /32 link BROADCAST\nLocal:\n     |-- 192.0.2.2\n        /32 host LOCAL\n"
    )
    assert parse_local4(trie) == (ipaddress.IPv4Address("192.0.2.2"),)


def test_names_in_hosts_ignore_case_and_comments() -> None:
    text = "192.0.2.1 A b # c\n# 192.0.2.2 b\nfe80::1%lo0 b\nnonsense b\n"
    assert [str(each) for each in parse_hosts(text, "B")] == ["192.0.2.1", "fe80::1%lo0"]
    assert parse_hosts(text, "c") == ()


@given(st.ip_addresses())
def test_written_addresses_are_understood(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    found = parse_address(f" [{address}] ")
    assert found == (getattr(address, "ipv4_mapped", None) or address)


networks = st.builds(
    lambda number, length: ipaddress.IPv4Network(
        (number >> (32 - length) << (32 - length), length)
    ),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@given(
    st.lists(st.tuples(networks, st.integers(0, 3)), max_size=8),
    st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address),
)
def test_no_other_route_that_fits_is_more_specific(
    listed: list[tuple[ipaddress.IPv4Network, int]], address: ipaddress.IPv4Address
) -> None:
    hops = tuple(Hop(net, None, f"eth{i}", metric) for i, (net, metric) in enumerate(listed))
    found = Tables(hops, (), {}, {}, has_policy=False).look_up(address)
    fitting = [hop for hop in hops if address in hop.network]
    if not fitting:
        assert why_hop(found).reason is Reason.ABSENT
        return
    assert isinstance(found, Hop)
    assert found in fitting
    assert all(
        (found.network.prefixlen, -found.metric) >= (hop.network.prefixlen, -hop.metric)
        for hop in fitting
    )


def why_hop(found: Hop | Missing) -> Missing:
    assert isinstance(found, Missing)
    return found


@pytest.mark.parametrize("peer", ["198.51.100.1", "127.0.0.1"])
def test_this_machine_s_kernel_chooses_the_same_source(peer: str) -> None:
    found = route(Host(), peer)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            # Connecting a datagram socket looks the route up and sends nothing.
            asking.connect((peer, 9))
        except OSError:
            assert isinstance(found.interface, Missing)
            return
        chosen = asking.getsockname()[0]
    if isinstance(found.source_address, Fact):
        assert found.source_address.value == chosen
    else:
        assert why(found.source_address).reason is Reason.UNSUPPORTED
