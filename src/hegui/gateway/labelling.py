"""Article 12 on a chat reply: which label it carries, and the ``aigc`` object that says so."""

from dataclasses import dataclass
from typing import Any

from hegui.gateway.evidence import Exchange
from hegui.labels.text import header, implicit
from hegui.labels.value import Implicit
from hegui.settings import Labels


@dataclass(frozen=True, slots=True)
class ReplyLabel:
    """The label of one reply, allotted before its first byte."""

    mode: str  # suffix | interface
    language: str
    json_mode: bool
    number: str
    fields: Implicit
    asked_index: int | None

    def explicit(self, *, calls_tools: bool, speaks: bool = True) -> str:
        """Return how a choice is labelled for people.

        JSON and tool calls take no sentence: there the interface must show it (GB 45438, 5.6). So
        must it where a choice says nothing as content that a sentence could follow: a reply cut
        while it still reasons, or the model's own refusal.
        """
        if self.json_mode or calls_tools or (self.mode == "suffix" and not speaks):
            return "ui-required"
        return self.mode

    def aigc(self, *, calls_tools: bool = False, speaks: bool = True) -> dict[str, Any]:
        """Return the object that goes with the reply. Its place is our design, not the law's."""
        fields = self.fields
        return {
            "Label": fields.Label,
            "ContentProducer": fields.ContentProducer,
            "ProduceID": fields.ProduceID,
            "ReservedCode1": fields.ReservedCode1,
            "ContentPropagator": fields.ContentPropagator,
            "PropagateID": fields.PropagateID,
            "ReservedCode2": fields.ReservedCode2,
            "explicit": self.explicit(calls_tools=calls_tools, speaks=speaks),
            "evidence": self.number,
            "ledger": {"asked": self.asked_index},
        }

    def header(self) -> str:
        """Return the ``X-AIGC`` header's value."""
        return header(self.fields)


def reply_label(
    labels: Labels, producer: str, exchange: Exchange, *, json_mode: bool, index: int | None
) -> ReplyLabel:
    """Allot the label of a reply; the exchange's id is its content number."""
    asked = exchange.caller.label_mode
    mode = labels.text if asked == "default" else asked
    fields = implicit(producer, exchange.id)
    return ReplyLabel(mode, labels.language, json_mode, exchange.number, fields, index)
