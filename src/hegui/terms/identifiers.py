"""The identifiers that Chinese law gives a provider: the credit code and the provider code.

Sources: GB 32100-2015 (unified social credit code, 统一社会信用代码); TC260-PG-20252A (27-character
provider code), read through two implementations and checked against four published codes.
"""

from typing import Final

from hegui.terms.words import Words

_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE: Final = {char: value for value, char in enumerate(_ALPHABET)}
_BODY: Final = 17
_USCC_LENGTH: Final = 18
_CODE_LENGTH: Final = 27
_ORGANISATION_BY_USCC: Final = "0011"
_GENERATION: Final = "1"
_PROPAGATION: Final = "2"
_NO_EXTENSION: Final = "00000"
_CODE_CHARS: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def uscc_check_char(first17: str) -> str:
    """Return the check character of a credit code's first 17 characters (GB 32100-2015).

    Raises ``ValueError`` when they are not 17 characters of the code's alphabet.
    """
    if len(first17) != _BODY or any(char not in _VALUE for char in first17):
        raise ValueError(first17)
    total = sum(_VALUE[char] * pow(3, place, 31) for place, char in enumerate(first17))
    return _ALPHABET[-total % 31]


def uscc_valid(code: str) -> bool:
    """Tell whether ``code`` is a unified social credit code whose check character is right."""
    if len(code) != _USCC_LENGTH or any(char not in _VALUE for char in code):
        return False
    return code[-1] == uscc_check_char(code[:_BODY])


def provider_code(uscc: str, extension: str = "0000") -> str:
    """Build the provider code of an organisation that generates content (TC260-PG-20252A).

    Nobody issues this code: it follows from the organisation's own credit code. Raises
    ``ValueError`` when the credit code or the extension is not valid, and never makes one up.
    """
    code = f"{_ORGANISATION_BY_USCC}{uscc}{_GENERATION}{extension}"
    if provider_code_fault(code) is not None:
        raise ValueError(code)
    return code


def propagator_code(code: str) -> str:
    """Return the code of the same organisation as a service that spreads content.

    Character 23 becomes 2; a code without extension (``00000``) names no service and stays.
    """
    at = len(_ORGANISATION_BY_USCC) + _USCC_LENGTH
    return code if code[at:] == _NO_EXTENSION else f"{code[:at]}{_PROPAGATION}{code[at + 1 :]}"


def provider_code_fault(code: str) -> Words | None:
    """Say what is wrong with a provider code, or return None when nothing is."""
    if len(code) != _CODE_LENGTH or not _CODE_CHARS.issuperset(code):
        return Words(
            "a provider code has 27 characters, 0-9 and A-Z; this one has {n}",
            "服务提供者编码应为 27 位，只含 0-9 和 A-Z；这里有 {n} 位",
        ).fill(n=len(code))
    if not code.startswith(_ORGANISATION_BY_USCC):
        return Words(
            "the code of an organisation bound by its credit code begins with 0011",
            "以统一社会信用代码标识的组织，其编码以 0011 开头",
        )
    if not uscc_valid(code[4:22]):
        return Words(
            "characters 5-22 are not a valid unified social credit code (check character, "
            "GB 32100-2015)",
            "第 5 至 22 位不是有效的统一社会信用代码（校验码不符，GB 32100-2015）",
        )
    tail = code[22:]
    if tail[0] != _GENERATION and tail != _NO_EXTENSION:
        return Words(
            "character 23 must be 1 (generation); 2 is for platforms that spread content",
            "第 23 位应为 1（生成服务）；2 用于内容传播平台",
        )
    return None
