"""Every error a person can meet: what happened, why people usually meet it, what to type next.

Exit codes: 0 fine · 1 a finding · 2 usage, and files, profiles or outputs that cannot be used ·
3 an explicitly requested measurement gave nothing valid · 4 a peer or cluster failed · 70 our own
bug · 130 and 143 interrupted.
"""

from typing import ClassVar

OK = 0
FINDING = 1
USAGE = 2
NOTHING_VALID = 3
PEER = 4
OUR_BUG = 70


class BitpathError(Exception):
    """A named paragraph in three parts; subclasses fill them in."""

    exit_code: ClassVar[int] = USAGE

    def __init__(self, what: str, why: str, next_step: str) -> None:
        """`what` happened, `why` it usually does, and the `next_step` to take."""
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_step = next_step

    def __str__(self) -> str:
        """The three parts as one paragraph."""
        return " ".join(part for part in (self.what, self.why, self.next_step) if part)


class UnknownName(BitpathError):
    """A workload, site, device, probe or benchmark of that name does not exist."""

    def __init__(self, kind: str, name: str, known: tuple[str, ...], next_step: str) -> None:
        """`known` are the names that would have worked; the nearest of them are suggested."""
        names = f"The names are: {', '.join(known)}." if known else f"No {kind} was found at all."
        super().__init__(
            f"There is no {kind} called '{name}'.",
            f"{_suggest(name, known)}{names}",
            next_step,
        )


class BadProfile(BitpathError):
    """A profile that cannot be used: the file, the line, the field and what would be allowed."""

    def __init__(self, path: str, line: int | None, field: str, problem: str, allowed: str) -> None:
        """`line` is None where the fault has no line, such as a field that is missing."""
        place = path if line is None else f"{path}, line {line}"
        super().__init__(
            f"{place}: {field + ': ' if field else ''}{problem}.",
            f"Allowed here: {allowed}." if allowed else "",
            f"Correct it, then check it with: bitpath profiles validate {path}",
        )


class UnreadableReport(BitpathError):
    """A file that is not a report, or not one of a version that this bitpath reads."""

    def __init__(self, path: str, problem: str, next_step: str) -> None:
        """`problem` says what is wrong with the file."""
        super().__init__(f"{path} cannot be read as a report: {problem}.", "", next_step)
        self.problem = problem


class UnwritableOutput(BitpathError):
    """An output file or a test directory that cannot be written."""

    def __init__(self, path: str, problem: str, next_step: str) -> None:
        """`problem` is the system's own word, such as 'No space left on device'."""
        super().__init__(f"{path} cannot be written: {problem}.", "", next_step)


class BadValue(BitpathError):
    """An option's value that cannot be understood or used."""

    def __init__(self, option: str, value: str, allowed: str) -> None:
        """`allowed` describes what would have worked, with an example."""
        super().__init__(f"{option}: '{value}' cannot be used.", f"Allowed: {allowed}.", "")


class NothingMeasured(BitpathError):
    """An explicitly requested measurement gave nothing valid."""

    exit_code = NOTHING_VALID

    def __init__(self, benchmark: str, problem: str, next_step: str) -> None:
        """`problem` is the reason in the result."""
        super().__init__(f"{benchmark} gave no valid result: {problem}.", "", next_step)


class PeerFailed(BitpathError):
    """Another host, rank or cluster did not answer or failed."""

    exit_code = PEER


def _suggest(name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known)
    # resnet50 is far from resnet50-training by its letters, and yet what was meant.
    near = close or [each for each in known if name and name.lower() in each.lower()][:3]
    return f"Did you mean {' or '.join(repr(each) for each in near)}? " if near else ""


class UnmeasuredHost(BitpathError):
    """A report without the measurement that a recommendation rests on."""

    def __init__(self, missing: str, next_step: str) -> None:
        """`missing` names the measurement."""
        super().__init__(
            f"The report holds no valid {missing} of this host, so nothing can be recommended.",
            "The cost model compares every strategy with what today's host really does.",
            next_step,
        )
        self.missing = missing


class UnfitWorkload(BitpathError):
    """A workload that the cost model cannot judge as it is written."""

    def __init__(self, workload: str, problem: str) -> None:
        """`problem` says what is missing in the profile."""
        super().__init__(
            f"The workload '{workload}' cannot be judged: {problem}.",
            "",
            f"See what it says: bitpath profiles show {workload}",
        )


class MissingLibrary(BitpathError):
    """A Python library that is a dependency, and yet is not there."""

    def __init__(self, library: str, purpose: str) -> None:
        """`purpose` says what it is for."""
        super().__init__(
            f"The library {library} is not installed: {purpose}.",
            "It comes with bitpath, so it was left out or removed afterwards.",
            f"Install it beside bitpath: pip install {library}",
        )


class NothingToPlan(BitpathError):
    """A report whose advice has nothing feasible in it to be made runnable."""

    exit_code = FINDING

    def __init__(self, what: str, reason: str, next_step: str) -> None:
        """`what` was asked for, and the `reason` why none of it can run."""
        super().__init__(f"{what} cannot be planned: {reason}.", "", next_step)


class UnfitTarget(BitpathError):
    """A target that cannot express a configuration, and those that can."""

    def __init__(self, target: str, label: str, reason: str, others: tuple[str, ...]) -> None:
        """`others` are the targets that can express it."""
        able = (
            f"Use --target {' or --target '.join(others)}."
            if others
            else ("No target can; name another strategy with --strategy.")
        )
        super().__init__(f"--target {target} cannot express '{label}': {reason}.", "", able)


class MissingProgram(BitpathError):
    """A service to be planned without a program that answers."""

    def __init__(self, workload: str) -> None:
        """`workload` is the service's."""
        super().__init__(
            f"{workload} is a service, and no program was given that answers requests.",
            "For a training job bitpath's own benchmark can stand in; for a service it has none.",
            "Give yours after --, as in: bitpath plan report.json ... -- python3 /opt/app/serve.py",
        )


class BadRules(BitpathError):
    """A file of alert rules that cannot be used: the line, the field and what would be allowed."""

    def __init__(self, path: str, line: int | None, field: str, problem: str, allowed: str) -> None:
        """`line` is None where the fault has no line, such as an empty file."""
        place = path if line is None else f"{path}, line {line}"
        super().__init__(
            f"{place}: {field + ': ' if field else ''}{problem}.",
            f"Allowed here: {allowed}." if allowed else "",
            f"Correct it, then check it with: bitpath monitor --rules {path} --export-rules -",
        )

    @classmethod
    def from_profile(cls, path: str, fault: BadProfile) -> "BadRules":
        """The same fault of a file that is read as profiles are, such as a slip in its TOML."""
        found = cls(path, None, "", "", "")
        found.what, found.why = fault.what, fault.why
        return found


class CannotListen(BitpathError):
    """An address at which nothing can be served: in use, not ours, or unsafe as it is asked."""

    def __init__(self, address: str, problem: str, next_step: str) -> None:
        """`problem` is the system's own word, or why it would be unsafe."""
        super().__init__(f"Nothing can be served at {address}: {problem}.", "", next_step)


class BadModel(BitpathError):
    """A model that cannot be loaded, or that does not answer; often the user's own code."""

    def __init__(self, model: str, problem: str) -> None:
        """`problem` says what it did, or what it lacks."""
        super().__init__(
            f"The model {model} cannot be used: {problem}.",
            "",
            "Models are a shipped family, package.module:factory, FILE.onnx or FILE.pt2; see "
            "docs/inference.md.",
        )


class UnreadableEvidence(BitpathError):
    """A file of another tool's results that cannot be read, or not in the version that it has."""

    def __init__(self, path: str, tool: str, problem: str) -> None:
        """`tool` is whose file it is, or empty where that cannot be told."""
        super().__init__(
            f"{path} cannot be read as results{f' of {tool}' if tool else ''}: {problem}.",
            "",
            "Read are fio --output-format=json, iperf3 --json, and nccl-tests as text or with -J.",
        )
        self.problem = problem


class UncountableModel(BitpathError):
    """A user's own model that cannot be counted: it cannot be imported, made or run."""

    def __init__(self, model: str, problem: str, next_step: str) -> None:
        """`problem` says what it did, or what it lacks."""
        super().__init__(f"The model {model} cannot be counted: {problem}.", "", next_step)
