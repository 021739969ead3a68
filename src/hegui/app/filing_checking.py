"""Checks a filing package with our own copy of the checkers, never with those in the folder."""

import importlib.util
import sys
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType

from hegui.terms import BadRequest, Words

_NO_FOLDER = Words(
    "{path} is no folder: name one that hegui filing build made",
    "{path} 不是文件夹：请指定 hegui filing build 生成的文件夹",
)


def check(folder: Path, vkey: str, *, zh: bool) -> tuple[int, list[str], list[str]]:
    """Return the exit code (0 holds, 1 does not, 2 could not tell), lines, and files at fault."""
    if not folder.is_dir():
        raise BadRequest(_NO_FOLDER.fill(path=folder), param="folder")
    checker = _module("check", files("hegui.filing.package") / "data" / "check.py")
    verify = _module("verify", files("hegui.ledger.export") / "data" / "verify.py")
    found = checker.check(str(folder), vkey, verify)
    return (
        found.code,
        checker.told(found, zh),
        [checker.plain(where) for where, _ in found.problems],
    )


def _module(name: str, place: Traversable) -> ModuleType:
    with as_file(place) as path:
        spec = importlib.util.spec_from_file_location(f"hegui_handed_over_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # NamedTuple asks for it
        spec.loader.exec_module(module)
        return module
