import subprocess
import sys

SCRIPT = """
import sys
before = set(sys.modules)
import hegui
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


def test_importing_hegui_pulls_in_nothing_of_others() -> None:
    shown = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True)  # noqa: S603 - our own script
    new = set(shown.stdout.decode().split())
    assert new - set(sys.stdlib_module_names) == {"hegui"}
