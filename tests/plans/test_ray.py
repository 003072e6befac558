import ast
from pathlib import Path

import pytest

from bitpath_cli.model.plan import Program
from bitpath_cli.plans.ray import PLAN
from tests.plans.examples import HOSTILE, check_scripts, group, hostile, job, named, service

yaml = pytest.importorskip("yaml", reason="needs the package pyyaml")


def test_the_cluster_names_the_hosts_that_were_given() -> None:
    program = Program(words=("true",), hosts=("ann@10.0.0.1", "10.0.0.2"))
    told = yaml.safe_load(named(PLAN.draw(job(program=program)), "cluster.yaml"))
    assert told["provider"] == {
        "type": "local", "head_ip": "10.0.0.1", "worker_ips": ["10.0.0.2"],
    }  # fmt: skip
    assert told["auth"]["ssh_user"] == "ann"
    assert (told["min_workers"], told["max_workers"]) == (1, 1)


def test_without_hosts_it_says_what_to_put_in() -> None:
    text = named(PLAN.draw(job(group(3))), "cluster.yaml")
    assert text.startswith("# Put in your hosts (node-0 and so on) and your account")
    assert yaml.safe_load(text)["provider"]["worker_ips"] == ["node-1", "node-2"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_changes_the_cluster_or_the_job(text: str) -> None:
    tame, wild = PLAN.draw(job()), PLAN.draw(hostile(job(), text))
    told = yaml.safe_load(named(wild, "cluster.yaml"))
    assert set(told) == set(yaml.safe_load(named(tame, "cluster.yaml")))
    assert told["provider"]["head_ip"] == (text.rpartition("@")[2] or "h")
    assert named(wild, "job.py") == named(tame, "job.py")


def test_ray_takes_the_cluster() -> None:
    pytest.importorskip("ray", reason="needs the package ray")
    from ray.autoscaler._private.util import prepare_config, validate_config

    validate_config(prepare_config(yaml.safe_load(named(PLAN.draw(job()), "cluster.yaml"))))


@pytest.mark.parametrize("count", [1, 2])
def test_shellcheck_finds_nothing(tmp_path: Path, count: int) -> None:
    check_scripts(PLAN.draw(job(group(count, accelerators=count))), tmp_path)


def test_the_job_is_a_program() -> None:
    assert ast.get_docstring(ast.parse(named(PLAN.draw(job()), "job.py")))


def test_what_it_cannot_express_is_refused() -> None:
    assert "not services" in PLAN.refuse(service())
    assert "two places" in PLAN.refuse(job(group(1), group(1, "a100", "cloud")))
    assert "two kinds" in PLAN.refuse(job(group(1), group(1, "a100")))
    assert PLAN.refuse(job()) == ""
