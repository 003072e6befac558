"""`bitpath profiles`: the workloads, sites and devices that there are, and checks on your own."""

from bitpath_cli.commands import Example, Group

GROUP = Group(
    summary="The workloads, sites and devices that can be named, and checks on your own.",
    panel="Reports and profiles",
    examples=(
        Example("bitpath profiles list", "every name that --workload and --site take"),
        Example("bitpath profiles show resnet50-training", "its figures and where they come from"),
        Example("bitpath profiles validate line.toml", "whether a profile of your own can be used"),
    ),
)
