"""Run hegui's commands where Python lacks what Windows lacks: modules, and calls of ``os``.

No test of Windows: only that nothing on the way of a command asks for these. Takes a list of
commands as JSON on standard input, ``[[words, stdin], …]``; writes ``[[exit code, output], …]``.
"""

import json
import os
import sys

# hyperscan has no wheel for Windows
MODULES = {"fcntl", "grp", "hyperscan", "pwd", "resource", "termios", "uvloop"}
CALLS = (
    *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "chown", "fchmod", "fork", "getegid"),
    *("geteuid", "getpgid", "getuid", "killpg", "posix_fadvise", "pread", "preadv", "pwrite"),
    *("register_at_fork", "sendfile"),
)


class Missing:
    """A finder that says of a module that it is not there."""

    @staticmethod
    def find_spec(name: str, *_of: object) -> None:
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


for module in MODULES:
    sys.modules.pop(module, None)
sys.meta_path.insert(0, Missing())  # type: ignore[arg-type] # a finder by its only method
for call in CALLS:
    if hasattr(os, call):
        delattr(os, call)

from click.testing import CliRunner  # noqa: E402 - as below

from hegui.cli import main  # noqa: E402 - it must not find them

answers = [CliRunner().invoke(main, words, input=given) for words, given in json.load(sys.stdin)]
sys.stdout.write(json.dumps([[answer.exit_code, answer.output] for answer in answers]))
