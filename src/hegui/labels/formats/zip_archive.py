"""ZIP archives as documents use them: read by their directory, and changed member by member.

(APPNOTE.TXT 6.3.10; ISO/IEC 21320-1.) Other members' bytes stay where and as they are. What two
programs could read differently is refused: names that occur twice, a directory that does not end
where the file says, a member whose own name is another one. So are encrypted and split archives.
"""

import zlib
from collections.abc import Iterator, Mapping
from struct import pack, unpack, unpack_from
from typing import Final, NamedTuple

from hegui.labels.bounded import Bounded
from hegui.labels.container import (
    CUT_SHORT,
    INCONSISTENT,
    MOST_PARTS,
    TOO_LARGE,
    TOO_MANY,
    Source,
    Splice,
    exactly,
    refused,
)
from hegui.labels.splicing import Change, moved, spliced
from hegui.terms import BadRequest, Words

LOCAL: Final = b"PK\3\4"
_CENTRAL, _END, _END64, _LOCATOR = b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7"
_LOCAL_SIZE, _CENTRAL_SIZE, _END_SIZE, _END64_SIZE, _LOCATOR_SIZE = 30, 46, 22, 56, 20
_FULL: Final = 0xFFFF_FFFF
_ENCRYPTED, _BEHIND, _UTF8, _STRONG = 0x0001, 0x0008, 0x0800, 0x2040
_DEFLATED: Final = 8
_DESCRIPTORS: Final = (12, 16, 20, 24)
_FIRST_DAY: Final = 0x0021  # 1 January 1980: the archive's clock begins there
_FLAGS_AT, _TIME_AT, _CRC_AT, _OFFSET_AT = 8, 12, 16, 42


class Member(NamedTuple):
    """A member by its entry in the directory, ``raw``.

    ``wide_at`` is where in it an offset of eight bytes stands, 0 if it has four.
    """

    name: str
    start: int
    length: int
    size: int
    method: int
    flags: int
    raw: bytes
    wide_at: int


class Archive:
    """The directory of an archive, read within bounds."""

    def __init__(self, source: Source) -> None:
        self._source = Bounded(source)
        self.size = source.size
        self._tail_at = 0
        self.directory_at, count, length = self._ends()
        self.members = self._members(count, length)
        self._names = {one.name.lower(): one for one in self.members}
        if len(self._names) != len(self.members):
            raise refused("ZIP directory", self.directory_at, TWICE)
        self._order = sorted(one.start for one in self.members)

    def get(self, name: str) -> Member | None:
        """Return a member by its name; the names of a package do not tell cases apart."""
        return self._names.get(name.lower())

    def held(self, member: Member) -> bytes:
        """Return what a member holds: checked, and within the bound of all that is read."""
        start, end = self.stretch(member)
        data = exactly(self._source, start, end - start, "ZIP member")
        if member.method == _DEFLATED:
            opened = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                data = opened.decompress(data, self._source.left + 1)
            except zlib.error:
                raise refused("ZIP member", start, NOT_DEFLATED) from None
            self._source.take(start, len(data))
            if not opened.eof:
                raise refused("ZIP member", start, CUT_SHORT)
        elif member.method:
            raise refused("ZIP member", start, NOT_DEFLATED)
        if (
            len(data) != member.size
            or zlib.crc32(data) != unpack_from("<I", member.raw, _CRC_AT)[0]
        ):
            raise refused("ZIP member", start, INCONSISTENT)
        return data

    def stretch(self, member: Member) -> tuple[int, int]:
        """Return where a member's own bytes stand, behind its local head."""
        head = exactly(self._source, member.start, _LOCAL_SIZE, "ZIP member")
        named, more = unpack_from("<HH", head, 26)
        name = exactly(self._source, member.start + _LOCAL_SIZE, named, "ZIP member")
        start = member.start + _LOCAL_SIZE + named + more
        if head[:4] != LOCAL or name != _raw_name(member.raw):
            raise refused("ZIP member", member.start, INCONSISTENT)
        if start + member.length > self._past(member):
            raise refused("ZIP member", member.start, INCONSISTENT)
        return start, start + member.length

    def with_members(self, held: Mapping[str, bytes]) -> Splice:
        """Return the archive with members of these names; new ones stand behind the others."""
        changes, entries, rest = [], [], dict(held)
        for member in self.members:
            data = rest.pop(member.name, None)
            if data is None:
                entries.append((member, member.raw))
                continue
            record, raw = _made(member.name, data, member)
            changes.append(Change(member.start, self._end(member), record))
            entries.append((member, raw))
        directory, at = [], self.directory_at
        for member, raw in entries:
            directory.append(
                _placed(raw, moved(member.start, changes), member.wide_at, raw is member.raw)
            )
        behind = moved(at, changes)
        more = b""
        for name, data in rest.items():
            record, raw = _made(name, data, None)
            directory.append(_placed(raw, behind + len(more), 0, same=False))
            more += record
        whole = b"".join(directory)
        end = self._new_end(len(directory), len(whole), behind + len(more))
        return spliced(self.size, [*changes, Change(at, self.size, more + whole + end)])

    def _past(self, member: Member) -> int:
        """Return where the next member begins, or the directory."""
        low, high = 0, len(self._order)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._order[middle] <= member.start else (low, middle)
        return self._order[low] if low < len(self._order) else self.directory_at

    def _end(self, member: Member) -> int:
        """Return where a member ends, the descriptor behind its bytes counted in."""
        _, end = self.stretch(member)
        past = self._past(member)
        return past if member.flags & _BEHIND and past - end in _DESCRIPTORS else end

    def _ends(self) -> tuple[int, int, int]:
        """Return where the directory begins, how many entries it has, and how long it is."""
        tail_at = max(0, self.size - _END_SIZE - 0xFFFF)
        tail = self._source.read(tail_at, self.size - tail_at)
        at = tail.rfind(_END)
        if at < 0 or at + _END_SIZE > len(tail):
            raise refused("ZIP directory", tail_at, CUT_SHORT)
        self._end_raw = tail[at:]
        disks, disk, here, count, length, start, comment = unpack_from("<4xHHHHIIH", tail, at)
        at += tail_at
        if disks or disk or here != count or at + _END_SIZE + comment != self.size:
            raise refused("ZIP directory", at, INCONSISTENT)
        self._wide = b""
        past = at
        if _FULL in (length, start) or count == 0xFFFF:  # noqa: PLR2004 - the sign of a large archive
            past, start, count, length = self._ends_wide(at)
        if start + length != past or count > MOST_PARTS:
            raise refused("ZIP directory", at, TOO_MANY if count > MOST_PARTS else INCONSISTENT)
        return start, count, length

    def _ends_wide(self, at: int) -> tuple[int, int, int, int]:
        locator = exactly(self._source, at - _LOCATOR_SIZE, _LOCATOR_SIZE, "ZIP directory")
        sign, _, where, _ = unpack("<4sIQI", locator)
        if sign != _LOCATOR or where + _END64_SIZE + _LOCATOR_SIZE != at:
            raise refused("ZIP directory", at, INCONSISTENT)
        self._wide = exactly(self._source, where, _END64_SIZE, "ZIP directory")
        disks, disk, here, count, length, start = unpack_from("<16xIIQQQQ", self._wide)
        if self._wide[:4] != _END64 or disks or disk or here != count:
            raise refused("ZIP directory", where, INCONSISTENT)
        return where, start, count, length

    def _members(self, count: int, length: int) -> list[Member]:
        data = exactly(self._source, self.directory_at, length, "ZIP directory")
        members, at = [], 0
        for _ in range(count):
            if data[at : at + 4] != _CENTRAL or at + _CENTRAL_SIZE > length:
                raise refused("ZIP directory", self.directory_at + at, INCONSISTENT)
            end = at + _CENTRAL_SIZE + sum(unpack_from("<HHH", data, at + 28))
            if end > length:
                raise refused("ZIP directory", self.directory_at + at, INCONSISTENT)
            members.append(_member(data[at:end], self.directory_at + at))
            at = end
        if at != length:
            raise refused("ZIP directory", self.directory_at + at, INCONSISTENT)
        return members

    def _new_end(self, count: int, length: int, start: int) -> bytes:
        end = self._end_raw
        if not self._wide:
            if start + length >= _FULL or count >= 0xFFFF:  # noqa: PLR2004 - the sign of a large archive
                raise refused("ZIP directory", self.directory_at, TOO_LARGE)
            return end[:8] + pack("<HHII", count, count, length, start) + end[20:]
        wide = self._wide[:24] + pack("<QQQQ", count, count, length, start)
        return wide + pack("<4sIQI", _LOCATOR, 0, start + length, 1) + end


def others(archive: Archive, names: set[str]) -> Iterator[tuple[int, int]]:
    """Give the stretches of all members but those of ``names`` (in small letters)."""
    for member in archive.members:
        if member.name.lower() not in names:
            yield member.start, archive.stretch(member)[1]


def _member(raw: bytes, at: int) -> Member:
    flags, method = unpack_from("<HH", raw, _FLAGS_AT)
    length, size = unpack_from("<II", raw, 20)
    (disk,), (start,) = unpack_from("<H", raw, 34), unpack_from("<I", raw, _OFFSET_AT)
    if flags & (_ENCRYPTED | _STRONG):
        raise BadRequest(ENCRYPTED, code="file_encrypted")
    wide_at = 0
    if _FULL in (length, size, start):
        place, end = _wide(raw, at)
        values = []
        for value in (size, length, start):
            if value == _FULL:
                if place + 8 > end:
                    raise refused("ZIP directory", at, INCONSISTENT)
                values.append(unpack_from("<Q", raw, place)[0])
                wide_at = place
                place += 8
            else:
                values.append(value)
        wide_at = wide_at if start == _FULL else 0
        size, length, start = values
    if disk:
        raise refused("ZIP directory", at, INCONSISTENT)
    name = _raw_name(raw).decode("utf-8" if flags & _UTF8 else "cp437", "replace")
    return Member(name, start, length, size, method, flags, raw, wide_at)


def _raw_name(raw: bytes) -> bytes:
    return raw[_CENTRAL_SIZE : _CENTRAL_SIZE + unpack_from("<H", raw, 28)[0]]


def _wide(raw: bytes, at: int) -> tuple[int, int]:
    """Return the stretch of an entry's sizes and offset of eight bytes each."""
    named, more = unpack_from("<HH", raw, 28)
    place = _CENTRAL_SIZE + named
    end = place + more
    while place + 4 <= end:
        kind, length = unpack_from("<HH", raw, place)
        place += 4
        if kind == 1 and place + length <= end:
            return place, place + length
        place += length
    raise refused("ZIP directory", at, INCONSISTENT)


def _made(name: str, data: bytes, old: Member | None) -> tuple[bytes, bytes]:
    """Return a member's record and its entry, in whose offset stands nothing yet."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    flags = old.flags & _UTF8 if old else 0
    when = old.raw[_TIME_AT : _TIME_AT + 4] if old else pack("<HH", 0, _FIRST_DAY)
    named = _raw_name(old.raw) if old else name.encode("ascii")
    facts = pack("<HH", flags, _DEFLATED) + when
    facts += pack("<IIIH", zlib.crc32(data), len(packed), len(data), len(named))
    by, attributes = (old.raw[4:6], old.raw[36:42]) if old else (pack("<H", 20), bytes(6))
    record = LOCAL + pack("<H", 20) + facts + pack("<H", 0) + named + packed
    raw = _CENTRAL + by + pack("<H", 20) + facts + bytes(6) + attributes + bytes(4) + named
    return record, raw


def _placed(raw: bytes, start: int, wide_at: int, same: bool) -> bytes:  # noqa: FBT001 - a fact of an entry
    """Return an entry with the offset of its member."""
    if same and wide_at:
        return raw[:wide_at] + pack("<Q", start) + raw[wide_at + 8 :]
    if start >= _FULL:
        raise refused("ZIP directory", start, TOO_LARGE)
    return raw[:_OFFSET_AT] + pack("<I", start) + raw[_OFFSET_AT + 4 :]


TWICE: Final = Words(en="two members have the same name", zh="存在同名的成员")
NOT_DEFLATED: Final = Words(en="it cannot be decompressed", zh="无法解压")
ENCRYPTED: Final = Words(
    en="The archive is encrypted: its label can be neither read nor written without its key. Label"
    " the document before it is encrypted. It was not changed.",
    zh="该压缩包已加密：没有密钥既不能读取也不能写入标识。请在加密之前写入标识。文件未作任何改动。",
)
