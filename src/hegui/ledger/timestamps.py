"""Time stamps of heads (RFC 3161): what is asked, and what an answer proves. No network here.

Imports nothing of ours, so that the verifier may use it. The CMS and certificate work is done by
``rfc3161-client`` (with OpenSSL inside); revocation is not looked up.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from cryptography import x509

MOST_BYTES = 65_536
"""Bytes of an answer; with a chain of certificates it has about 6,000."""


class Question(NamedTuple):
    """A request to an authority: its bytes, and the nonce that the answer must repeat."""

    data: bytes
    nonce: int | None


def question(note: str) -> Question:
    """Return the request for a time stamp over the bytes of ``note`` (SHA-256, with a nonce)."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    made = TimestampRequestBuilder().data(note.encode()).hash_algorithm(HashAlgorithm.SHA256)
    request = made.nonce(nonce=True).cert_request(cert_request=True).build()
    return Question(request.as_bytes(), request.nonce)


def time_of(answer: bytes, note: str, authorities: bytes, nonce: int | None = None) -> datetime:
    """Return the time (UTC) at which an authority says it saw ``note``.

    ``authorities`` are certificates in PEM; the answer must lead to one of them, by certificates
    that were valid at that time. ``ValueError`` says why the answer proves nothing.
    """
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    if len(answer) > MOST_BYTES:
        raise ValueError(f"the answer has over {MOST_BYTES} bytes")
    roots = read_authorities(authorities)
    try:
        response = decode_timestamp_response(answer)
        builder = VerifierBuilder(roots=roots, nonce=nonce)
        builder.build().verify_message(response, note.encode())
        told = response.tst_info.gen_time
    except VerificationError as error:
        raise ValueError(f"it does not verify: {error}") from error
    except Exception as error:  # a hostile certificate raises more kinds than are documented
        raise ValueError(f"it is no answer of RFC 3161: {error}") from error
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)


def read_authorities(pem: bytes) -> list[x509.Certificate]:
    """Return the certificates in ``pem``; ``ValueError`` where there is none that can be read."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise ValueError(f"no certificate in PEM: {error}") from error
