"""What seals a package: the list of its files, a signature over it, and what explains the rest.

``SEAL`` is a signed note (C2SP signed-note) by the key of the log. Its text cannot be taken for a
checkpoint: the second line is no number.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from hegui.filing.package.conclusions import Conclusion, Verdict, counted
from hegui.filing.package.material import Material
from hegui.filing.package.routes import Route
from hegui.filing.telling import day, moment
from hegui.ledger.note import Signer
from hegui.terms import Lang, Words

FORMAT: Final = "hegui-filing/1"
_README = Words(
    "# {title}: draft of {day}\n\n"
    "{about}\n\n"
    "Every page is a draft until it is signed by hand. Of {n} provisions {conforms} conform, "
    "{short} do not, {other} do not apply; `package.json` lists them with what each rests on. What "
    "is missing says which command supplies it. Test accounts and interface descriptions do not "
    "belong in this folder.\n\n"
    "Check it: `python3 check.py` (signatures need `pip install cryptography`). It names every "
    "file that was changed, is missing or was added, checks the signature of the seal, and shows "
    "that every record relied upon is in the signed log. What a record says is not here: "
    "`hegui ledger export --record N` hands it over.\n",
    "# {title}：{day} 草稿\n\n"
    "{about}\n\n"
    "手写签署之前，每一页均为草稿。共 {n} 项：符合 {conforms} 项，不符合 {short} 项，"
    "不适用 {other} 项；各项及其依据见 `package.json`。缺少内容之处注明由哪条命令提供。"
    "测试账号和接口说明不应放入本文件夹。\n\n"
    "核验：`python3 check.py`（核对签名需要 `pip install cryptography`）。"
    "它会指出每个被改动、缺少或多出的文件，核对封签，并证明所依据的每条记录都在已签名的账本中。"
    "记录内容不在此处，由 `hegui ledger export --record N` 出示。\n",
)


def manifest(written: Mapping[str, bytes]) -> bytes:
    """Return the list of files that is sealed, as sha256sum writes it, in order of name."""
    lines = (f"{sha256(written[name]).hexdigest()}  {name}\n" for name in sorted(written))
    return "".join(lines).encode()


def sealed(signer: Signer, route: str, listed: bytes) -> str:
    """Return the seal over a list of files."""
    return signer.sign(f"{FORMAT}\nroute {route}\nsha256 {sha256(listed).hexdigest()}\n")


def about(route: Route, made: Material) -> dict[str, Any]:
    """Return the package as data: what it follows from, every conclusion, every record."""
    board = made.board
    head = board.head
    return {
        "format": FORMAT,
        "draft": True,
        "route": route.id,
        "tenant": board.tenant,
        "as_of": moment(board.as_of),
        "profile": {"id": made.profile.id, "digest": board.profile},
        "catalogue": board.catalogue,
        "board": board.digest,
        "checkpoint": (
            {"origin": head.origin, "size": head.size, "root": head.root} if head else None
        ),
        "counts": counted(made.conclusions),
        "provisions": [_told(one) for one in made.conclusions],
        "records": [
            {"index": index, "kind": one.kind, "leaf": one.leaf}
            for index, one in sorted(board.records.items())
        ],
    }


def _told(one: Conclusion) -> dict[str, Any]:
    said: dict[str, Any] = {
        "duty": one.duty.id,
        "verdict": one.verdict.value,
        "because": {"en": one.because.en, "zh": one.because.zh},
        "records": [cited.index for cited in one.proofs],
    }
    if one.causes:
        said["causes"] = [{"en": words.en, "zh": words.zh} for words in one.causes]
    if one.plan is not None:
        said["plan"] = {"en": one.plan.en, "zh": one.plan.zh}
    return said


def readme(route: Route, made: Material, lang: Lang) -> str:
    """Return the page that explains the folder."""
    many = counted(made.conclusions)
    return _README.say(lang).format(
        title=route.title.say(lang),
        about=route.about.say(lang),
        day=day(made.board.as_of),
        n=len(made.conclusions),
        conforms=many[Verdict.CONFORMS],
        short=many[Verdict.NOT],
        other=many[Verdict.NOT_APPLICABLE],
    )
