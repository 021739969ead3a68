"""The provider's certificate for C2PA manifests, and what signs with its key.

Here, and not with the vault: it is no key of kept content. Whatever is wrong with a certificate or
its key is said when the key is opened, not by a reader of the first file that was signed with it.
"""

import os
from itertools import pairwise
from typing import Any, Final, Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from hegui.app.manifest_tokens import Public, TokenKey
from hegui.settings.c2pa import C2pa
from hegui.settings.plain_files import reason
from hegui.terms import HeguiError, Misconfigured, Unavailable, Words
from hegui.witness.web import Troubled, posted

_MOST_CHAIN: Final = 65_536
_MOST_SIGNATURE: Final = 2_048
_LEAST_RSA: Final = 2_048
_TRIAL: Final = b"hegui: does this key belong to this certificate?"
_OK: Final = 200
_CURVES: Final = {
    "secp256r1": ("es256", hashes.SHA256(), 32),
    "secp384r1": ("es384", hashes.SHA384(), 48),
    "secp521r1": ("es512", hashes.SHA512(), 66),
}
_DIGESTS: Final = {name: digest for name, digest, _ in _CURVES.values()}
_PURPOSES: Final = {  # any of them (C2PA 2.2, 14.5.1.1)
    ExtendedKeyUsageOID.EMAIL_PROTECTION.dotted_string,
    "1.3.6.1.5.5.7.3.36",  # documents
    "1.3.6.1.4.1.62558.2.1",  # C2PA claims
}
_PSS: Final = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
Stamp: TypeAlias = Literal["", "stamped", "missing"]


class ManifestKey:
    """A certificate with those that issued it, and its key, or the service or token with the key.

    Raises ``Misconfigured`` for a chain that is not in force at ``now`` (UTC ms), does not fit
    together or is of no kind that C2PA takes, and for a key that is another certificate's;
    ``Unavailable`` where the service or the token gives no answer.
    """

    def __init__(self, chosen: C2pa, now: int) -> None:
        self._chosen = chosen
        self.failed: HeguiError | None = None
        """What hindered the last signature, if anything did."""
        self.chain, self._certificates = _chain(chosen)
        certificates = self._certificates
        self.certificate = certificates[0]
        _require_in_force(certificates, now)
        _require_fitting(certificates)
        self._public, self.algorithm = _public(self.certificate)
        self._digest = _DIGESTS.get(self.algorithm, hashes.SHA256())
        self._token = TokenKey(chosen) if chosen.pkcs11 else None
        self._private = None if chosen.key_service or chosen.pkcs11 else _private(chosen)
        self.stamp: Stamp = ""
        """Whether the last manifest got the time stamp that the settings want."""
        try:
            self.sign(_TRIAL)
        except HeguiError:
            self.close()
            raise

    @property
    def authority(self) -> str:
        """The URL of the authority that stamps manifests; empty where none is wanted."""
        return self._chosen.time_stamps

    @property
    def must_stamp(self) -> bool:
        """Whether a manifest without a time stamp is not to be written."""
        return self._chosen.time_stamp_required

    def require_in_force(self, now: int) -> None:
        """Require that no certificate of the chain is out of date; else ``Misconfigured``."""
        _require_in_force(self._certificates, now)

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data`` as COSE has it (RFC 9053), proven by the certificate."""
        try:
            made = self._signature(data)
            self.failed = None
            return self._proven(data, made)
        except HeguiError as error:
            self.failed = error
            raise

    def signer(self, c2pa: Any, stamps: str = "") -> Any:
        """Return the signer as the library wants it; with a key at hand its room is smaller.

        ``stamps`` is the URL where the library is to ask for a time stamp.
        """
        if self._private is None:
            kind = c2pa.C2paSigningAlg[self.algorithm.upper()]
            return c2pa.Signer.from_callback(self.sign, kind, self.chain, stamps or None)
        key, url = self._chosen.key.reveal().encode(), stamps.encode() or None
        told = c2pa.C2paSignerInfo(self.algorithm, self.chain.encode(), key, url)
        return c2pa.Signer.from_info(told)

    def close(self) -> None:
        """End the session with a token, if there is one; the next signature begins another."""
        if self._token is not None:
            self._token.close()

    def _signature(self, data: bytes) -> bytes:
        if self._token is not None:
            return self._token.sign(data, self._public, self._digest)
        return self._asked(data) if self._private is None else self._made(data)

    def _made(self, data: bytes) -> bytes:
        key = self._private
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(data, ec.ECDSA(_CURVES[key.curve.name][1]))
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(data, _PSS, hashes.SHA256())
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(data)
        raise Misconfigured(_OTHER_KEY)

    def _asked(self, data: bytes) -> bytes:
        """Have the service sign: one post, no redirect, a deadline, a bounded answer."""
        headers = {"content-type": "application/octet-stream"}
        if self._chosen.key_service_token:
            headers["authorization"] = f"Bearer {self._chosen.key_service_token.reveal()}"
        try:
            reply = posted(self._chosen.key_service, data, headers, _MOST_SIGNATURE)
        except Troubled as error:
            raise Unavailable(_NO_SERVICE.fill(why=error.word)) from None
        if reply.status != _OK:
            raise Unavailable(_NO_SERVICE.fill(why=f"HTTP {reply.status}"))
        return reply.body

    def _proven(self, data: bytes, made: bytes) -> bytes:
        """Return a signature that the certificate verifies; ECDSA's may come in DER or plain."""
        public = self._public
        try:
            if isinstance(public, ec.EllipticCurvePublicKey):
                _, digest, size = _CURVES[public.curve.name]
                if len(made) != 2 * size:
                    first, second = decode_dss_signature(made)
                    made = first.to_bytes(size) + second.to_bytes(size)
                der = encode_dss_signature(int.from_bytes(made[:size]), int.from_bytes(made[size:]))
                public.verify(der, data, ec.ECDSA(digest))
            elif isinstance(public, rsa.RSAPublicKey):
                public.verify(made, data, _PSS, hashes.SHA256())
            else:
                public.verify(made, data)
        except (InvalidSignature, ValueError, OverflowError):
            raise Misconfigured(_OTHER_KEY) from None
        return made


def _chain(chosen: C2pa) -> tuple[str, list[x509.Certificate]]:
    path = chosen.certificates
    if path is None:
        raise Misconfigured(_NONE)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            pem = file.read(_MOST_CHAIN)
        certificates = x509.load_pem_x509_certificates(pem)
        whole = len(certificates) == pem.count(b"-----BEGIN")  # the last may be cut off
    except OSError as error:
        raise Misconfigured(_NOT_READ.fill(path=path, why=reason(error))) from None
    except ValueError:
        raise Misconfigured(_NO_PEM.fill(path=path)) from None
    if not whole:
        raise Misconfigured(_NO_PEM.fill(path=path))
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates), certificates


def _private(chosen: C2pa) -> object:
    try:
        return load_pem_private_key(chosen.key.reveal().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Misconfigured(_NO_KEY.fill(key=chosen.key.reference)) from None


def _require_in_force(certificates: list[x509.Certificate], now: int) -> None:
    for one in certificates:
        since, until = one.not_valid_before_utc, one.not_valid_after_utc
        if not since.timestamp() * 1_000 <= now <= until.timestamp() * 1_000:
            name = one.subject.rfc4514_string()
            raise Misconfigured(
                _NOT_IN_FORCE.fill(name=name, since=since.date(), until=until.date())
            )


def _require_fitting(certificates: list[x509.Certificate]) -> None:
    """Each certificate must be issued by the next, and the first be one that may sign claims."""
    for one, issuer in pairwise(certificates):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            raise Misconfigured(_APART.fill(name=one.subject.rfc4514_string())) from None
    first = certificates[0]
    try:
        usage = first.extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = first.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        named = {one.dotted_string for one in purposes}
        fit = usage.digital_signature and not usage.key_cert_sign and bool(named & _PURPOSES)
    except (x509.ExtensionNotFound, ValueError):
        fit = False
    if not fit or first.issuer == first.subject:
        raise Misconfigured(_UNFIT)


def _public(certificate: x509.Certificate) -> tuple[Public, str]:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Misconfigured(_KIND) from None
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key, _CURVES[key.curve.name][0]
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA:
        return key, "ps256"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key, "ed25519"
    raise Misconfigured(_KIND)


_NONE: Final = Words(
    "A C2PA manifest is signed with your certificate: set certificates and key in [labels.c2pa] of"
    " the settings, and name the settings (-c).",
    "C2PA 清单须用自己的证书签名：请在配置的 [labels.c2pa] 中填写 certificates 和 key，"
    "并用 -c 指定配置文件。",
)
_NOT_READ: Final = Words(
    "[labels.c2pa] certificates: {path} cannot be read ({why})",
    "[labels.c2pa] certificates：无法读取 {path}（{why}）",
)
_NO_PEM: Final = Words(
    "[labels.c2pa] certificates: {path} does not hold whole PEM certificates and nothing else"
    " (at most 64 KiB)",
    "[labels.c2pa] certificates：{path} 中应只有完整的 PEM 格式证书（不超过 64 KiB）",
)
_NO_KEY: Final = Words(
    "[labels.c2pa] key: what {key} names is no private key in PEM without a password",
    "[labels.c2pa] key：{key} 指向的内容不是未加密的 PEM 私钥",
)
_NOT_IN_FORCE: Final = Words(
    "[labels.c2pa] certificates: that of {name} is in force from {since} to {until} only: have a"
    " new one issued",
    "[labels.c2pa] certificates：{name} 的证书有效期为 {since} 至 {until}，当前不在有效期内："
    "请申请新证书",
)
_APART: Final = Words(
    "[labels.c2pa] certificates: that of {name} was not issued by the one after it. Yours comes"
    " first, then the one that issued it, and so on",
    "[labels.c2pa] certificates：{name} 的证书不是由其后一张证书签发的。"
    "应先放自己的证书，再放其签发者的证书，依次向上",
)
_UNFIT: Final = Words(
    "[labels.c2pa] certificates: the first is not fit for C2PA. It must be issued by another"
    " (not by itself), allow digital signatures, and be meant for e-mail protection, documents or"
    " C2PA claims (extended key usage)",
    "[labels.c2pa] certificates：第一张证书不符合 C2PA 要求。"
    "须由其他证书签发（不能自签），允许数字签名，"
    "且扩展密钥用途包含电子邮件保护、文档签名或 C2PA 声明签名",
)
_KIND: Final = Words(
    "[labels.c2pa] certificates: the key is of no kind that C2PA takes: P-256, P-384, P-521,"
    " RSA of 2,048 bits or more, Ed25519",
    "[labels.c2pa] certificates：密钥种类不受 C2PA 支持。可用：P-256、P-384、P-521、"
    "2048 位以上的 RSA、Ed25519",
)
_OTHER_KEY: Final = Words(
    "[labels.c2pa]: the key does not belong to the first certificate: what it signs, the"
    " certificate does not verify. Nothing was written",
    "[labels.c2pa]：私钥与第一张证书不匹配，其签名无法用该证书验证。未写入任何内容",
)
_NO_SERVICE: Final = Words(
    "[labels.c2pa] key_service gave no signature ({why}). Nothing was written; see to the service,"
    " then run it again",
    "[labels.c2pa] key_service 未返回签名（{why}）。未写入任何内容，请检查签名服务后重新运行",
)
