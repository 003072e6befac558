"""Whether this process runs in a container, and of which kind.

Judged from what the runtimes leave behind: /run/.containerenv, /run/systemd/container, the variable
`container`, names in the cgroup path, and a root that is an overlay. /.dockerenv alone proves
nothing: images keep it when they become virtual machines.
"""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Fact, Missing, fact

_NONE: Final = "none"
# A part of the cgroup path, and the runtime that names it so; what is more telling comes first.
_PATH_WORDS: Final = (
    ("kubepods", "kubernetes"), ("libpod", "podman"), ("docker", "docker"),
    ("cri-containerd", "kubernetes"), ("crio-", "kubernetes"), ("lxc.payload", "lxc"),
)  # fmt: skip
_VARIABLES: Final = (
    ("APPTAINER_CONTAINER", "apptainer"), ("SINGULARITY_CONTAINER", "apptainer"),
)  # fmt: skip
_LAYERED: Final = frozenset({"overlay", "aufs", "fuse.fuse-overlayfs", "fuse-overlayfs"})


def container(host: Host) -> Fact | Missing:
    """A runtime's name, `unknown runtime`, or `none`."""
    environment = host.outside.environment()
    for variable, name in _VARIABLES:
        if variable in environment:
            return fact(name, variable)
    if "KUBERNETES_SERVICE_HOST" in environment:
        return fact("kubernetes", "KUBERNETES_SERVICE_HOST")
    return _left_behind(host) or _in_path(host) or _layered_root(host)


def parse_root(mountinfo: str) -> tuple[str, str] | None:
    """Type and source of the filesystem mounted last at /."""
    found = None
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, words = left.split(), right.split()
        if len(fields) >= 5 and len(words) >= 2 and fields[4] == "/":
            found = words[0], words[1]
    return found


def _left_behind(host: Host) -> Fact | None:
    told = host.read_text("/run/systemd/container")
    if not isinstance(told, Missing) and told.strip():
        return fact(told.strip(), "/run/systemd/container")
    if host.exists("/run/.containerenv"):
        return fact("podman", "/run/.containerenv")
    word = host.outside.environment().get("container", "")
    return fact("docker" if word == "oci" else word, "variable container") if word else None


def _in_path(host: Host) -> Fact | None:
    path = f"/proc/{host.outside.process_id()}/cgroup"
    joined = host.read_text(path)
    if isinstance(joined, Missing):
        return None
    return next((fact(name, path) for word, name in _PATH_WORDS if word in joined), None)


def _layered_root(host: Host) -> Fact | Missing:
    """An overlay as root is a container's; with anything else there is no sign of one."""
    path = f"/proc/{host.outside.process_id()}/mountinfo"
    mounted = host.read_text(path)
    if isinstance(mounted, Missing):
        return mounted
    marked = host.exists("/.dockerenv")
    kind, source = parse_root(mounted) or ("", "")
    if kind in _LAYERED or source.startswith("/dev/mapper/docker-"):
        return fact("docker" if marked else "unknown runtime", f"{path}: / is {kind}")
    note = "; /.dockerenv alone proves nothing" if marked else ""
    return fact(_NONE, f"{path}: / is {kind or 'not named'} on {source or 'nothing'}{note}")
