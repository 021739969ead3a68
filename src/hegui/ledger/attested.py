"""The verifier's look at what others say of a ledger: witnesses' signatures and time stamps.

Part of the verifier, and as self-contained: the tree arithmetic, the standard library,
``cryptography``, and ``rfc3161-client`` for time stamps. What cannot be proven, it names.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NamedTuple

from hegui.ledger.cosignature import (
    COSIGNERS,
    ML_DSA_44,
    SIGNERS,
    Key,
    Seen,
    UncheckableError,
    head_of,
    read_key,
    seen_by,
    split,
)
from hegui.ledger.timestamps import time_of
from hegui.ledger.tree import HASH_BYTES, node_hash

_WIDTH: Final = 256


class Said(NamedTuple):
    """A sentence in both languages."""

    en: str
    zh: str


_NO_WITNESS: Final = Said(
    "No independent witness has signed these logs: a provider that shows two histories to two"
    " people, or an older copy of the file, cannot be told from this file alone.",
    "这些账本没有独立见证方的签名：仅凭此文件，无法排除提供者向不同的人出示两份历史，或出示旧副本。",
)
_NO_KEYS: Final = Said(
    "Witnesses' signatures are here, but no witness's key was given, so none was checked: as it"
    " stands, two histories or an older copy cannot be ruled out. Give --witness VKEY.",
    "此处有见证方的签名，但没有给出见证方的公钥，因此未作核对：目前无法排除两份历史或旧副本。"
    "请给出 --witness 公钥。",
)
_WHO: Final = Said(
    "That a witness is independent of the provider, no signature shows: ask who runs it, and where."
    " One on the provider's own machine proves nothing.",
    "签名不能证明见证方独立于提供者：请查明由谁运行、在何处运行。与提供者同机的见证方什么也证明不了。",
)
_NO_TIME: Final = Said(
    "Times in the records are those of the service's own clock; no time-stamping authority"
    " confirms them.",
    "记录中的时间取自服务自身的时钟，未经时间戳机构证实。",
)
_NO_AUTHORITY: Final = Said(
    "Time stamps are here, but no authority's certificate was given, so none was checked: times are"
    " those of the service's own clock. Give --ca FILE.",
    "此处有可信时间戳，但没有给出时间戳机构的证书，因此未作核对：时间取自服务自身的时钟。"
    "请给出 --ca 文件。",
)


@dataclass(frozen=True, slots=True)
class Outside:
    """Whom the reader trusts, told by somebody else than the provider.

    ``witnesses``: their verifier keys. ``own``: per tenant the verifier keys of the log itself.
    ``authorities``: certificates of time-stamping authorities, in PEM.
    """

    witnesses: tuple[str, ...] = ()
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    authorities: bytes = b""


@dataclass(slots=True)
class Found:
    """What was found: (where, English, Chinese) for problems, sentences for the rest."""

    problems: list[tuple[str, str, str]] = field(default_factory=list)
    proven: list[Said] = field(default_factory=list)
    not_proven: list[Said] = field(default_factory=list)

    def unproven(self, said: Said) -> None:
        """Add what is not proven, once."""
        if said not in self.not_proven:
            self.not_proven.append(said)


class _Log(NamedTuple):
    tenant: str
    origin: str
    size: int


def check(connection: sqlite3.Connection, outside: Outside) -> Found:
    """Check all cosigned and stamped heads in an open database against its entries.

    Never raises for what the file holds, but for ``sqlite3.Error`` where it cannot be read.
    """
    found = Found()
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    if "log" not in tables:
        return Found(not_proven=[_NO_WITNESS, _NO_TIME])
    rows = connection.execute("SELECT tenant, origin, size FROM log ORDER BY tenant").fetchall()
    logs = [_Log(str(t), str(o), n) for t, o, n in rows if isinstance(n, int)]
    witnesses = _keys(outside.witnesses, COSIGNERS, found)
    heads, stamps = {}, []
    if "cosigned" in tables:
        query = "SELECT tenant, checkpoint FROM cosigned"
        heads = {str(tenant): str(note) for tenant, note in connection.execute(query)}
    if "stamped" in tables:
        query = "SELECT tenant, checkpoint, answer FROM stamped ORDER BY tenant, size, at"
        stamps = connection.execute(query).fetchall()
    for log in logs:
        one = _LogLook(connection, log, _own(outside, log, found), found)
        one.look_at_witnesses(heads.get(log.tenant), witnesses)
        answers = [(str(n), a) for t, n, a in stamps if str(t) == log.tenant]
        one.look_at_stamps(answers, outside.authorities)
    if not outside.witnesses:
        found.unproven(_NO_KEYS if heads else _NO_WITNESS)
    if not stamps:
        found.unproven(_NO_TIME)
    return found


class _LogLook:
    def __init__(
        self, connection: sqlite3.Connection, log: _Log, own: list[Key], found: Found
    ) -> None:
        self._connection = connection
        self._log = log
        self._own = own
        self._found = found

    def look_at_witnesses(self, note: str | None, witnesses: list[Key]) -> None:
        """Say who of ``witnesses`` has signed the log's history, and up to where."""
        tenant, found = self._log.tenant, self._found
        size = self._held("cosigned", note) if note is not None else None
        seen = self._seen("cosigned", note, witnesses) if note is not None else []
        if not witnesses:
            return
        if not seen or size is None:
            found.unproven(
                Said(
                    f"{tenant}: none of the given witnesses has signed this log: two histories, or"
                    " an older copy, cannot be ruled out.",
                    f"{tenant}：给出的见证方都没有签署过该账本：无法排除两份历史或旧副本。",
                )
            )
            return
        for name, at in {one.name: _utc(one.time) for one in seen}.items():
            found.proven.append(
                Said(
                    f"{tenant}: {name} signed the first {size} entries ({at} by its clock).",
                    f"{tenant}：{name} 签署了前 {size} 条记录（据其时钟为 {at}）。",
                )
            )
        found.unproven(_WHO)
        self._tell_rest(size, "no witness has signed them", "尚无见证方签署")

    def look_at_stamps(self, stamps: list[tuple[str, object]], authorities: bytes) -> None:
        """Say up to where, and by when, an authority saw the log."""
        tenant, found, last = self._log.tenant, self._found, None
        for note, answer in stamps:
            size = self._held("time stamp", note)
            self._seen("time stamp", note, [])
            if size is None or not authorities:
                continue
            data = answer if isinstance(answer, bytes) else b""
            try:
                last = (size, time_of(data, note, authorities))
            except ValueError as error:
                where = f"{tenant}/time stamp {size}"
                found.problems.append((where, f"proves nothing: {error}", f"不能证明时间：{error}"))
        if stamps and not authorities:
            found.unproven(_NO_AUTHORITY)
        if last is None:
            return
        size, at = last[0], last[1].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        found.proven.append(
            Said(
                f"{tenant}: the first {size} entries were there by {at}, says the authority.",
                f"{tenant}：据时间戳机构，前 {size} 条记录在 {at} 已经存在。",
            )
        )
        found.unproven(
            Said(
                f"{tenant}: the time stamp shows by when records were there; the times in them are"
                " the service's own.",
                f"{tenant}：时间戳只表明记录最迟何时已经存在；记录中的时间仍取自服务自身的时钟。",
            )
        )
        self._tell_rest(size, "no time stamp covers them", "尚无时间戳覆盖")

    def _tell_rest(self, size: int, en: str, zh: str) -> None:
        rest = self._log.size - size
        if rest > 0:
            tenant = self._log.tenant
            self._found.unproven(
                Said(
                    f"{tenant}: the last {rest} entries came later: {en}.",
                    f"{tenant}：最后 {rest} 条记录是之后写入的：{zh}。",
                )
            )

    def _seen(self, what: str, note: str, keys: list[Key]) -> list[Seen]:
        """Return which keys signed ``note``; the log itself must have, where its key is known."""
        try:
            seen = seen_by(note, [*keys, *self._own])
        except UncheckableError:
            self._found.unproven(
                Said(
                    "A signature with ML-DSA-44 was not checked: the installed cryptography knows"
                    " none (47 or newer does).",
                    "有 ML-DSA-44 签名未作核对：已安装的 cryptography 不支持（需 47 或更高版本）。",
                )
            )
            self._own = [key for key in self._own if key.kind != ML_DSA_44]
            return self._seen(what, note, [key for key in keys if key.kind != ML_DSA_44])
        except ValueError as error:
            self._say(what, f"cannot be trusted: {error}", f"不可信：{error}")
            return []
        own = {(key.name, key.kind) for key in self._own}
        if own and not any((one.name, one.kind) in own for one in seen):
            self._say(what, "was not signed by the log", "没有该账本自己的签名")
            return []
        return [one for one in seen if (one.name, one.kind) not in own]

    def _held(self, what: str, note: str) -> int | None:
        """Return the size of a head, if it is one of this log and of these entries."""
        try:
            head = head_of(split(note)[0])
        except ValueError as error:
            self._say(what, f"cannot be read: {error}", f"无法读取：{error}")
            return None
        if head.origin != self._log.origin:
            self._say(what, "is the head of another log", "是另一个账本的检查点")
            return None
        root = root_at(self._connection, self._log.tenant, head.size)
        if root is None:
            self._say(
                what,
                f"is for {head.size} entries, and they are not all here: entries were removed, or"
                " this is an older copy",
                f"对应 {head.size} 条记录，但此处不全：有记录被删除，或这是旧副本",
            )
            return None
        if root != head.root:
            self._say(
                what,
                f"the head that was signed at {head.size} is not that of these entries: the history"
                " was changed",
                f"在第 {head.size} 条处签署的检查点与这些记录不符：历史被改动过",
            )
            return None
        return head.size

    def _say(self, what: str, en: str, zh: str) -> None:
        self._found.problems.append((f"{self._log.tenant}/{what}", en, zh))


def root_at(connection: sqlite3.Connection, tenant: str, size: int) -> bytes | None:
    """Return the root over the first ``size`` entries from their stored hashes; None if some lack.

    Whether those are the hashes of the leaves, the check of the entries says.
    """
    tree = _Tree()
    for level in range(7, 0, -1):
        unit = _WIDTH**level
        if tree.size + unit > size:
            continue
        query = (
            "SELECT hash FROM node WHERE tenant = ? AND level = ? AND idx >= ? AND idx < ?"
            " ORDER BY idx"
        )
        start, end = tree.size // unit, size // unit
        try:
            rows = connection.execute(query, (tenant, level, start, end)).fetchall()
        except sqlite3.OperationalError:
            break  # a database of the first format has no such table
        if len(rows) != end - start:
            break
        for (hashed,) in rows:
            tree.push(hashed, unit)
    query = "SELECT hash FROM entry WHERE tenant = ? AND idx >= ? AND idx < ? ORDER BY idx"
    for (hashed,) in connection.execute(query, (tenant, tree.size, size)):
        tree.push(hashed, 1)
    return tree.root() if tree.size == size and tree.whole else None


class _Tree:
    """Roots of complete subtrees from left to right, joined as far as they go."""

    def __init__(self) -> None:
        self.size = 0
        self.whole = True
        self._edge: list[tuple[int, bytes]] = []

    def push(self, hashed: object, unit: int) -> None:
        if not isinstance(hashed, bytes) or len(hashed) != HASH_BYTES:
            self.whole = False
            hashed = bytes(HASH_BYTES)
        self.size += unit
        while self._edge and self._edge[-1][0] == unit:
            unit, hashed = unit * 2, node_hash(self._edge.pop()[1], hashed)
        self._edge.append((unit, hashed))

    def root(self) -> bytes:
        if not self._edge:
            return sha256(b"").digest()
        root = self._edge[-1][1]
        for _, left in reversed(self._edge[:-1]):
            root = node_hash(left, root)
        return root


def _keys(vkeys: tuple[str, ...], kinds: frozenset[int], found: Found) -> list[Key]:
    keys = []
    for vkey in vkeys:
        try:
            keys.append(read_key(vkey.strip(), kinds))
        except ValueError as error:
            en, zh = f"{vkey[:60]!r} is no key: {error}", f"{vkey[:60]!r} 不是公钥：{error}"
            found.problems.append(("key", en, zh))
    return keys


def _own(outside: Outside, log: _Log, found: Found) -> list[Key]:
    return _keys(outside.own.get(log.tenant, ()), SIGNERS, found)


def _utc(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s"
