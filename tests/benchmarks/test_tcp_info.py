import socket
import struct

from bitpath_cli.benchmarks._tcp_info import congestion_control, parse, tcp_info

# struct tcp_info of linux/tcp.h, field after field, with each field's own number as its value.
FIRST = [("state", "B"), ("ca_state", "B"), ("retransmits", "B"), ("probes", "B"),
         ("backoff", "B"), ("options", "B"), ("wscale", "B"), ("flags", "B")]  # fmt: skip
WORDS = [
    "rto", "ato", "snd_mss", "rcv_mss", "unacked", "sacked", "lost", "retrans", "fackets",
    "last_data_sent", "last_ack_sent", "last_data_recv", "last_ack_recv", "pmtu", "rcv_ssthresh",
    "rtt", "rttvar", "snd_ssthresh", "snd_cwnd", "advmss", "reordering", "rcv_rtt", "rcv_space",
    "total_retrans",
]  # fmt: skip
LATER = [
    ("pacing_rate", "Q"), ("max_pacing_rate", "Q"), ("bytes_acked", "Q"), ("bytes_received", "Q"),
    ("segs_out", "I"), ("segs_in", "I"), ("notsent_bytes", "I"), ("min_rtt", "I"),
    ("data_segs_in", "I"), ("data_segs_out", "I"), ("delivery_rate", "Q"), ("busy_time", "Q"),
    ("rwnd_limited", "Q"), ("sndbuf_limited", "Q"), ("delivered", "I"), ("delivered_ce", "I"),
    ("bytes_sent", "Q"), ("bytes_retrans", "Q"),
]  # fmt: skip
FIELDS = [*FIRST, *((name, "I") for name in WORDS), *LATER]
NUMBERS = {name: index for index, (name, _) in enumerate(FIELDS)}
RAW = struct.pack("=" + "".join(form for _, form in FIELDS), *range(len(FIELDS)))


def test_every_field_is_where_the_header_has_it() -> None:
    found = parse(RAW)
    assert found.mss == NUMBERS["snd_mss"]
    assert found.mtu == NUMBERS["pmtu"]
    assert found.round_trip_seconds == NUMBERS["rtt"] * 1e-6
    assert found.retransmitted_segments == NUMBERS["total_retrans"]
    assert found.busy_seconds == NUMBERS["busy_time"] * 1e-6
    limited = NUMBERS["rwnd_limited"] + NUMBERS["sndbuf_limited"]
    assert found.limited_seconds == limited * 1e-6
    assert found.sent_bytes == NUMBERS["bytes_sent"]
    assert found.retransmitted_bytes == NUMBERS["bytes_retrans"]


def test_what_an_older_kernel_does_not_tell_is_not_0() -> None:
    found = parse(RAW[:104])
    assert found.retransmitted_segments == NUMBERS["total_retrans"]
    assert found.busy_seconds is None
    assert found.limited_seconds is None
    assert found.retransmitted_bytes is None
    assert parse(b"").mss is None


def test_this_kernel_tells_of_a_connection_of_ours() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    with listening, socket.create_connection(listening.getsockname()) as ours:
        theirs, _ = listening.accept()
        with theirs:
            ours.sendall(b"x" * 1000)
            assert theirs.recv(1000, socket.MSG_WAITALL) == b"x" * 1000
            found = tcp_info(ours)
            assert found.mss is not None
            assert found.mtu is not None
            assert 0 < found.mss < found.mtu <= 65_536
            assert found.sent_bytes in (None, 1000)
            assert congestion_control(ours).isalnum()
