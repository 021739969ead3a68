"""Builds the filing package: reads board, packs, attachments and keys, and writes a sealed folder.

Nothing goes onto the ledger and no record leaves it: the package holds hashes and proofs, and what
a record says is handed over by ``hegui ledger export``, which is on record itself (Art. 11).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from hegui.app import attestations, parts
from hegui.app.duties import Asked, Duties, Progress, given_of
from hegui.app.filing_fonts import Fonts
from hegui.app.filing_material import keywords_of, material_of
from hegui.app.logkeys import LogKeys
from hegui.filing.board import Board
from hegui.filing.package.blocks import Document
from hegui.filing.package.chapters import document
from hegui.filing.package.conclusions import Verdict, counted
from hegui.filing.package.glyphs import missing
from hegui.filing.package.lists import Question
from hegui.filing.package.material import Material
from hegui.filing.package.routes import Route
from hegui.filing.package.seal import about, manifest, readme, sealed
from hegui.filing.package.sheets import keyword_sheet, question_sheet
from hegui.filing.package.typesetting import FOOT, Typesetter
from hegui.filing.package.wording import docx
from hegui.filing.telling import day
from hegui.ledger import proof
from hegui.ledger.export import FolderSink
from hegui.ledger.export.folder import check_place
from hegui.ledger.export.writing import proof_path
from hegui.ledger.note import Signer
from hegui.ledger.tiles import read_log
from hegui.settings import Settings
from hegui.terms import BadRequest, Corrupt, Lang, Words

_LANGS: Final[tuple[Lang, ...]] = ("zh", "en")
_CHANGED = Words(
    "Entry {index} of the log is not what the board relied on. Check it: hegui ledger verify",
    "账本第 {index} 条记录与看板所依据的不一致。请核验：hegui ledger verify",
)
_NO_LOG = Words(
    "tenant {tenant} has no log yet; its first key begins one: hegui keys create --tenant {tenant}",
    "租户 {tenant} 尚无账本；账本从其第一个密钥开始：hegui keys create --tenant {tenant}",
)
_LOST = Words(
    "A file of the attestation in entry {index} is not in {place}. Put it back, or withdraw the "
    "attestation.",
    "第 {index} 条声明的文件不在 {place}。请放回该文件，或撤回该声明。",
)


@dataclass(frozen=True, slots=True)
class Order:
    """A package as it is asked for; ``as_of`` is UTC ms, None is now."""

    route: Route
    out: Path
    tenant: str = "default"
    as_of: int | None = None
    questions: tuple[Question, ...] | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """What was built. ``glyphs``: characters that the font cannot show, with document and chapter.

    ``trouble``: the ledger does not hold together, and nothing was built.
    """

    board: Board
    conclusions: Mapping[str, int] = field(default_factory=dict)
    files: int = 0
    seal: str = ""
    glyphs: Sequence[tuple[str, str, str]] = ()

    @property
    def trouble(self) -> Words | None:
        """What does not hold together in the ledger."""
        return self.board.trouble


def build(settings: Settings, order: Order, progress: Progress) -> Built:
    """Build the package and return what is in it; it appears whole or not at all.

    ``BadRequest`` for a place that is taken; ``Misconfigured`` where the extra ``filing`` is not
    installed, or packs or the font are broken; ``Corrupt`` for an attachment that was changed.
    """
    check_place(order.out)
    board = Duties(settings, given_of(settings), progress).board(Asked(order.tenant, order.as_of))
    if board.trouble is not None:
        return Built(board)
    made = material_of(settings, board, keywords_of(settings, board.as_of), order.questions)
    documents = tuple(document(one, made) for one in order.route.documents)
    with Fonts(settings) as fonts:
        glyphs = [one for lang in _LANGS for one in missing(documents, fonts.known, lang)]
        setter = Typesetter(fonts.folder, fonts.known)
        written = dict(_documents(documents, board, setter))
    written |= dict(_annexes(order, made))
    written |= dict(_attached(settings, board))
    evidence, checkpoint = _proofs(settings, board)
    written |= evidence
    signer = _signer(settings, order.tenant, checkpoint)
    written |= dict(_explained(order, made, signer, sorted({*glyphs}), checkpoint))
    listed = manifest(written)
    written["SEAL"] = sealed(signer, order.route.id, listed).encode()
    with FolderSink(order.out) as sink:
        for name in sorted(written):
            sink.put(name, written[name])
        sink.finish()
    digest = sha256(listed).hexdigest()
    return Built(board, counted(made.conclusions), len(written), digest, sorted({*glyphs}))


def _documents(
    documents: Sequence[Document], board: Board, setter: Typesetter
) -> Iterator[tuple[str, bytes]]:
    head = board.head
    log = f"{head.origin} {head.size} {head.root[:16]}" if head else "–"
    foot = FOOT.fill(day=day(board.as_of), log=log)
    for one in documents:
        for lang in _LANGS:
            yield f"{one.name}.{lang}.pdf", setter.pdf(one, foot, board.as_of, lang)
            yield f"{one.name}.{lang}.docx", docx(one, foot, board.as_of, lang)


def _annexes(order: Order, made: Material) -> Iterator[tuple[str, bytes]]:
    numbers = dict(made.profile.numbers)
    as_of = made.board.as_of
    if "keywords" in order.route.annexes:
        yield "4-keywords.xlsx", keyword_sheet(made.keywords, numbers, as_of)
    if "questions" in order.route.annexes and made.questions is not None:
        yield "5-questions.xlsx", question_sheet(made.questions, numbers, as_of)


def _attached(settings: Settings, board: Board) -> Iterator[tuple[str, bytes]]:
    """Yield what was attached to the attestations that states rest on, each under its SHA-256."""
    for item in board.items:
        said = item.attestation
        if not item.attested or said is None:
            continue
        for digest in (said.statement, *said.files):
            content = attestations.kept(settings, digest)
            if content is None:
                place = attestations.path_of(settings, digest)
                raise BadRequest(_LOST.fill(index=said.index, place=place))
            yield f"files/{digest}", content


def _proofs(settings: Settings, board: Board) -> tuple[dict[str, bytes], str]:
    """Return a proof for every record relied upon, the signed head, and that head's text."""
    if board.head is None:
        return {}, ""
    written: dict[str, bytes] = {}
    with read_log(parts.place_of(settings), board.tenant) as log:
        for index, one in board.records.items():
            if log.hashes(index, index + 1)[0].hex() != one.leaf:
                raise Corrupt(_CHANGED.fill(index=index))
            text = proof.write(index, log.inclusion(index), log.checkpoint)
            written[proof_path(index)] = text.encode()
        written["checkpoint"] = log.published.encode()
        return written, log.checkpoint


def _signer(settings: Settings, tenant: str, head: str) -> Signer:
    """Return the signer of the log with this head; its key is made where there is no log yet."""
    if not head and tenant != "default":
        raise BadRequest(_NO_LOG.fill(tenant=tenant[:60]), param="tenant")
    parts.require_keys(settings)
    keys = parts.key_directory(settings)
    return LogKeys(keys, settings.ledger.origin, ml_dsa=False)(tenant, head)


def _explained(
    order: Order,
    made: Material,
    signer: Signer,
    glyphs: Sequence[tuple[str, str, str]],
    checkpoint: str,
) -> Iterator[tuple[str, bytes]]:
    told: dict[str, Any] = about(order.route, made)
    told["glyphs"] = [list(one) for one in glyphs]
    told["proofs_under"] = checkpoint.partition("\n\n")[0].split("\n") if checkpoint else []
    yield "package.json", (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()
    yield "vkey", f"{signer.vkey}\n".encode()
    for lang in _LANGS:
        suffix = ".zh" if lang == "zh" else ""
        yield f"README{suffix}.md", readme(order.route, made, lang).encode()
    data = files("hegui.ledger.export") / "data"
    yield "verify.py", (data / "verify.py").read_bytes()
    yield "check.py", (files("hegui.filing.package") / "data" / "check.py").read_bytes()


def conforms(built: Built) -> bool:
    """Tell whether no provision was found that does not conform."""
    return not built.conclusions.get(Verdict.NOT.value, 0)
