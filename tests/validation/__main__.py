"""`make validate`: the lab, the cases, and docs/validation.md; alone on the machine."""

import argparse
import sys
import tempfile
from pathlib import Path

from bitpath_cli.host import monotonic
from bitpath_cli.model.reading import Fact
from bitpath_cli.model.report import Report
from tests.lab.hosts import lacking
from tests.validation import cases, document, serving, serving_section, throttles, trials

PAGE = Path(__file__).parent.parent.parent / "docs" / "validation.md"


def main() -> int:
    """0 where the page was written, 1 where there can be no lab here."""
    asked = _ask()
    if why := lacking():
        print(f"make validate: {why}", file=sys.stderr)  # noqa: T201
        return 1
    chosen = [each for path in asked.cases for each in cases.read(path)]
    chosen = [each for each in chosen if asked.match in each.name]
    offered = [each for path in asked.services for each in serving.read(path)]
    offered = [each for each in offered if asked.match in each.name]
    begun = monotonic()
    outcomes: list[trials.Outcome] = []
    scarce = [each for each in throttles.read() if asked.match in each.words]
    throttled: list[throttles.Seen] = []
    answered: list[serving.Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        for outcome in trials.run(chosen, Path(folder)):
            outcomes.append(outcome)
            minutes = (monotonic() - begun) / 60
            _tell(f"{minutes:5.1f} min  {outcome.case.name}  {outcome.failure}")
        for seen in throttles.run(scarce, Path(folder)):
            throttled.append(seen)
            minutes = (monotonic() - begun) / 60
            _tell(f"{minutes:5.1f} min  throttled: {seen.throttle.words}  {seen.failure}")
        for found in serving.run(offered, Path(folder)):
            answered.append(found)
            minutes = (monotonic() - begun) / 60
            _tell(f"{minutes:5.1f} min  {found.case.name}  {found.failure}")
    reports = [each.report for each in outcomes] + [each.report for each in answered]
    machine = _machine(reports)
    page = document.write(outcomes, throttled, answered, machine, (monotonic() - begun) / 60)
    for each in document.summary(outcomes):
        _tell(f"{each.what}: {each.value} (target {each.target})")
    for what, value, target in serving_section.summary(answered):
        _tell(f"serving, {what}: {value} {f'(target {target})' if target else ''}")
    asked.output.write_text(page)
    return 0


def _ask() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make validate", description=__doc__)
    parser.add_argument("--cases", type=Path, nargs="*", default=[cases.SHIPPED])
    parser.add_argument("--services", type=Path, nargs="*", default=[serving.SHIPPED])
    parser.add_argument("--match", default="", help="only cases whose name contains this")
    parser.add_argument("--output", type=Path, default=PAGE)
    return parser.parse_args()


def _machine(reports: list[Report | None]) -> str:
    """The processor and the library, as the first report has them."""
    report = next((each for each in reports if each is not None), None)
    return "unknown, nothing ran" if report is None else _describe(report)


def _describe(report: Report) -> str:
    names = [
        value.value
        for component in report.components
        for name in ("model", "torch")
        if isinstance(value := getattr(component, name, None), Fact)
    ]
    return ", ".join(str(each) for each in names) or "not described"


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
