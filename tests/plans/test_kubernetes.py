import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.model.plan import Blueprint, Program
from bitpath_cli.model.units import ONE, SECOND
from bitpath_cli.plans import PlanFile
from bitpath_cli.plans._service_manifests import bounds
from bitpath_cli.plans.kubernetes import PLAN
from tests.plans.examples import (
    HOSTILE,
    check_scripts,
    group,
    hostile,
    job,
    named,
    predicted,
    service,
    write,
)

yaml = pytest.importorskip("yaml", reason="needs the package pyyaml")
CENTRE = group(3, "g2-standard-4", "cloud", accelerators=1, samples=None)
CASES = [
    job(), job(group(1)), job(group(4, "a100", "cloud", accelerators=8)), service(),
    service(CENTRE), service(group(samples=None), CENTRE),
    service(program=Program(image="registry.example/cameras:3", port=9000)),
]  # fmt: skip


def documents(files: tuple[PlanFile, ...], name: str = "") -> list[dict[str, Any]]:
    """What kubectl would read from one file, or from all."""
    return [
        document
        for each in files
        if each.name.endswith(".yaml") and name in each.name
        for document in yaml.safe_load_all(each.text)
    ]


def of_kind(files: tuple[PlanFile, ...], kind: str) -> dict[str, Any]:
    return next(each for each in documents(files) if each["kind"] == kind)


def container(manifest: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = manifest["spec"]["template"]["spec"]["containers"][0]
    return found


@pytest.mark.parametrize("version", ["1.28", "1.34"])
@pytest.mark.parametrize("made", [*CASES, *(hostile(job(), text) for text in HOSTILE)])
def test_the_api_takes_every_manifest(made: Blueprint, version: str) -> None:
    checker = pytest.importorskip(
        "kubernetes_validate", reason="needs the package kubernetes-validate"
    )
    found = documents(PLAN.draw(made))
    assert {"DaemonSet", "Job"} <= {each["kind"] for each in found}
    for each in found:
        checker.validate(each, version, strict=True)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_changes_a_manifest(text: str) -> None:
    for made in (job(), service()):
        tame, wild = PLAN.draw(made), PLAN.draw(hostile(made, text))
        assert [each["kind"] for each in documents(tame)] == [
            each["kind"] for each in documents(wild)
        ]
        # In a manifest $$ stands for one $, so that no $(NAME) is replaced.
        program = container(documents(wild)[1 if made.task == "training" else 0])["command"]
        assert program[-1].replace("$$", "$") == text
        assert not any("&id" in each.text for each in wild)


def test_a_job_tells_its_pods_where_they_meet() -> None:
    files = PLAN.draw(job())
    spec = of_kind(files, "Job")["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 2, 2)
    found = container(of_kind(files, "Job"))
    told = {each["name"]: each.get("value") for each in found["env"]}
    assert told["MASTER_ADDR"] == "resnet50-training-0.resnet50-training"
    assert of_kind(files, "Service")["spec"]["clusterIP"] == "None"
    assert found["command"][:6] == [
        "torchrun", "--nnodes=2", "--node-rank=$(NODE_RANK)", "--nproc-per-node=1",
        "--master-addr=$(MASTER_ADDR)", "--master-port=$(MASTER_PORT)",
    ]  # fmt: skip


def test_requests_follow_the_memory_model_and_the_report() -> None:
    found = container(of_kind(PLAN.draw(job()), "Job"))["resources"]
    # 1 GiB and 512 MiB for the runtime; ÷ 0.92; 0.9 of 8 CPUs.
    assert found == {
        "requests": {"cpu": "7200m", "memory": "1536Mi"}, "limits": {"memory": "1670Mi"},
    }  # fmt: skip
    gpus = container(of_kind(PLAN.draw(CASES[2]), "Job"))["resources"]
    assert gpus == {"limits": {"nvidia.com/gpu": "8"}}
    amd = PLAN.draw(job(group(1, "mi300x", accelerators=2)))
    assert container(of_kind(amd, "Job"))["resources"]["limits"] == {"amd.com/gpu": "2"}


@pytest.mark.parametrize(
    ("count", "busy", "factor", "place", "least", "most"),
    [
        # 3 nodes 60 % busy are 1.8 busy nodes; ÷ 0.7 that is 2.57, so 3 and none to spare.
        (3, 0.6, 1.0, "cloud", 3, 3),
        # The interval's ends, 0.9 and 3.6 busy nodes, take 2 and 6.
        (3, 0.6, 2.0, "cloud", 2, 6),
        # 5 nodes 30 % busy take 3 [1.5 busy]; the 2 others are spares and stay: 2 + 2 to 5 + 2.
        (5, 0.3, 2.0, "cloud", 4, 7),
        # A place has no more than its own.
        (3, 0.6, 2.0, "edge", 2, 3),
    ],
)  # fmt: skip
def test_the_autoscaler_moves_between_the_ends_of_the_interval(
    count: int, busy: float, factor: float, place: Any, least: int, most: int
) -> None:
    made = service(
        group(count, "g2", place, samples=None),
        forecast={"utilisation": predicted(busy, ONE, factor)},
    )
    found = bounds(made, made.configuration.nodes[0])
    assert (found.least, found.most) == (least, most)


def test_an_accelerator_scales_by_requests_and_cpus_by_their_time() -> None:
    forecast = {"utilisation": predicted(0.6, ONE), "service_time": predicted(0.02, SECOND)}
    by_rate = of_kind(PLAN.draw(service(CENTRE, forecast=forecast)), "HorizontalPodAutoscaler")
    # 0.7 of the time at 20 ms a request is 35 requests a second.
    assert by_rate["spec"]["metrics"][0]["pods"]["target"]["averageValue"] == "35000m"
    by_time = of_kind(PLAN.draw(service()), "HorizontalPodAutoscaler")
    # 0.7 of the CPUs, of which 0.9 are requested.
    target = by_time["spec"]["metrics"][0]["resource"]["target"]
    assert target == {"type": "Utilization", "averageUtilization": 78}


def test_a_hybrid_service_is_a_file_for_each_side() -> None:
    names = {each.name for each in PLAN.draw(CASES[5])}
    assert {"service-edge.yaml", "service-central.yaml"} <= names


def test_pods_may_do_little() -> None:
    for made in CASES:
        for each in documents(PLAN.draw(made)):
            if each["kind"] not in ("Job", "Deployment", "DaemonSet"):
                continue
            spec = each["spec"]["template"]["spec"]
            assert spec["securityContext"]["runAsNonRoot"]
            for one in (*spec["containers"], *spec.get("initContainers", ())):
                assert one["securityContext"]["readOnlyRootFilesystem"]
                assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_verify_measures_compares_and_takes_its_jobs_away(tmp_path: Path) -> None:
    """A stand-in for kubectl notes what it is asked, and gives the logs of a report."""
    write(PLAN.draw(job()), tmp_path)
    (tmp_path / "bin").mkdir()
    for name, text in {
        "kubectl": 'echo "kubectl $*" >>calls\ncase $* in *"get pods"*) echo pod/a-0 ;;\n'
        "*logs*) echo '{}' ;; esac",
        "bitpath": 'echo "bitpath $*" >>calls\nexit 1',
    }.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["./verify.sh", "--namespace", "lab"], cwd=tmp_path, check=False, env={"PATH": path}
    )
    calls = (tmp_path / "calls").read_text().splitlines()
    assert done.returncode == 1
    assert calls[0] == "kubectl --namespace lab apply -f verify.yaml"
    assert "bitpath plan resnet50-training-allreduce.json --verify ." in calls
    assert "bitpath plan resnet50-training-node.json --verify ." in calls
    assert calls[-1] == "kubectl --namespace lab delete --wait=false -f verify.yaml"
    assert json.loads((tmp_path / "resnet50-training-node.json").read_text()) == {}


@pytest.mark.parametrize("made", CASES)
def test_shellcheck_finds_nothing(tmp_path: Path, made: Blueprint) -> None:
    check_scripts(PLAN.draw(made), tmp_path)


def test_the_numbers_stand_at_the_head_of_a_manifest() -> None:
    text = named(PLAN.draw(service()), "service.yaml")
    assert text.startswith("# In the busiest hour 1 would be busy 30 % of the time [15 to 60 %].")
    assert "# Memory limit: 1.63 GiB = " in text
    assert "#   latency_p99: 50 ms = 0.05 [0.04 to 0.0625 at 80 %] s" in text


def test_a_job_over_two_places_or_kinds_is_refused() -> None:
    assert "two places" in PLAN.refuse(job(group(1), group(1, "a100", "cloud")))
    assert "two kinds" in PLAN.refuse(job(group(1), group(1, "a100")))
    assert PLAN.refuse(service(group(samples=None), CENTRE)) == ""
