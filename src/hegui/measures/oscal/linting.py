"""What the schema of OSCAL does not see: ids that stand twice, links that lead nowhere, gaps.

NIST's schema and other tools accept all of these.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from hegui.measures.catalogue import Catalogue
from hegui.measures.oscal.component import MET
from hegui.measures.oscal.pieces import NAMESPACE
from hegui.terms import Words

Document: TypeAlias = Mapping[str, Any]

_INSERT: Final = re.compile(r"\{\{\s*insert:\s*param,\s*([^}\s]+)\s*\}\}")
_DEEPEST: Final = 64


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to put right: the document's name, where in it, and what."""

    document: str
    where: str
    words: Words

    @property
    def sentence(self) -> Words:
        """All of it on one line."""
        return Words(
            f"{self.document}: {self.where}: {self.words.en}",
            f"{self.document}：{self.where}：{self.words.zh}",
        )


class _Node(NamedTuple):
    path: str
    key: str
    value: Mapping[str, Any]


def faults_of(documents: Mapping[str, Document], catalogue: Catalogue) -> list[Fault]:
    """Return everything that is wrong in the documents, which are named by their files.

    The catalogue document must be among them for references to controls to be judged. Values that
    are no objects where OSCAL has objects are left to the schema.
    """
    found = []
    for name, document in documents.items():
        nodes = list(_walk(document))
        found += [Fault(name, where, words) for where, words in _alone(document, nodes)]
    controls, statements = _targets(documents)
    if controls:
        for name, document in documents.items():
            found += [
                Fault(name, where, words)
                for where, words in _across(list(_walk(document)), controls, statements)
            ]
    for name, document in documents.items():
        if "catalog" in document:
            found += [Fault(name, where, words) for where, words in _text(document, catalogue)]
        if "component-definition" in document:
            found += [Fault(name, where, words) for where, words in _gaps(document, catalogue)]
    return found


def _walk(value: Any, path: str = "", key: str = "", depth: int = 0) -> Iterator[_Node]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        yield _Node(path, key, value)
        for name, inner in value.items():
            yield from _walk(inner, f"{path}/{name}", str(name), depth + 1)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _walk(inner, f"{path}/{place}", key, depth + 1)


def _alone(document: Document, nodes: list[_Node]) -> Iterable[tuple[str, Words]]:
    uuids = Counter(node.value["uuid"] for node in nodes if isinstance(node.value.get("uuid"), str))
    # a role or a parameter may be called as a control is: each kind of thing has its own ids
    ids = Counter(
        (node.key if node.key in ("roles", "params") else "", node.value["id"])
        for node in nodes
        if isinstance(node.value.get("id"), str) and node.key != "system-id"
    )
    for one, times in uuids.items():
        if times > 1:
            yield one, _TWICE
    for (_, one), times in ids.items():
        if times > 1:
            yield one, _TWICE
    known = {*uuids, *(one for _, one in ids)}
    for node in nodes:
        href = node.value.get("href")
        if isinstance(href, str) and href.startswith("#") and href[1:] not in known:
            yield node.path, _DANGLING.fill(href=href)
    yield from _languages(nodes)
    if "catalog" in document:
        params = {one for kind, one in ids if kind == "params"}
        for node in nodes:
            for name in _INSERT.findall(str(node.value.get("prose", ""))):
                if name not in params:
                    yield node.path, _NO_PARAM.fill(name=name)


def _languages(nodes: list[_Node]) -> Iterable[tuple[str, Words]]:
    for node in nodes:
        parts = _list(node.value, "parts")
        if node.key != "controls":
            continue
        spoken = Counter(
            str(part.get("class"))
            for part in parts
            if isinstance(part, Mapping) and part.get("name") == "statement"
        )
        if spoken != Counter({"zh": 1, "en": 1}):
            yield str(node.value.get("id", node.path)), _ONE_LANGUAGE
        sizes = {
            len(_list(part, "parts"))
            for part in parts
            if isinstance(part, Mapping) and part.get("name") == "statement"
        }
        if len(sizes) > 1:
            yield str(node.value.get("id", node.path)), _UNEQUAL


def _targets(documents: Mapping[str, Document]) -> tuple[set[str], set[str]]:
    controls: set[str] = set()
    parts: set[str] = set()
    for document in documents.values():
        if "catalog" not in document:
            continue
        for node in _walk(document):
            if node.key == "controls" and "id" in node.value:
                controls.add(str(node.value["id"]))
            elif node.key == "parts" and "id" in node.value:
                parts.add(str(node.value["id"]))
    return controls, parts


def _across(nodes: list[_Node], controls: set[str], parts: set[str]) -> Iterable[tuple[str, Words]]:
    for node in nodes:
        for name, known in (("control-id", controls), ("statement-id", parts)):
            said = node.value.get(name)
            if isinstance(said, str) and said not in known:
                yield node.path, _NO_CONTROL.fill(name=said)
        target = node.value.get("target-id")
        if isinstance(target, str) and target not in parts:
            yield node.path, _NO_CONTROL.fill(name=target)
        for said in _list(node.value, "with-ids"):
            if str(said) not in controls:
                yield node.path, _NO_CONTROL.fill(name=said)
        if node.key == "sources" and str(node.value.get("id-ref")) not in controls:
            yield node.path, _NO_CONTROL.fill(name=node.value.get("id-ref"))


def _text(document: Document, catalogue: Catalogue) -> Iterable[tuple[str, Words]]:
    """Compare the articles in a catalogue document with the official text."""
    said: dict[str, str] = {}
    for node in _walk(document):
        if node.key == "parts" and node.value.get("class") == "zh":
            labels = [one["value"] for one in _list(node.value, "props") if _named(one, "label")]
            if labels:
                said[str(labels[0])] = str(node.value.get("prose", ""))
    for clause in catalogue.text.clauses.values():
        if said.get(clause.id) != clause.text.zh:
            yield clause.id, _OTHER_TEXT


def _list(value: Mapping[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    return found if isinstance(found, list) else []


def _named(one: Any, name: str) -> bool:
    return isinstance(one, Mapping) and one.get("name") == name and "value" in one


def _gaps(document: Document, catalogue: Catalogue) -> Iterable[tuple[str, Words]]:
    met: dict[str, list[str]] = {}
    for node in _walk(document):
        if node.key == "implemented-requirements":
            how = [
                str(one["value"])
                for one in _list(node.value, "props")
                if _named(one, "met-by") and one.get("ns") == NAMESPACE
            ]
            met.setdefault(str(node.value.get("control-id")), []).extend(how)
    for duty in catalogue.duties.values():
        said = met.get(duty.id, [])
        if duty.binds_provider and (len(said) != 1 or said[0] not in MET):
            yield duty.id, _NOT_MET


_TWICE: Final = Words("this id stands more than once", "此编号重复出现")
_DANGLING: Final = Words(
    "the link {href} leads nowhere in this document", "链接 {href} 在本文件中没有对应目标"
)
_NO_PARAM: Final = Words("there is no parameter {name}", "没有参数 {name}")
_ONE_LANGUAGE: Final = Words(
    "needs one statement in Chinese and one in English", "应有中文、英文表述各一份"
)
_UNEQUAL: Final = Words(
    "the two languages have different numbers of items", "中英文的条目数量不一致"
)
_NO_CONTROL: Final = Words("the catalogue has no {name}", "目录中没有 {name}")
_OTHER_TEXT: Final = Words("the Chinese is not the official text", "中文与官方文本不一致")
_NOT_MET: Final = Words(
    "is neither implemented nor said to be attested or required of the provider",
    "既没有实现，也没有说明由提供者声明或者另行接入",
)
