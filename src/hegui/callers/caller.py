"""The caller of one request: whose key, which person as far as known, of which age."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hegui.callers.assertion import Claims
from hegui.callers.keys import Audience, KeyRecord, LabelMode, RefusalMode
from hegui.terms import BadRequest, Words

AUDIENCE_HEADER: Final = "x-hegui-audience"
SUBJECT_FIELDS: Final = ("safety_identifier", "user")
_LONGEST_SUBJECT: Final = 512

ANONYMOUS: Final = KeyRecord(
    id="anonymous",
    tenant="default",
    audience="adult",
    label_mode="default",
    refusal_mode="reply",
    created=0,
    expires=None,
    revoked=None,
    note="",
)
"""Stands for the key of a caller without one, where the settings allow that."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``subject_raw`` is personal data: made a pseudonym at once, never printed.

    None as a subject means *unidentified*: never the whole key or tenant.
    """

    tenant: str
    key_id: str
    audience: Audience
    subject_raw: str | None = field(repr=False)
    label_mode: LabelMode
    refusal_mode: RefusalMode


def resolve(
    key: KeyRecord, claims: Claims | None, headers: Mapping[str, str], body_user: str | None
) -> Caller:
    """Put together who asks.

    The audience is the signed one, else the key's; an unsigned ``X-Hegui-Audience`` can only make
    it ``minor`` (Art. 10). The subject is the signed one, else what the body names.
    """
    audience = claims.audience if claims and claims.audience else key.audience
    said = headers.get(AUDIENCE_HEADER)
    if said is not None:
        if said.strip().lower() not in ("adult", "minor"):
            raise BadRequest(
                Words(
                    en="X-Hegui-Audience must be adult or minor.",
                    zh="X-Hegui-Audience 应为 adult 或 minor。",
                ),
                param="X-Hegui-Audience",
            )
        if said.strip().lower() == "minor":
            audience = "minor"
    subject = claims.subject if claims and claims.subject else body_user or None
    return Caller(
        tenant=key.tenant,
        key_id=key.id,
        audience=audience,
        subject_raw=subject,
        label_mode=key.label_mode,
        refusal_mode=key.refusal_mode,
    )


def subject_in(body: Mapping[str, Any]) -> str | None:
    """Return what an OpenAI request names its user by: ``safety_identifier``, else ``user``."""
    for name in SUBJECT_FIELDS:
        value = body.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str) or len(value) > _LONGEST_SUBJECT:
            raise BadRequest(
                Words(
                    en="{name} must be a text of at most 512 characters.",
                    zh="{name} 应为不超过 512 个字符的文本。",
                ).fill(name=name),
                param=name,
            )
        return value
    return None
