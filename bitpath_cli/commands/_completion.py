"""The names that the shell completes after an option; asked only when TAB is pressed."""


def workloads(incomplete: str) -> list[str]:
    """Workload profiles, shipped and the user's own."""
    from bitpath_cli import catalogue

    return _beginning(catalogue.names("workload"), incomplete)


def sites(incomplete: str) -> list[str]:
    """Site profiles."""
    from bitpath_cli import catalogue

    return _beginning(catalogue.names("site"), incomplete)


def members(incomplete: str) -> list[str]:
    """Probes and benchmarks."""
    from bitpath_cli.workflows import assess

    return _beginning(assess.names(), incomplete)


def strategies(incomplete: str) -> list[str]:
    """The ways to run a workload."""
    from typing import get_args

    from bitpath_cli.model.configuration import StrategyName

    return _beginning(get_args(StrategyName), incomplete)


def targets(incomplete: str) -> list[str]:
    """What a plan can be made for."""
    from bitpath_cli import discover, plans

    return _beginning(discover.names(plans), incomplete)


def _beginning(names: tuple[str, ...], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
