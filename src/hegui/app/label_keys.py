"""The platform's key for the fields of a label that it writes.

Apart from the doors that use it, so that whoever only looks at the key starts no gateway.
"""

from typing import Final

from hegui.labels import security, sm2
from hegui.settings.label_page import LabelPage as Table
from hegui.terms import BadRequest, Misconfigured, Words

_NO_KEY: Final = Words(
    en="The key that label_page.sm2_key names cannot be used. {why}",
    zh="label_page.sm2_key 指定的密钥无法使用。{why}",
)


class PropagatorKey:
    """The platform's key for the fields that it writes.

    What is no key is ``Misconfigured``, and so is one without the extra that signs with it.
    """

    def __init__(self, table: Table) -> None:
        try:
            self._key = sm2.private_key(table.sm2_key.reveal())
        except BadRequest as error:
            why = error.words
            words = Words(_NO_KEY.en.format(why=why.en), _NO_KEY.zh.format(why=why.zh))
            raise Misconfigured(words) from None

    def __call__(self, label: str, code: str, number: str) -> str:
        """Return ``ReservedCode2`` for a value of ``Label``."""
        return security.spread_signed(label, code, number, self._key)


def propagator_key(table: Table) -> PropagatorKey | None:
    """Return the platform's key; None where the settings name none."""
    return PropagatorKey(table) if table.sm2_key else None
