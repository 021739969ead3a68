"""The table ``[ledger]``: the evidence log, and when its heads are signed."""

from dataclasses import dataclass, field

from hegui.settings.fields import says
from hegui.settings.witness import ML_DSA, TIMESTAMP, Timestamp
from hegui.terms import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The evidence log."""

    origin: str = field(
        default="",
        metadata=says(
            "the log's name in its checkpoints: no spaces, no plus sign; never change it later",
            "账本在检查点中的名称：不含空格和加号；定下后不要更改",
            default_words=Words("hegui.local/ and the service's name", "hegui.local/ 加服务名称"),
        ),
    )
    appeal_days: int = field(
        default=15,
        metadata=says(
            "days within which an appeal is answered: your own limit, published (Art. 15)",
            "申诉的答复期限，天；由提供者自定并公布（第十五条）",
            low=1,
            high=365,
        ),
    )
    sign_seconds: int = field(
        default=1,
        metadata=says(
            "seconds within which what is durable is signed; until then a record is safe, and has "
            "no receipt that others can check",
            "已落盘的记录在多少秒内签名；在此之前记录已安全保存，但还没有可供他人核验的回执",
            low=1,
            high=60,
        ),
    )
    sign_leaves: int = field(
        default=4_096,
        metadata=says(
            "records after which a head is signed earlier than that",
            "未签名的记录达到这个条数时提前签名",
            low=256,
            high=65_536,
        ),
    )
    ml_dsa: bool = field(default=False, metadata=ML_DSA)
    timestamp: Timestamp | None = field(default=None, metadata=TIMESTAMP)
