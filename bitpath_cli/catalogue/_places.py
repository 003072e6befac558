"""Where profiles are: shipped with bitpath, in the user's own folder, or at a path."""

import os
from pathlib import Path
from typing import Final, Literal

import bitpath_cli
from bitpath_cli.errors import UnknownName

Kind = Literal["workload", "device", "site"]
KINDS: Final[tuple[Kind, ...]] = ("workload", "device", "site")
_FOLDERS: Final[dict[Kind, str]] = {
    "workload": "workloads", "device": "devices", "site": "sites",
}  # fmt: skip


def shipped_folder(kind: Kind) -> Path:
    """The profiles in the wheel, or, in a clone, those that stand beside the package."""
    package = Path(bitpath_cli.__file__).resolve().parent
    inside = package / "profiles"
    return (inside if inside.is_dir() else package.parent / "profiles") / _FOLDERS[kind]


def users_folder(kind: Kind) -> Path | None:
    """Below $XDG_CONFIG_HOME, or ~/.config where that is unset or relative; None without a home."""
    configured = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    if not configured.is_absolute():
        try:
            configured = Path.home() / ".config"
        except RuntimeError:
            return None
    return configured / "bitpath" / "profiles" / _FOLDERS[kind]


def folders(kind: Kind) -> tuple[Path, ...]:
    """In the order of search: a user's profile goes before a shipped one of the same name."""
    own = users_folder(kind)
    return (shipped_folder(kind),) if own is None else (own, shipped_folder(kind))


def files(folder: Path) -> tuple[Path, ...]:
    """The profiles in a folder, by name; none where it is absent or may not be read."""
    try:
        return tuple(sorted(each for each in folder.iterdir() if each.suffix == ".toml"))
    except OSError:
        return ()


def names(kind: Kind) -> tuple[str, ...]:
    """Every name that `find` knows, in order."""
    return tuple(sorted({path.stem for folder in folders(kind) for path in files(folder)}))


def find(kind: Kind, name_or_path: str) -> Path:
    """The file of a profile; UnknownName for a name that no folder has.

    What contains a slash or ends in `.toml` is a path, anything else a name.
    """
    if "/" in name_or_path or name_or_path.endswith(".toml"):
        return Path(name_or_path).expanduser()
    for folder in folders(kind):
        for path in files(folder):
            if path.stem == name_or_path:
                return path
    raise UnknownName(kind, name_or_path, names(kind), _next_step(kind, name_or_path))


def is_shipped(kind: Kind, path: Path) -> bool:
    """Whether a file is one of ours, so an example rather than what a user stated."""
    return path.resolve().parent == shipped_folder(kind).resolve()


def kind_by_folder(path: Path) -> Kind | None:
    """The kind that a file's folder tells: workloads, devices or sites."""
    parent = path.resolve().parent.name
    return next((kind for kind, folder in _FOLDERS.items() if folder == parent), None)


def _next_step(kind: Kind, name: str) -> str:
    if Path(name).is_file():
        return f"There is a file of that name here; to use it type ./{name}"
    own = users_folder(kind)
    put = "" if own is None else f", or put it into {own}"
    return f"See them with: bitpath profiles list. A file of your own goes by its path{put}"
