"""What persons attest and declare: their files kept by digest, and the record of it.

Statements and files lie in ``data_dir/attestations``, each under its SHA-256, mode 0600: the ledger
holds digests only, and whoever changes a file is found out.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from hegui.app import parts
from hegui.ledger.kinds import named
from hegui.ledger.leaf import make
from hegui.ledger.log import Ledger
from hegui.ledger.shared import SharedLedger
from hegui.measures import Attestation, Duty, catalogue
from hegui.settings import Settings
from hegui.settings.plain_files import EMPTY, read_plain, reason
from hegui.store import random_bytes
from hegui.terms import BadRequest, Corrupt, Entry, Unavailable, Words

FOLDER: Final = "attestations"
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_FILES: Final = 16
_DAY_MS: Final = 86_400_000

_UNKNOWN = Words(
    en="There is no duty {duty}. hegui duty list shows them all.",
    zh="没有义务 {duty}。运行 hegui duty list 查看全部。",
)
_NOT_FOR_WORDS = Words(
    en="The duty {duty} cannot be attested: records show it, or nothing does. See: hegui duty show "
    "{duty}",
    zh="义务 {duty} 不能以声明代替：只能由记录说明。请参见：hegui duty show {duty}",
)
_WRONG_ROLE = Words(
    en="The role {role} may not attest {duty}. These may: {allowed}. Have one of them sign.",
    zh="岗位 {role} 无权声明 {duty}。可以声明的岗位：{allowed}。请由其中之一签署。",
)
_TOO_LONG = Words(
    en="An attestation of {duty} holds for {days} days at most, until {last}: say an earlier day "
    "with --until.",
    zh="{duty} 的声明最长有效 {days} 天，至 {last} 为止：请用 --until 给出更早的日期。",
)
_PAST = Words(en="--until must lie ahead.", zh="--until 应为将来的日期。")
_NO_FILE = Words(
    en="{path} cannot be attached: {why}.",
    zh="无法附上 {path}：{why}。",
)
_MANY = Words(en="At most {most} files can be attached.", zh="最多可附 {most} 个文件。")
_EMPTY = Words(
    en="Say what is attested, in your own words and in UTF-8 (--says, or says in the form).",
    zh="请写明声明内容，须为 UTF-8 编码（--says，或表单中的 says）。",
)
_NOT_THERE = Words(
    en="There is no attestation {number} of {duty} on record that could be withdrawn.",
    zh="没有可撤回的声明 {number}（义务 {duty}）。",
)
_NO_TENANT = Words(
    en="There is no log of a tenant {tenant}. A tenant's log begins with its first key: hegui keys "
    "create --tenant {tenant}",
    zh="没有租户 {tenant} 的账本。租户的账本从其第一个密钥开始："
    "hegui keys create --tenant {tenant}",
)
_NO_PLACE = Words(
    en="It is on record, but the ledger has given it no place yet. It shows when the database is "
    "back: look with hegui incident list or hegui duty show before you record it again.",
    zh="已登记，但账本尚未给出位置，数据库恢复后即可显示。再次登记前请先运行 "
    "hegui incident list 或 hegui duty show 查看。",
)
_CHANGED = Words(
    en="{path} is not the file that was attested: its SHA-256 is another. Put it back from a "
    "backup.",
    zh="{path} 与声明时的文件不符（SHA-256 不同）。请从备份恢复。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a person attests. ``by`` is a role or a staff number, ``until`` UTC ms."""

    duty: str
    says: str
    by: str
    role: str
    until: int
    files: tuple[Path, ...] = ()


def duty_of(name: str) -> Duty:
    """Return a duty of the catalogue; an unknown one is a ``BadRequest``."""
    found = catalogue().duties.get(name)
    if found is None:
        raise BadRequest(_UNKNOWN.fill(duty=name[:60]), param="duty")
    return found


def check_attestable(duty: Duty) -> Attestation:
    """Return what a person must say for a duty; a ``BadRequest`` where no word stands for it."""
    if duty.attest is None:
        raise BadRequest(_NOT_FOR_WORDS.fill(duty=duty.id), param="duty")
    return duty.attest


def check(form: Form, now: int) -> None:
    """Refuse what the catalogue does not allow: the duty, the role, the term, the files."""
    duty = duty_of(form.duty)
    asked = check_attestable(duty)
    roles = asked.roles
    if form.role not in {role.id for role in roles}:
        told = {"role": form.role[:60], "duty": duty.id}
        raise BadRequest(
            Words(
                _WRONG_ROLE.en.format(
                    allowed=", ".join(f"{one.id} ({one.name.en})" for one in roles), **told
                ),
                _WRONG_ROLE.zh.format(
                    allowed="、".join(f"{one.id}（{one.name.zh}）" for one in roles), **told
                ),
            ),
            param="role",
        )
    if form.until <= now:
        raise BadRequest(_PAST, param="until")
    last = now + asked.days * _DAY_MS
    if form.until > last:
        from hegui.filing.telling import day

        ends = day(last - _DAY_MS)
        words = _TOO_LONG.fill(duty=duty.id, days=asked.days, last=ends)
        raise BadRequest(words, param="until")
    if not form.says.strip() or not _is_text(form.says):
        raise BadRequest(_EMPTY, param="says")
    if len(form.files) > MOST_FILES:
        raise BadRequest(_MANY.fill(most=MOST_FILES), param="file")


def attest(settings: Settings, tenant: str, form: Form) -> tuple[str, int | None]:
    """Keep statement and files, and put the attestation on record: its number, and its index."""
    check(form, parts.now())
    contents = [_content(path) for path in form.files]
    statement = keep(settings, form.says.encode())
    fields = {
        "duty": form.duty,
        "attestation": f"AT-{random_bytes(8).hex()}",
        "statement": statement,
        "files": [keep(settings, content) for content in contents],
        "by": form.by,
        "role": form.role,
        "until": form.until,
    }
    index = put_on_record(settings, tenant, "duty.attested", fields)
    return str(fields["attestation"]), index


def keep(settings: Settings, content: bytes) -> str:
    """Keep bytes under their SHA-256, whole and durable, and return it in hex.

    ``Corrupt`` where what is kept under it already was changed.
    """
    digest = sha256(content).hexdigest()
    path = path_of(settings, digest)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if kept(settings, digest) is None:
        part = path.with_suffix(f".{random_bytes(4).hex()}.part")  # another may keep the same now
        with open(part, "wb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync(path.parent)
    return digest


def path_of(settings: Settings, digest: str) -> Path:
    """Return where what has this SHA-256 is kept."""
    return settings.data_dir / FOLDER / digest


def kept(settings: Settings, digest: str) -> bytes | None:
    """Return what was kept; None where it is not there, ``Corrupt`` where it was changed."""
    path = path_of(settings, digest)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if sha256(content).hexdigest() != digest:
        raise Corrupt(_CHANGED.fill(path=path))
    return content


def check_tenant(ledger: Ledger | SharedLedger, tenant: str) -> None:
    """Refuse a tenant without a log, so that no misspelt name begins one."""
    if tenant != "default" and ledger.size(tenant) is None:
        raise BadRequest(_NO_TENANT.fill(tenant=tenant[:60]), param="tenant")


def put_on_record(
    settings: Settings, tenant: str, kind: str, fields: Mapping[str, Any]
) -> int | None:
    """Add a record and return its index; None where a server has not given it a place yet."""
    ledger = parts.open_ledger(settings)
    try:
        check_tenant(ledger, tenant)
        record = make(named(kind), parts.now(), tenant, fields)
        receipt = ledger.add_blocking(Entry(tenant, record))
        if isinstance(ledger, SharedLedger):
            receipt = ledger.wait(receipt)
        return receipt.index
    finally:
        ledger.close()


def placed(index: int | None) -> int:
    """Return the index of a record; ``Unavailable`` where a server gave it no place yet."""
    if index is None:
        raise Unavailable(_NO_PLACE)
    return index


def none_such(duty: str, number: str) -> BadRequest:
    """Return the error of an attestation that is on no record."""
    return BadRequest(_NOT_THERE.fill(duty=duty, number=number[:60]), param="withdraw")


def _is_text(said: str) -> bool:
    """Tell whether something can be written as UTF-8: not what a terminal sent in another code."""
    try:
        said.encode()
    except UnicodeEncodeError:
        return False
    return True


def _content(path: Path) -> bytes:
    try:
        content = read_plain(path, MOST_BYTES + 1)
    except OSError as error:
        raise BadRequest(_NO_FILE.fill(path=path, why=reason(error)), param="file") from None
    if len(content) > MOST_BYTES:
        raise BadRequest(_NO_FILE.fill(path=path, why="> 64 MB"), param="file")
    if not content:
        raise BadRequest(_NO_FILE.fill(path=path, why=EMPTY), param="file")
    return content


def _sync(folder: Path) -> None:
    """Make the name of a new file durable, too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
