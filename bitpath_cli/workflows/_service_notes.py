"""What a person should know of a service's answer beside its numbers."""

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.recommendation import Candidate
from bitpath_cli.model.units import human
from bitpath_cli.model.workload import Serving


def service_notes(serving: Serving, winner: Candidate | None) -> list[str]:
    """What hybrid lacks, what elasticity saves, and which example limits the winner would break."""
    notes = []
    if serving.generation is not None:
        notes.append(
            "hybrid was not considered: answers that are made token by token are made in one place"
        )
    elif serving.cascade is None and not serving.splits:
        notes.append(
            "hybrid was not considered: the workload's profile has neither [serving.cascade], what "
            "a small model at the edge would escalate, nor [[serving.splits]], where it can be cut"
        )
    if winner is None:
        return notes
    fixed, month = winner.predicted.get("fixed_fleet_price"), winner.predicted["month_price"]
    if isinstance(fixed, Quantity) and isinstance(month, Quantity):
        notes.append(
            f"following the load of the day costs {human(month.value, month.unit)} a month, "
            f"holding the busiest hour's nodes {human(fixed.value, fixed.unit)}"
        )
    if any(each.tenure == "per_request" for each in winner.configuration.nodes):
        notes.append(
            "a machine that is rented by the request starts cold when it has idled for too long, "
            "and when more requests come at once than before; only the first is in these numbers"
        )
    return notes + [
        f"the recommended breaks an example limit of the profile: {each.sentence}"
        for each in winner.violations
        if not each.binds
    ]
