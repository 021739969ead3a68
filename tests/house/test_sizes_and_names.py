import ast
from pathlib import Path

LONGEST_FILE = 400
# One file by promise: it is handed to people who have no hegui, and read before it is run.
WHOLE = {"hegui/ledger/export/data/verify.py": 1_160}
LONGEST_FUNCTION = 50
SAYS_NOTHING = {
    "utils",
    "util",
    "manager",
    "helper",
    "helpers",
    "base",
    "service",
    "core",
    "common",
}
# The law's own word: records of the service itself (Art. 2, 13).
MEANT: set[str] = set()


def test_no_file_is_longer_than_a_person_reads(sources: dict[str, str]) -> None:
    sizes = {name: len(text.splitlines()) for name, text in sources.items()}
    long = {n: size for n, size in sizes.items() if size > WHOLE.get(n, LONGEST_FILE)}
    assert long == {}


def test_no_function_is_longer_than_a_screen(sources: dict[str, str]) -> None:
    long = {
        f"{name}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for name, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    }
    assert long == {}


def test_every_name_says_what_is_inside(sources: dict[str, str]) -> None:
    named = {name: set(Path(name).with_suffix("").parts) for name in sources if name not in MEANT}
    assert [name for name, words in named.items() if words & SAYS_NOTHING] == []


def test_every_room_has_a_page_of_its_own_at_its_door(root: Path) -> None:
    for room in (root / "src" / "hegui").iterdir():
        if room.is_dir() and room.name != "__pycache__":
            tree = ast.parse((room / "__init__.py").read_text(encoding="utf-8"))
            assert ast.get_docstring(tree), room.name
