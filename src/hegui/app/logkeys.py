"""The keys that sign the logs: each tenant's log has its own, in files of the key directory.

Here because it is settings that name the logs, and the ledger that signs them: it is handed what
is built here. The first tenant's files are called ``signing`` and ``signing-ml-dsa-44``. Before
each tenant had a key, these signed all logs; a log that was begun so goes on under them for good,
because to those who hold its heads another key would be another log.
"""

import re
from hashlib import sha256
from typing import Final, NamedTuple

from hegui.ledger.cosignature import ML_DSA_44
from hegui.ledger.cosigning import SEED_BYTES, Cosigner
from hegui.ledger.note import Signature, Signer, split_note
from hegui.settings import KeyDirectory
from hegui.settings.rules import slug
from hegui.store import Connection, read_all
from hegui.terms import Corrupt, Misconfigured, Words

_FIRST: Final = "default"
_BYTES: Final = 32
_PLAIN: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST: Final = 60
_SECOND: Final = "ml-dsa-44"
_TWICE: Final = 2

_WHY = Words(
    "nobody could tell the log's next head from a forged one ({log})",
    "无法分辨账本今后的账本头是真是假（{log}）",
)
_WHY_SECOND = Words(
    "nobody could tell the log's next second signature from a forged one ({log})",
    "无法分辨账本今后的第二个签名是真是假（{log}）",
)
_OTHER = Words(
    en="The log of tenant {tenant} was not signed by the key in {path}. Put the right file back "
    "from your backup of the keys; a log is never continued with another key. If the file is the "
    "right one, the stored head was changed: hegui ledger verify says more.",
    zh="租户 {tenant} 的账本不是由密钥文件 {path} 签名的。请从密钥备份中恢复正确的文件；"
    "账本绝不会换用别的密钥续写。如果文件无误，则是已存的账本头被改动过："
    "请运行 hegui ledger verify 查看。",
)


class _Files(NamedTuple):
    """A pair of key files, and the name of the log that they sign."""

    first: str
    second: str
    origin: str


class LogKeys:
    """Gives the signer of each tenant's log. ``origin`` is the name of the first tenant's.

    With ``ml_dsa`` a second key signs, too.
    """

    def __init__(self, keys: KeyDirectory, origin: str, *, ml_dsa: bool) -> None:
        self._keys = keys
        self._origin = origin
        self._ml_dsa = ml_dsa

    def __call__(self, tenant: str, head: str) -> Signer:
        """Return the signer of the log whose last signed head is ``head``.

        An empty head is that of a log which is begun now: its key files are made where there are
        none, and of several processes all get the same. Otherwise none is made but the second
        key of a log that was never signed twice. ``Misconfigured`` names a file that is missing,
        or that did not sign the head.
        """
        files = self._chosen(tenant, head)
        read = self._keys.load if head else self._keys.load_or_create
        first = read(files.first, _BYTES)
        if not self._ml_dsa:
            return Signer(files.origin, first)
        if not self._keys.holds(files.second) and _count(head, files.origin) >= _TWICE:
            raise self._keys.lost(files.second, _WHY_SECOND.fill(log=tenant))
        second = self._keys.load_or_create(files.second, SEED_BYTES)
        return Signer(files.origin, first, Cosigner(files.origin, second, ML_DSA_44))

    def require(self, tenant: str, head: str) -> None:
        """Raise ``Misconfigured`` where the log with this head could not be continued."""
        files = self._chosen(tenant, head)
        if not self._ml_dsa or _count(head, files.origin) < _TWICE:
            return
        if not self._keys.holds(files.second):
            raise self._keys.lost(files.second, _WHY_SECOND.fill(log=tenant))
        key = Cosigner(files.origin, self._read(files.second), ML_DSA_44).key
        if key.stamp not in {line.stamp for line in _lines(head) if line.name == key.name}:
            path = self._keys.path / files.second
            raise Misconfigured(_OTHER.fill(tenant=tenant, path=path))

    def vkeys(self, tenant: str, head: str) -> tuple[str, ...]:
        """Return the verifier keys that the log's heads are to be checked with, Ed25519 first.

        None where the key file is missing. No file is made.
        """
        files = self._signed_by(tenant, head)
        if files is None:
            held = (one for one in self._candidates(tenant) if self._keys.holds(one.first))
            files = next(held, None)
        if files is None:
            return ()
        first = Signer(files.origin, self._read(files.first)).vkey
        if not self._ml_dsa or not self._keys.holds(files.second):
            return (first,)
        return first, Cosigner(files.origin, self._read(files.second), ML_DSA_44).key.vkey

    def _candidates(self, tenant: str) -> list[_Files]:
        """Return the files that may have signed a tenant's log: its own, then the first tenant's.

        A dot and a digest stand after names that are not plain, so that no two tenants share a log
        or a file, and no tenant gets the name of another's second key.
        """
        if tenant == _FIRST:
            return [_Files("signing", f"signing-{_SECOND}", self._origin)]
        name = tenant
        if not _PLAIN.fullmatch(tenant) or len(tenant) > _LONGEST or tenant == _SECOND:
            digest = sha256(tenant.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            name = f"{slug(tenant)[:_LONGEST].strip('-')}.{digest}"
        own = _Files(f"signing-{name}", f"signing-{name}.{_SECOND}", f"{self._origin}/{name}")
        shared = _Files("signing", f"signing-{_SECOND}", f"{self._origin}/{slug(tenant)}")
        return [own, shared]

    def _chosen(self, tenant: str, head: str) -> _Files:
        own, *shared = self._candidates(tenant)
        if not head:
            return own
        files = self._signed_by(tenant, head)
        if files is not None:
            return files
        if self._keys.holds(own.first):
            raise Misconfigured(_OTHER.fill(tenant=tenant, path=self._keys.path / own.first))
        name = own.first
        if shared and not self._keys.holds(shared[0].first):  # it may have been signed by either
            name = f"{own.first} / {shared[0].first}"
        raise self._keys.lost(name, _WHY.fill(log=tenant))

    def _signed_by(self, tenant: str, head: str) -> _Files | None:
        """Return the files whose key is named in a signature of ``head``."""
        lines = _lines(head)
        for files in self._candidates(tenant):
            if self._keys.holds(files.first):
                signer = Signer(files.origin, self._read(files.first))
                if any((line.name, line.stamp) == (signer.name, signer.stamp) for line in lines):
                    return files
        return None

    def _read(self, name: str) -> bytes:
        return self._keys.load(name, _BYTES)


def _lines(head: str) -> list[Signature]:
    """Return the signature lines of a head; none where it is no signed note."""
    try:
        return split_note(head)[1]
    except Corrupt:
        return []


def _count(head: str, origin: str) -> int:
    return sum(line.name == origin for line in _lines(head))


def heads_in(connection: Connection) -> dict[str, str]:
    """Return the last signed head of each log by tenant, the first tenant's first."""
    rows = read_all(connection, "SELECT tenant, checkpoint FROM log ORDER BY tenant")
    heads = [(str(tenant), str(head)) for tenant, head in rows]
    return dict(sorted(heads, key=lambda one: one[0] != _FIRST))
