"""The nearest same work by other programs, each in an environment of its own.

Run by ``screen`` as ``python peers.py NAME SAMPLE LEXICON`` with that environment's interpreter:
imports nothing of ours, prints one line of JSON. ``SAMPLE`` is JSON lines with ``text``.
"""

import contextlib
import json
import logging
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 3
Texts = list[str]


def presidio(texts: Texts, _words: list[str]) -> dict[str, Callable[[], Any]]:
    """Return Presidio's predefined English recognisers of patterns, without a language model."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

    class NoModel(NlpEngine):  # type: ignore[misc]
        """Answers what the analyzer asks of a language model, with nothing."""

        def load(self) -> None:
            """Load nothing."""

        def is_loaded(self) -> bool:
            """Say that it is ready."""
            return True

        def process_text(self, _text: str, language: str) -> Any:
            """Return no tokens."""
            return NlpArtifacts([], [], [], [], self, language)

        def process_batch(self, texts: Any, language: str, **_more: Any) -> Any:
            """Return no tokens for each."""
            return ((text, self.process_text(text, language)) for text in texts)

        def is_stopword(self, _word: str, _language: str) -> bool:
            """Know no stop words."""
            return False

        def is_punct(self, _word: str, _language: str) -> bool:
            """Know no punctuation."""
            return False

        def get_supported_entities(self) -> list[str]:
            """Name no entities."""
            return []

        def get_supported_languages(self) -> list[str]:
            """Name English."""
            return ["en"]

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    models = ("Spacy", "Stanza", "Transformers")
    registry.recognizers = [
        one for one in registry.recognizers if not any(model in one.name for model in models)
    ]
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=NoModel(), supported_languages=["en"])
    names = f"{len(registry.recognizers)} predefined recognisers of patterns, no language model"
    return {names: lambda: [analyzer.analyze(text, language="en") for text in texts]}


def datatrove(texts: Texts, words: list[str]) -> dict[str, Callable[[], Any]]:
    """Return datatrove's redaction of two kinds, and its way with a word list."""
    from datatrove.pipeline.formatters.pii import PIIFormatter

    formatter = PIIFormatter(only_remove_public_ips=False)
    listed = re.compile("|".join(map(re.escape, words)))
    few = texts[: max(1, len(texts) // 20)]
    return {
        "PIIFormatter: e-mail and IP, replaced": lambda: [formatter.format(one) for one in texts],
        "the word list as C4BadWordsFilter looks for it (1/20 of the sample)": lambda: [
            listed.search(one.lower()) for one in few
        ],
    }


def datajuicer(texts: Texts, words: list[str]) -> dict[str, Callable[[], Any]]:
    """Return Data-Juicer's redaction of personal data, and its ratio of listed words."""
    from data_juicer.ops.filter.flagged_words_filter import FlaggedWordFilter
    from data_juicer.ops.mapper.pii_redaction_mapper import PiiRedactionMapper
    from data_juicer.utils.constant import Fields

    mapper = PiiRedactionMapper()
    room = tempfile.mkdtemp()
    (Path(room) / "flagged_words.json").write_text(json.dumps({"zh": words}), encoding="utf-8")
    flagged = FlaggedWordFilter(lang="zh", tokenization=False, flagged_words_dir=room)

    def both() -> None:
        redacted = mapper.process_batched({"text": list(texts)})["text"]
        flagged.compute_stats_batched({"text": redacted, Fields.stats: [{} for _ in redacted]})

    return {"pii_redaction_mapper, replaced, then flagged_words_filter (a ratio)": both}


def main() -> None:
    """Measure one program."""
    name, sample, lexicon = sys.argv[1:4]
    logging.disable(logging.CRITICAL)
    texts = [json.loads(line)["text"] for line in Path(sample).read_text("utf-8").splitlines()]
    words = json.loads(Path(lexicon).read_text("utf-8"))
    size = sum(len(text.encode()) for text in texts) / 1e6
    makers = {"presidio": presidio, "datatrove": datatrove, "data-juicer": datajuicer}
    found = []
    with contextlib.redirect_stdout(sys.stderr):
        for operations, work in makers[name](texts, words).items():
            times = []
            for _ in range(ROUNDS):
                began = time.process_time()
                work()
                times.append(time.process_time() - began)
            part = 1 / 20 if "1/20" in operations else 1
            speed = size * part / statistics.median(times)
            found.append({"operations": operations, "mb_per_s": speed})
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
