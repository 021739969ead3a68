"""The command line, as ``python -m hegui`` and as the script ``hegui``."""

import sys

_INTERRUPTED = 130


def run() -> None:
    """Run a command; one that is interrupted while Python still reads it ends without a word."""
    try:
        from hegui.cli import main
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    main()


if __name__ == "__main__":
    run()
