"""Which device profiles a report is about: by the words of an accelerator's model, or as named."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bitpath_cli import archive, catalogue
from bitpath_cli.errors import BadValue
from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.reading import Fact
from bitpath_cli.model.report import Report
from bitpath_cli.model.site import Site


def devices_in(report: Report) -> Iterator[str]:
    """The profiles all of whose name's words are in an accelerator's model: a10g of NVIDIA A10G."""
    models = [
        set(re.findall(r"[a-z0-9]+", str(each.model.value).lower()))
        for each in report.components
        if isinstance(each, Accelerator) and isinstance(each.model, Fact)
    ]
    for name in catalogue.names("device"):
        if any(set(name.split("-")) <= words for words in models):
            yield name


def measured_devices(typed: Sequence[str], site: Site) -> dict[str, Report]:
    """DEVICE=FILE as typed, each a device that the site could have; BadValue for anything else."""
    wanted = set(site.purchases)
    wanted.update(each.device for each in (site.cloud.offers if site.cloud else ()))
    found = {}
    for each in typed:
        name, _, file = each.partition("=")
        if name not in wanted or not file:
            allowed = f"DEVICE=FILE, where DEVICE is one of {', '.join(sorted(wanted)) or 'none'}"
            raise BadValue("--measured", each, f"{allowed}, which the site {site.name} could have")
        found[name] = archive.load(Path(file))
    return found
