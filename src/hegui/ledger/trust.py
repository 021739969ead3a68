"""What may be believed of a log that lies in the database: what we signed, and the second place."""

from collections.abc import Callable
from typing import TypeAlias

from hegui.ledger.heads import Head, Heads
from hegui.ledger.note import Checkpoint, Signer, open_note
from hegui.ledger.stretch import load_edge
from hegui.ledger.tree import EMPTY_ROOT
from hegui.store import Connection
from hegui.terms import Corrupt, HeguiError, Words

SignerFor: TypeAlias = Callable[[str, str], Signer]
"""Gives the signer of a tenant's log, by the tenant and the log's last signed head.

The head is empty where the log is begun. The signer's name is the log's origin."""

SecondPlace: TypeAlias = Head | Corrupt | None
"""The head that was signed last; None where none was kept, the error where it is damaged."""

RESTORED = "ledger.restored"
"""The record that lets a log go on that contradicts the second place."""

_SPLIT = Words(
    en="The log of tenant {tenant} does not hold together at size {size}: {why}. Nothing was added."
    " Keep the file, and run: hegui ledger verify",
    zh="租户 {tenant} 的账本在第 {size} 条处前后不一致：{why}。未写入任何记录。"
    "请保留原文件，并运行：hegui ledger verify",
)
_SMALLER = Words(
    en="The log of tenant {tenant} has {size} entries, and a head of {signed} was signed before "
    "({path}): the database is an older copy. Nothing is added to it, because its next head would "
    "contradict the one that others may hold. Put back the newer database. If it is lost, say so "
    "on record: hegui ledger accept-restored --by WHO --reason TEXT",
    zh="租户 {tenant} 的账本有 {size} 条记录，而此前已为 {signed} 条的账本头签名（{path}）："
    "该数据库是旧副本。不会向其写入，因为下一个账本头会与他人可能持有的账本头矛盾。"
    "请恢复较新的数据库；如已丢失，请将此事记录在案："
    "hegui ledger accept-restored --by 岗位或工号 --reason 原因",
)
_OTHER = Words(
    en="The log of tenant {tenant} is not the one whose head of {signed} entries was signed before "
    "({path}): the two tell different histories. Nothing is added. Put back the database that "
    "belongs to that head. If it is lost, say so on record: hegui ledger accept-restored --by WHO "
    "--reason TEXT",
    zh="租户 {tenant} 的账本与此前签名的 {signed} 条的账本头（{path}）不是同一份历史。"
    "不会写入。请恢复与该账本头相符的数据库；如已丢失，请将此事记录在案："
    "hegui ledger accept-restored --by 岗位或工号 --reason 原因",
)
_NAME = Words("its name is not the one that was signed", "账本名称与签名时不同")
_LARGER = Words("a head of {signed} entries was signed", "曾为 {signed} 条的账本头签名")
_KEY = Words("its head was not signed by this key", "账本头不是由此密钥签名的")
_NAMED = "SELECT 1 FROM entry WHERE tenant = ? AND idx >= ? AND instr(leaf, ?) AND instr(leaf, ?)"


def split(tenant: str, size: int, why: str | Words) -> Corrupt:
    """Return the error of a log that does not hold together."""
    said = why if isinstance(why, Words) else Words(why, why)
    return Corrupt(
        Words(
            _SPLIT.en.format(tenant=tenant, size=size, why=said.en),
            _SPLIT.zh.format(tenant=tenant, size=size, why=said.zh),
        )
    )


class Trust:
    """Signers by tenant, heads that were found good, the second place, and logs refused for now.

    ``accepting``: what contradicts the second place is extended once more, to put that on record.
    """

    def __init__(self, signer_for: SignerFor, heads: Heads, *, accepting: bool = False) -> None:
        self.heads = heads
        self.accepting = accepting
        self.refused: dict[str, HeguiError] = {}
        self._signer_for = signer_for
        self._signers: dict[str, Signer] = {}
        self._good: dict[str, tuple[str, Checkpoint]] = {}

    def begin(self, tenant: str) -> Checkpoint:
        """Return the head, to be signed, of a tenant's empty log.

        A log that was lost with its database goes on under the name and the key of the head in the
        second place.
        """
        try:
            second = self.heads.read(tenant)
        except Corrupt:
            if not self.accepting:
                raise
            second = None
        self._signers[tenant] = self._signer_for(tenant, second.note if second else "")
        return Checkpoint(self._signers[tenant].name, 0, EMPTY_ROOT)

    def head(self, tenant: str, origin: str, size: int, note: str) -> Checkpoint:
        """Return what the stored head claims, once our key is found to have signed it.

        ``Corrupt`` where it is not ours, of another log, or of more entries than ``size``.
        """
        last = self._good.get(tenant)
        if last is None or last[0] != note:
            last = (note, self._opened(tenant, size, note))
        head = last[1]
        if head.origin != origin:
            raise split(tenant, size, _NAME)
        if head.size > size:
            raise split(tenant, size, _LARGER.fill(signed=head.size))
        self._good[tenant] = last
        return head

    def _opened(self, tenant: str, size: int, note: str) -> Checkpoint:
        signer = self._signers.get(tenant) or self._signer_for(tenant, note)
        try:
            head = Checkpoint.parse(open_note(note, signer.vkey))
        except Corrupt as error:
            raise split(tenant, size, _KEY) from error
        self._signers[tenant] = signer
        return head

    def sign(self, tenant: str, checkpoint: Checkpoint) -> str:
        """Return a checkpoint as a signed note, and remember it as good.

        ``head`` or ``begin`` was asked about the log before.
        """
        note = self._signers[tenant].sign(checkpoint.text())
        self._good[tenant] = (note, checkpoint)
        return note

    def against_second_place(
        self, connection: Connection, tenant: str, signed: Checkpoint, size: int
    ) -> bool:
        """Raise ``Corrupt`` where the log contradicts the head that was signed last.

        ``signed`` is the stored head, found good; ``size`` the committed size. Returns whether
        there is a contradiction that the log itself has on record (``accept-restored``).
        """
        return self.against(self.second_place(tenant), connection, tenant, signed, size)

    def second_place(self, tenant: str) -> SecondPlace:
        """Read the second place now, to be compared with what is read of the database later.

        Who reads a snapshot reads this first: a head that is signed between the two is then only
        in the database, and never looks like a database that is too old.
        """
        try:
            return self.heads.read(tenant)
        except Corrupt as error:
            return error

    def against(
        self,
        second: SecondPlace,
        connection: Connection,
        tenant: str,
        signed: Checkpoint,
        size: int,
    ) -> bool:
        """Do as ``against_second_place``, with the second place as it was read before."""
        try:
            if isinstance(second, Corrupt):
                raise second
            if second is None or second.checkpoint == signed:
                return False
            self._compare(connection, tenant, second, size)
        except Corrupt:
            if self._on_record(connection, tenant, signed.size):
                return True
            raise
        return False

    def _compare(self, connection: Connection, tenant: str, second: Head, size: int) -> None:
        kept = second.checkpoint
        told = {"tenant": tenant, "size": size, "signed": kept.size}
        told["path"] = str(self.heads.path(tenant))
        if kept.size > size:
            raise Corrupt(_SMALLER.fill(**told))
        try:
            root = load_edge(connection, tenant, kept.size).root()
        except ValueError as error:
            raise split(tenant, size, str(error)) from error
        if root != kept.root:
            raise Corrupt(_OTHER.fill(**told))

    def _on_record(self, connection: Connection, tenant: str, start: int) -> bool:
        words = (f'"kind":"{RESTORED}"'.encode(), f'"head":"{self.heads.digest(tenant)}"'.encode())
        return connection.execute(_NAMED, (tenant, start, *words)).fetchone() is not None
