from pathlib import Path

import pytest

from bitpath_cli.commands._verdict import check_measured
from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import Host
from bitpath_cli.model.result import Doubt, Validity
from bitpath_cli.workflows.measure import Budget, measure
from tests.sample_report import report
from tests.workflows import room
from tests.workflows.test_measure import Watcher


def test_what_had_ended_before_a_rank_was_killed_is_kept_and_said(tmp_path: Path) -> None:
    found = measure(
        Host(), (), str(tmp_path), ("falters",), Budget("ample", 60.0), Watcher(),
        lambda _result: None, room,
    )  # fmt: skip
    (result,) = found.results
    assert list(result.samples) == ["it"]
    time = result.metric("time")
    assert time is not None
    assert time.value == 1 / 1024
    assert result.validity is Validity.DEGRADED
    assert Doubt.PEER_FAILED in result.reasons
    (finding,) = result.findings
    assert finding.name == "peer_failed"
    assert finding.sentence.startswith("Rank 1 of 2 was ended by SIGKILL")

    with pytest.raises(PeerFailed, match="Rank 1 of 2 was ended by SIGKILL") as failure:
        check_measured(report(results=(result,)), ("falters",))
    assert failure.value.exit_code == 4
