"""What the words of trouble mean, for a person."""

from typing import Final

from hegui.terms import Words

_TROUBLES: Final = {
    "unreachable": Words("cannot be reached", "无法连接"),
    "timeout": Words("did not answer in time", "未在时限内应答"),
    "broken-off": Words("broke off its answer", "应答中断"),
    "busy": Words("is busy", "繁忙"),
    "bad-request": Words("does not understand the request", "不理解请求"),
    "too-large": Words("answered, or was asked, at too great a length", "数据过大"),
    "key-unknown": Words(
        "does not know this log's key: give its operator what hegui ledger vkey prints",
        "不认识该账本的公钥：请把 hegui ledger vkey 的输出交给其运营者",
    ),
    "log-unknown": Words(
        "does not follow this log: give its operator what hegui ledger vkey prints",
        "没有跟踪该账本：请把 hegui ledger vkey 的输出交给其运营者",
    ),
    "inconsistent": Words(
        "SAYS THAT THIS LOG DOES NOT EXTEND WHAT IT SIGNED BEFORE: a backup was restored, or the "
        "history was changed; run hegui ledger verify, and speak with its operator",
        "称该账本不是其此前所签检查点的延续：可能恢复过备份，或历史被改动；"
        "请运行 hegui ledger verify，并与其运营者联系",
    ),
    "ahead": Words(
        "HAS SIGNED MORE ENTRIES THAN ARE HERE: a backup was restored; run hegui ledger verify",
        "签署过的记录比此处还多：可能恢复过备份；请运行 hegui ledger verify",
    ),
    "changing": Words("changes its mind about what it holds", "所持大小反复变化"),
    "bad-signature": Words("gave a signature that does not fit", "给出的签名无效"),
    "no-signature": Words(
        "signed with another key than vkey says: get its key from its operator",
        "签名所用的公钥与 vkey 不同：请向其运营者索取公钥",
    ),
    "bad-time": Words("signed with a time that cannot be: its clock is wrong", "时钟不准"),
    "bad-stamp": Words(
        "gave a time stamp that does not verify: check ca in [ledger.timestamp]",
        "给出的时间戳核验不通过：请检查 [ledger.timestamp] 中的 ca",
    ),
    "no-ml-dsa": Words("signs with ML-DSA-44, which is unknown here", "此处不支持 ML-DSA-44"),
    "protocol": Words("answered with something else", "应答不符合格式"),
    "corrupt": Words(
        "was not asked: the log does not hold together; run hegui ledger verify",
        "未询问：账本前后不一致；请运行 hegui ledger verify",
    ),
    "unavailable": Words("was not asked: the database is busy", "未询问：数据库繁忙"),
}
_HTTP = Words("answered with HTTP {status}", "应答为 HTTP {status}")


def trouble(word: str) -> Words:
    """Return what a word of trouble means, said of a witness or the time authority."""
    if word.startswith("http-"):
        return _HTTP.fill(status=word.removeprefix("http-"))
    return _TROUBLES.get(word, Words(word, word))
