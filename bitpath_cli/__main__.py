"""The outermost shell: run the command line, and turn whatever ends it into an exit code."""

import os
import signal
import sys

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run what was typed and exit; a signal's own code wins over whatever it made fail."""
    caught: list[int] = []

    def stop(number: int, _frame: object) -> None:
        caught.append(number)
        raise KeyboardInterrupt

    # A signal that the parent ignores (nohup, a job in the background) stays ignored.
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, stop)
    code = run(sys.argv[1:])
    for number in heeded:
        signal.signal(number, signal.SIG_DFL)
    sys.exit(128 + caught[0] if caught else code)


def run(arguments: list[str]) -> int:
    """The exit code of a command line; every error becomes a paragraph on stderr."""
    try:
        from bitpath_cli.commands._app import build

        build()(arguments, prog_name="bitpath")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:
        from bitpath_cli.commands._failure import explain

        if os.environ.get("BITPATH_DEBUG") == "1":
            sys.excepthook(type(error), error, error.__traceback__)
        text, code = explain(error, arguments)
        sys.stderr.write(text)
        return code
    return 0


if __name__ == "__main__":
    main()
