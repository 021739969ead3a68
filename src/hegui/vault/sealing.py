"""The cryptography of the vault. Pure but for the system's source of random bytes.

From a subject's key (32 random bytes) come, by HMAC-SHA-256 over a purpose, the exchange and the
part, one key per sealed part and one per commitment. Destroying the subject's key destroys all.

Format v1 is sealed for one subject: ``01``, nonce, AES-256-GCM under the derived key. Format v2 is
sealed for several: ``02``, nonce, AES-256-GCM under a random key of its own over the commitment's
salt (32 bytes) and the content; that key is wrapped for each subject (RFC 3394). With the salt
inside, whoever can open it can check the commitment, though the subject who made it is erased.
"""

from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from hegui.store import random_bytes
from hegui.vault.keyed import keyed

KEY_BYTES = 32
_NONCE_BYTES = 12
_V1, _V2 = b"\x01", b"\x02"
_SALT_BYTES = 32


def commitment(key: bytes, exchange: str, part: str, content: bytes) -> str:
    """Return SHA-256 over a salt derived from the subject's key, then the content, in hex.

    Short texts cannot be guessed from it without the key (Art. 11), and whoever is given the
    derived salt and the content can check it with ``sha256sum``.
    """
    return sha256(commitment_salt(key, exchange, part) + content).hexdigest()


def commitment_salt(key: bytes, exchange: str, part: str) -> bytes:
    """Return the salt of one commitment: what an inspector needs, and opens nothing else."""
    return keyed(key, _joined("commit", exchange, part))


def seal(key: bytes, place: bytes, exchange: str, part: str, content: bytes) -> bytes:
    """Return ``content`` under AES-256-GCM, bound to its place (``place_of``)."""
    nonce = random_bytes(_NONCE_BYTES)
    cipher = AESGCM(keyed(key, _joined("seal", exchange, part)))
    return _V1 + nonce + cipher.encrypt(nonce, content, place)


def unseal(key: bytes, place: bytes, exchange: str, part: str, sealed: bytes) -> bytes | None:
    """Return the content, or nothing where the key or the place is another one."""
    if sealed[:1] != _V1:
        return None
    cipher = AESGCM(keyed(key, _joined("seal", exchange, part)))
    try:
        return cipher.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], place)
    except (InvalidTag, ValueError):  # ValueError: cut off within the nonce
        return None


def seal_shared(own: bytes, place: bytes, plain: bytes) -> bytes:
    """Return ``plain``, a commitment's salt and then the content, under the content's own key."""
    nonce = random_bytes(_NONCE_BYTES)
    return _V2 + nonce + AESGCM(own).encrypt(nonce, plain, place)


def unseal_shared(own: bytes, place: bytes, sealed: bytes) -> tuple[bytes, bytes] | None:
    """Return salt and content, or nothing where the key or the place is another one."""
    cipher = AESGCM(own)
    try:
        plain = cipher.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], place)
    except (InvalidTag, ValueError):
        return None
    return plain[:_SALT_BYTES], plain[_SALT_BYTES:]


def is_shared(sealed: bytes) -> bool:
    """Whether sealed content is of format v2."""
    return sealed[:1] == _V2


def share(key: bytes, exchange: str, part: str, own: bytes) -> bytes:
    """Return the content's own key, wrapped for one of its subjects."""
    return wrap(keyed(key, _joined("share", exchange, part)), own)


def unshare(key: bytes, exchange: str, part: str, wrapped: bytes) -> bytes | None:
    """Return the content's own key, or nothing where another subject's key wrapped it."""
    return unwrap(keyed(key, _joined("share", exchange, part)), wrapped)


def place_of(tenant: str, exchange: str, part: str, key_id: bytes) -> bytes:
    """Return what sealed content is bound to, so that it cannot be moved to another record."""
    return _joined(tenant, exchange, part) + key_id


def wrap(epoch_key: bytes, key: bytes) -> bytes:
    """Return a subject's key wrapped (RFC 3394) by the key of an epoch."""
    return aes_key_wrap(epoch_key, key)


def unwrap(epoch_key: bytes, wrapped: bytes) -> bytes | None:
    """Return the key, or nothing where another key wrapped it."""
    try:
        return aes_key_unwrap(epoch_key, wrapped)
    except (InvalidUnwrap, ValueError):
        return None


def _joined(*words: str) -> bytes:
    """Join words so that no two different lists give the same bytes: each ends in a zero byte."""
    joined = "\x00".join((*words, ""))
    if joined.count("\x00") != len(words):
        raise ValueError("names in the vault hold no zero byte")
    return joined.encode("utf-8", "surrogatepass")
