"""Writing a receipt: a ZIP file with proofs, records, the key, a page to read and a verifier."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from typing import Final, Protocol

from hegui.ledger import leaf, proof
from hegui.terms import Lang, Words

MOST_RECORDS: Final = 64
VERIFIER: Final = "verify_receipt.py"

_BEIJING = timezone(timedelta(hours=8))
_EPOCH = (
    2023,
    8,
    15,
    0,
    0,
    0,
)  # the same receipt, the same bytes: files carry no time of their own

_MEANS: Final = {
    "exchange.asked": Words(
        "your request: under which rules it was judged, and the decision; no content",
        "您的请求：按哪些规则判断、如何处置；不含内容",
    ),
    "exchange.answered": Words(
        "the reply: the decision, how much of it was sent, and how it ended; no content",
        "对您的答复：如何处置、发出了多少、如何结束；不含内容",
    ),
    "appeal.received": Words(
        "your appeal: that it came in, and by when it is answered (due)",
        "您的申诉：已收到，以及答复期限（due）",
    ),
}
_OTHER = Words("a record of the service", "服务的一条记录")
_LANGUAGES: Final[tuple[Lang, ...]] = ("zh", "en")
_PAGE = Words(
    en="""RECEIPT {number}

Made on {at} (Beijing time) by a service that keeps its records with hegui. It shows that the
records below stood in the log "{origin}" when that had {size} entries. Nobody can change, remove
or backdate them afterwards without this receipt showing it. Keep the whole file: it needs no
account and no network, and holds however long the service lasts.

Records (times are Beijing time, by the service's own clock):
{rows}

Check it:
  python3 verify_receipt.py                (Python 3.8 or newer; pip install cryptography)
or with any program that reads c2sp.org/tlog-proof@v1: a .tlog-proof file carries its record as
extra data, and the head of the log, signed. The key to check the signature with:
  {vkey}
Compare it with the one that the provider publishes: a key out of this file proves nothing by
itself. Where much depends on it, take verify_receipt.py from hegui's own release.

What it does not show: what you or the model wrote (records hold digests only), and that nothing
else happened. If the provider shows other people another log, only an independent witness would
notice.
""",
    zh="""回执 {number}

由使用 hegui 保存记录的服务于 {at}（北京时间）出具。它证明：在账本“{origin}”共有 {size} 条
记录时，下列记录已在其中。此后任何人更改、删除或倒填这些记录，都会被这份回执揭穿。请保存整个
文件：核验时无需账号，也无需联网，服务停办之后依然有效。

记录（时间为北京时间，取自服务自身的时钟）：
{rows}

核验方法：
  python3 verify_receipt.py                （Python 3.8 或更新；pip install cryptography）
也可使用任何能读取 c2sp.org/tlog-proof@v1 的程序：.tlog-proof 文件以附加数据的形式带有记录本身，
并带有已签名的账本头。核对签名所用的公钥：
  {vkey}
请与提供者公布的公钥比对：仅凭本文件中的公钥什么也证明不了。事关重大时，请使用 hegui 正式发布的
verify_receipt.py。

它不能证明：您或模型写了什么（记录中只有摘要），以及没有发生过其他事情。提供者是否向别人出示另一份
账本，只有独立见证方才能发现。
""",
)


class Log(Protocol):
    """What is read of a log, in one snapshot and below its signed head."""

    origin: str
    size: int
    checkpoint: str

    def inclusion(self, index: int) -> list[bytes]:
        """Return the inclusion proof of leaf ``index``."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a receipt is about: its number (``HG-…``, ``AP-…``) and its records, by index."""

    number: str
    records: Sequence[tuple[int, bytes]]


def file_name(number: str) -> str:
    """Return the name that a receipt's file has."""
    return f"receipt-{number}.zip"


def write_receipt(log: Log, subject: Subject, vkey: str, at_ms: int) -> bytes:
    """Return the receipt as a ZIP file.

    Each record lies in it twice: as it is, and in its ``.tlog-proof`` (C2SP tlog-proof@v1) as the
    extra data, so that the proof stands by itself. ``at_ms`` is when the receipt is made (UTC).
    ``ValueError`` for more than 64 records, or where one of them lies above the signed head.
    """
    if not 0 < len(subject.records) <= MOST_RECORDS:
        raise ValueError(f"a receipt holds 1 to {MOST_RECORDS} records")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:

        def put(name: str, data: bytes) -> None:
            about = zipfile.ZipInfo(name, _EPOCH)
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            out.writestr(about, data)

        put("README.txt", _page(log, subject, vkey, at_ms).encode("utf-8-sig"))
        for index, record in subject.records:
            if not 0 <= index < log.size:
                raise ValueError(f"record {index} lies above the signed head")
            text = proof.write(index, log.inclusion(index), log.checkpoint, record)
            put(f"{index}{proof.SUFFIX}", text.encode())
            put(f"{index}.json", record)
        put("vkey", f"{vkey}\n".encode())
        put(VERIFIER, files("hegui.ledger.receipts").joinpath(VERIFIER).read_bytes())
    return packed.getvalue()


def _page(log: Log, subject: Subject, vkey: str, at_ms: int) -> str:
    """Return the page to read: Chinese, then English, each whole by itself."""
    day = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(_BEIJING)
    rows = [(index, leaf.parse(record)) for index, record in subject.records]
    parts = []
    for lang in _LANGUAGES:
        filled = _PAGE.fill(
            number=subject.number,
            at=f"{day:%Y-%m-%d %H:%M}",
            origin=log.origin,
            size=log.size,
            vkey=vkey,
            rows="\n".join(_row(index, record, lang) for index, record in rows),
        )
        parts.append(filled.say(lang))
    return "\n\n".join(parts).replace("\n", "\r\n")


def _row(index: int, record: dict[str, object], lang: Lang) -> str:
    at, kind = record.get("t"), str(record.get("kind", "?"))
    moment = datetime.fromtimestamp((at if isinstance(at, int) else 0) / 1000, UTC)
    when = f"{moment.astimezone(_BEIJING):%Y-%m-%d %H:%M:%S}"
    return f"  {index}.json  {when}  {kind}: {_MEANS.get(kind, _OTHER).say(lang)}"
