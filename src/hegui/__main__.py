"""``python -m hegui``: the command line."""

from hegui.cli import main

main()
