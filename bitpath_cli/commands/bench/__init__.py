"""`bitpath bench`: one kind of measurement alone, without advice."""

from bitpath_cli.commands import Example, Group

GROUP = Group(
    summary="Measure one thing alone: compute, memory, storage, network, power or all-reduce.",
    panel="Look and measure",
    examples=(
        Example("bitpath bench list", "what is measured, and by which benchmark"),
        Example("bitpath bench storage --dir /data", "the disk behind a directory"),
        Example("bitpath bench compute -b thorough -o compute.json", "with more samples, kept"),
    ),
)
