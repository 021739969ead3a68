"""Incidents read from the ledger, each record shown to be in it, and steps put on it.

Files that belong to a step stay where they are: the ledger holds their SHA-256 only, and nothing
is copied, because what was found may itself be illegal.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from hegui.app.attestations import placed, put_on_record
from hegui.app.duties import Duties, Progress, given_of
from hegui.cases.kept import Kept, kept
from hegui.cases.steps import allowed
from hegui.filing.projection.facets import INCIDENTS
from hegui.filing.telling import BEIJING
from hegui.measures.roles import Role
from hegui.settings import Settings
from hegui.settings.plain_files import EMPTY, open_plain, reason
from hegui.store import random_bytes
from hegui.terms import BadRequest, Words

MOST_FILES: Final = 8
_PIECE: Final = 1 << 20
_LONGEST: Final = 200

_NONE = Words(
    en="There is no incident {number} on the ledger. hegui incident list shows them all.",
    zh="账本中没有事件 {number}。运行 hegui incident list 查看全部。",
)
_ROLE = Words(
    en="The role {role} may not do this. These may: {allowed}. Have one of them do it.",
    zh="岗位 {role} 无权执行此操作。可以执行的岗位：{allowed}。请由其中之一执行。",
)
_BY = Words(
    en="--by says who, by a role or a staff number of at most 200 characters, without line breaks "
    "or control characters.",
    zh="--by 应写明由谁执行（岗位或工号），不超过 200 个字符，不含换行和控制字符。",
)
_NO_FILE = Words(en="{path} cannot be read: {why}.", zh="无法读取 {path}：{why}。")
_MANY = Words(en="At most {most} files can be given.", zh="最多可给出 {most} 个文件。")


def cases_of(settings: Settings, tenant: str, progress: Progress) -> dict[str, Kept]:
    """Return the cases of a tenant by number, the oldest first.

    ``Corrupt`` where the ledger or its summary does not hold together.
    """
    noted = Duties(settings, given_of(settings), progress).noted(tenant, INCIDENTS)
    return kept((one.index, one.record) for one in noted)


def case_of(cases: Mapping[str, Kept], number: str) -> Kept:
    """Return a case; an unknown one is a ``BadRequest``."""
    if number not in cases:
        raise BadRequest(_NONE.fill(number=number[:60]), param="number")
    return cases[number]


def new_number(at_ms: int) -> str:
    """Return a number for a case: its day in Beijing, and what makes it the only one."""
    day = datetime.fromtimestamp(at_ms / 1_000, BEIJING).strftime("%Y%m%d")
    return f"IN-{day}-{random_bytes(4).hex()}"


def check_signed(by: str, role: str, step: str) -> None:
    """Refuse a step by nobody, or by a role that may not take it."""
    if not by.strip() or len(by) > _LONGEST or not by.isprintable():
        raise BadRequest(_BY, param="by")
    may = allowed(step)
    if role not in {one.id for one in may}:
        raise wrong_role(role, may)


def wrong_role(role: str, may: tuple[Role, ...]) -> BadRequest:
    """Return the error of a role that may not do something, naming those that may."""
    told = Words(
        _ROLE.en.format(
            role=role[:60], allowed=", ".join(f"{one.id} ({one.name.en})" for one in may)
        ),
        _ROLE.zh.format(
            role=role[:60], allowed="、".join(f"{one.id}（{one.name.zh}）" for one in may)
        ),
    )
    return BadRequest(told, param="role")


def digests(paths: tuple[Path, ...]) -> list[str]:
    """Return the SHA-256 of files, in their order. One that is empty or unreadable is refused."""
    if len(paths) > MOST_FILES:
        raise BadRequest(_MANY.fill(most=MOST_FILES), param="file")
    return [digest_of(path) for path in paths]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    hashed, size = sha256(), 0
    try:
        with open_plain(path) as file:
            while piece := file.read(_PIECE):
                hashed.update(piece)
                size += len(piece)
    except OSError as error:
        raise BadRequest(_NO_FILE.fill(path=path, why=reason(error)), param="file") from None
    if not size:
        raise BadRequest(_NO_FILE.fill(path=path, why=EMPTY), param="file")
    return hashed.hexdigest()


def record(settings: Settings, tenant: str, kind: str, fields: Mapping[str, Any]) -> int:
    """Put a step on record and return its index. ``Unavailable`` where it has no place yet."""
    return placed(put_on_record(settings, tenant, kind, fields))
