"""Single numbers and names of /sys; their formats are in the kernel's Documentation/ABI."""

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, failed


def number(host: Host, path: str) -> int | Missing:
    """The whole number that a file holds."""
    found = host.read_text(path, 64)
    if isinstance(found, Missing):
        return found
    try:
        return int(found)
    except ValueError:
        return failed(f"{path} holds '{found}' where a whole number was due")


def words(host: Host, path: str) -> str:
    """A file's words, empty where it has none or cannot be read: for names and labels."""
    found = host.read_text(path, 256)
    return "" if isinstance(found, Missing) else found.strip()
