"""The folders of the control groups that this process is in, from cgroups(7) and mountinfo."""

from dataclasses import dataclass

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing


@dataclass(frozen=True, slots=True)
class Groups:
    """The process's own group's folder first, then its ancestors' up to the mount's root."""

    version: int
    folders: tuple[str, ...]


def find_groups(host: Host, controller: str) -> Groups | None:
    """The groups that a controller sorts this process into; None where they cannot be seen.

    A hierarchy of version 1 that has the controller comes before version 2: where both are mounted,
    version 2 has only the controllers that version 1 left. No controller asks for version 2 alone.
    """
    folder = f"/proc/{host.outside.process_id()}"
    joined, mounted = host.read_text(f"{folder}/cgroup"), host.read_text(f"{folder}/mountinfo")
    if isinstance(joined, Missing) or isinstance(mounted, Missing):
        return None
    version, path = _own(joined, controller)
    for root, point in _mounts(mounted, controller if version == 1 else "") if version else ():
        if (folders := _folders(path, root, point)) and host.exists(folders[0]):
            return Groups(version, folders)
    return None


def _own(joined: str, controller: str) -> tuple[int, str]:
    """The version and path of the own group: lines `4:cpu,cpuacct:/path` and `0::/path`."""
    version, own = 0, ""
    for line in joined.splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if controller and controller in names.split(","):
            return 1, path
        if number == "0" and not names:
            version, own = 2, path
    return version, own


def _mounts(mounted: str, controller: str) -> list[tuple[str, str]]:
    """Root and mount point of a controller's hierarchy, or of version 2 for no controller."""
    found = []
    kind = " - cgroup " if controller else " - cgroup2 "
    for line in mounted.splitlines():
        if kind not in line:
            continue
        left, _, right = line.partition(" - ")
        fields, options = left.split(), right.split()[-1].split(",")
        if not controller or controller in options:
            found.append((fields[3], fields[4]))
    return found


def _folders(path: str, root: str, point: str) -> tuple[str, ...]:
    """From the own group up; empty where it lies outside of what the mount shows."""
    if ".." in path.split("/") or not (root in ("/", path) or path.startswith(f"{root}/")):
        return ()
    parts = [part for part in (path if root == "/" else path[len(root) :]).split("/") if part]
    return tuple("/".join((point, *parts[:depth])) for depth in range(len(parts), -1, -1))
