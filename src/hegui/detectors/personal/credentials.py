"""Credentials: keys by their makers' fixed prefixes, tokens, private keys, passwords (A.3.c)."""

import re
from typing import Final

from hegui.detectors.personal.context import label_before, labelled, weighed
from hegui.detectors.personal.shape import Shape, labels_of
from hegui.detectors.targets import ANYTHING
from hegui.detectors.tree import WORD

_KEY: Final = "[A-Za-z0-9_-]"
_KEY_CHARS: Final = WORD | frozenset("-_")
_BASE64: Final = "[A-Za-z0-9+/_-]"
_TYPED: Final = r"[A-Za-z0-9!@#$%^&*_+=.~?-]"
_TYPED_CHARS: Final = WORD | frozenset("!@#$%^&*_+.~?-")
_NOT_SECRET: Final = frozenset(
    "none null true false string str password passwd required optional hidden example changeme "
    "undefined empty secret token input type text value default".split()
)

# Fixed prefixes, as the makers publish them. Lengths are bounds, not promises.
_MAKERS: Final = (
    r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}",  # Amazon Web Services
    r"LTAI[0-9A-Za-z]{12,26}",  # Alibaba Cloud
    r"AKID[0-9A-Za-z]{13,40}",  # Tencent Cloud
    r"AKLT[0-9A-Za-z_-]{16,60}",  # Volcano Engine
    r"ALTAK[0-9A-Za-z]{16,32}",  # Baidu AI Cloud
    r"bce-v3/ALTAK-[0-9A-Za-z]{16,32}/[0-9a-f]{40}",  # Baidu Qianfan
    r"JDC_[0-9A-Z]{24,32}",  # JD Cloud
    r"AIza[0-9A-Za-z_-]{35}",  # Google
    r"(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{16,99}",  # Stripe
    r"hf_[A-Za-z0-9]{30,40}",  # Hugging Face
    r"(?:gsk|r8)_[A-Za-z0-9]{32,60}",  # Groq, Replicate
    r"(?:xai|pplx|fw)-[A-Za-z0-9]{32,90}",  # xAI, Perplexity, Fireworks
    r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",  # SendGrid
    r"do[opr]_v1_[0-9a-f]{64}",  # DigitalOcean
    r"dapi[0-9a-f]{32}",  # Databricks
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",  # Shopify
    r"(?:AC|SK)[0-9a-f]{32}",  # Twilio
)
_TOKENS: Final = (
    r"gh[pousr]_[A-Za-z0-9]{36,100}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{60,100}",
    r"gl(?:pat|dt|rt|ptt|soat)-[A-Za-z0-9_-]{20,64}",  # GitLab
    r"xox[abeoprs]-[0-9A-Za-z-]{10,100}",  # Slack
    r"xapp-\d-[0-9A-Za-z-]{20,120}",
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-AgE[A-Za-z0-9_-]{50,200}",
    r"\d{8,10}:AA[A-Za-z0-9_-]{33}",  # Telegram
    r"ya29\.[A-Za-z0-9_-]{20,200}",  # Google OAuth
    r"(?:access_token|key)=[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",  # WeCom
    r"access_token=[0-9a-f]{64}",  # DingTalk
)
_KNOWN: Final = re.compile("|".join(("sk-", "eyJ", *_MAKERS, *_TOKENS)))
_JWT: Final = rf"eyJ{_KEY}{{10,60}}\.eyJ{_KEY}{{6,110}}(?:\.{_KEY}{{0,64}})?"


def api_key(value: str, _left: str) -> float:
    """Accept a key that looks random: letters and digits both, not words joined by hyphens."""
    tail = value[3:]
    return float(any(c.isdigit() for c in tail) and any(c.isalpha() for c in tail))


def assigned_key(value: str) -> bool:
    """Accept what looks random; a name or a path is none, and a known maker's has its own shape."""
    if _KNOWN.match(value):
        return False
    kinds = sum(map(bool, (re.search(s, value) for s in ("[0-9]", "[a-z]", "[A-Z]"))))
    return kinds >= 2 and bool(re.search("[0-9]", value))  # noqa: PLR2004 - digits and letters


def password(value: str, left: str) -> float:
    """Take what a label gives away: no plain word; without a mark, both or six digits."""
    names, _, gap = label_before(left)
    if "password" not in names or value.lower() in _NOT_SECRET or value.isalpha():
        return 0.0
    if re.search(r"[:=\"'“「『是为]", gap) or " is" in gap:
        return 1.0
    mixed = re.search("[0-9]", value) and re.search("[A-Za-z]", value)
    return float(bool(mixed or re.fullmatch("[0-9]{6,}", value)))


SHAPES: Final = (
    *(Shape("cloud_key", s, WORD, _KEY_CHARS, width=False) for s in _MAKERS),
    Shape("cloud_key", rf"sk-{_KEY}{{20,179}}", WORD, _KEY_CHARS, api_key, width=False),
    Shape("cloud_key", rf"sk-{_KEY}{{180}}", WORD, ANYTHING, api_key, width=False),
    # Any other key, where a name says what it is.
    Shape(
        "cloud_key",
        rf"{_BASE64}{{16,88}}={{0,2}}",
        WORD | frozenset("+/_-"),
        WORD | frozenset("+/=_-"),
        labelled("cloud_key", assigned_key),
        width=False,
        introduced=labels_of("cloud_key"),
    ),
    *(Shape("token", s, WORD, _KEY_CHARS, width=False) for s in _TOKENS),
    # RFC 7519 in the compact form of RFC 7515; as far as a stream can hold it.
    Shape("token", _JWT, WORD, ANYTHING, weighed("token"), width=False),
    # RFC 7468, PKCS 8 and OpenSSH: the header and the beginning of the key.
    Shape(
        "private_key",
        r"-----BEGIN [A-Z0-9 ]{0,20}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\n\r\\]{0,150}"
        r"(?:-----END [A-Z0-9 ]{0,20}PRIVATE KEY-----)?",
        ANYTHING,
        ANYTHING,
        width=False,
    ),
    # RFC 3986 userinfo with a password; the same with a name in Azure's connection strings.
    Shape(
        "connection_string",
        r"[A-Za-z][A-Za-z0-9+]{1,20}://[A-Za-z0-9._%-]{0,40}:[A-Za-z0-9!$%^&*_+=.~?#-]{1,64}@"
        r"[A-Za-z0-9.-]{1,80}(?::\d{1,5})?(?:/[A-Za-z0-9_-]{0,32})?",
        WORD,
        WORD,
        width=False,
        trigger=r"://[A-Za-z0-9._%-]{0,40}:[A-Za-z0-9!$%^&*_+=.~?#-]{1,64}@"
        r"[A-Za-z0-9.-]{1,80}(?::\d{1,5})?(?:/[A-Za-z0-9_-]{0,32})?",
    ),
    Shape(
        "connection_string",
        r"(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,90}={0,2}",
        WORD,
        WORD | frozenset("+/="),
        width=False,
    ),
    Shape(
        "password",
        rf"{_TYPED}{{4,32}}",
        _TYPED_CHARS,
        _TYPED_CHARS,
        password,
        width=False,
        introduced=labels_of("password"),
    ),
)
