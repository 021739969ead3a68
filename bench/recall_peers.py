"""Runs one peer over the texts of the test set, in the peer's own environment.

``python recall_peers.py NAME TEXTS.json OUT.json`` writes what was found as [kind, start, end] per
text, and the kinds that the peer claims. Peers that only rewrite are read by their replacements.
"""

import json
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

Found: TypeAlias = list[tuple[str, int, int]]

PRESIDIO = {
    "EMAIL_ADDRESS": ("email",),
    "CREDIT_CARD": ("bank_card",),
    "IP_ADDRESS": ("ipv4", "ipv6"),
    "IBAN_CODE": ("iban",),
    "URL": ("url",),
    "CRYPTO": ("crypto_address",),
    "US_SSN": ("us_ssn",),
    "PHONE_NUMBER": ("mobile", "landline", "phone"),
    "MAC_ADDRESS": ("mac",),
}
DATA_JUICER = {
    "EMAIL": ("email",),
    "PHONE": ("mobile",),
    "ID_CARD": ("resident_id",),
    "IP": ("ipv4",),
    "MAC": ("mac",),
    "JWT": ("token",),
    "PEM": ("private_key",),
}


def _as_kinds(kinds: Sequence[str], text: str, start: int, end: int) -> Found:
    """Give a finding that speaks of several kinds the one that fits what it found."""
    if kinds == ("ipv4", "ipv6"):
        kinds = ("ipv6",) if ":" in text[start:end] else ("ipv4",)
    elif len(kinds) > 1:
        value = "".join(char for char in text[start:end] if char.isdigit() or char == "+")
        kinds = ("phone",) if value[:1] == "+" else ("landline",) if value[:1] == "0" else kinds[:1]
    return [(kinds[0], start, end)]


def presidio(texts: Sequence[str]) -> tuple[list[Found], list[str]]:
    """Run all English pattern recognisers, without a language model."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

    class NoModel(NlpEngine):  # type: ignore[misc]  # the peer is not installed where this is checked
        def load(self) -> None: ...
        def is_loaded(self) -> bool:
            return True

        def process_text(self, _text: str, language: str) -> Any:
            return NlpArtifacts([], [], [], [], self, language)

        def process_batch(self, texts: Any, language: str, **_: Any) -> Any:
            for text in texts:
                yield text, self.process_text(text, language)

        def is_stopword(self, _word: str, _language: str) -> bool:
            return False

        def is_punct(self, _word: str, _language: str) -> bool:
            return False

        def get_supported_entities(self) -> list[str]:
            return []

        def get_supported_languages(self) -> list[str]:
            return ["en"]

    logging.disable(logging.CRITICAL)
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    models = ("Spacy", "Stanza", "Transformers")
    registry.recognizers = [
        one for one in registry.recognizers if not any(word in one.name for word in models)
    ]
    engine = AnalyzerEngine(registry=registry, nlp_engine=NoModel(), supported_languages=["en"])
    found: list[Found] = []
    for text in texts:
        here: Found = []
        for one in engine.analyze(text, language="en", entities=list(PRESIDIO)):
            here += _as_kinds(PRESIDIO[one.entity_type], text, one.start, one.end)
        found.append(here)
    return found, [kind for kinds in PRESIDIO.values() for kind in kinds]


def data_juicer(texts: Sequence[str]) -> tuple[list[Found], list[str]]:
    """Run pii_redaction_mapper. It overwrites: a value that is gone counts as found whole."""
    from data_juicer.ops.mapper.pii_redaction_mapper import PiiRedactionMapper

    mapper = PiiRedactionMapper()
    mark = re.compile(r"\[([A-Z_]+?)_REDACTED\]")
    found = [_between(text, mapper._redact_text(text), mark) for text in texts]  # noqa: SLF001
    return found, [kind for kinds in DATA_JUICER.values() for kind in kinds]


def _between(text: str, after: str, mark: Any) -> Found:
    """Place each mark between the stretches of text that were left."""
    found: Found = []
    at = 0
    names = mark.findall(after)
    rest = mark.split(after)[::2]
    for name, kept, follows in zip(names, rest, rest[1:], strict=False):
        start = at + len(kept)
        end = text.find(follows, start + 1) if follows else len(text)
        if end < 0:
            break
        if name in DATA_JUICER:
            found.append((DATA_JUICER[name][0], start, end))
        at = end
    return found


def datatrove(texts: Sequence[str]) -> tuple[list[Found], list[str]]:
    """Run PIIFormatter's two patterns, private addresses included."""
    from datatrove.pipeline.formatters.pii import PIIFormatter

    formatter = PIIFormatter(only_remove_public_ips=False)
    patterns = {"email": formatter.emails_replacer, "ipv4": formatter.ip_replacer}
    found = [
        [
            (kind, hit.start(), hit.end())
            for kind, replacer in patterns.items()
            for hit in replacer.regex.finditer(text)
        ]
        for text in texts
    ]
    return found, list(patterns)


def main() -> None:
    """Run the peer that is named."""
    name, texts, out = sys.argv[1:]
    run = {"presidio": presidio, "data-juicer": data_juicer, "datatrove": datatrove}[name]
    found, claims = run(json.loads(Path(texts).read_text()))
    Path(out).write_text(json.dumps({"found": found, "claims": claims}))


if __name__ == "__main__":
    main()
