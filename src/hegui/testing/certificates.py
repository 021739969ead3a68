"""Certificates for tests: a chain of two, made anew, that C2PA takes, and ones that it does not."""

from datetime import UTC, datetime
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SINCE: Final = datetime(2025, 1, 1, tzinfo=UTC)
UNTIL: Final = datetime(2045, 1, 1, tzinfo=UTC)
_USAGES: Final = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
    "key_cert_sign crl_sign encipher_only decipher_only"
).split()
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class Chain(NamedTuple):
    """A signer's certificate and its issuer's in PEM, and the signer's key."""

    pem: bytes
    key: Key

    @property
    def key_pem(self) -> bytes:
        """The signer's key in PEM."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def chain(key: Key | None = None, *, until: datetime = UNTIL, mail: bool = True) -> Chain:
    """Return a chain; without ``mail`` the certificate is for servers, which C2PA does not take."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    issuer_key = ec.generate_private_key(ec.SECP256R1())
    above, name = _name("Test issuer"), _name("Test signer")
    issuer = _certificate(above, above, issuer_key, until).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    issuer = issuer.add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
    purpose = ExtendedKeyUsageOID.EMAIL_PROTECTION if mail else ExtendedKeyUsageOID.SERVER_AUTH
    own = _certificate(name, above, key, until).add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    own = own.add_extension(_usage("digital_signature"), critical=True)
    own = own.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    own = own.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
    )
    made = [one.sign(issuer_key, hashes.SHA256()) for one in (own, issuer)]
    return Chain(b"".join(one.public_bytes(Encoding.PEM) for one in made), key)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "hegui test"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    name: x509.Name, issuer: x509.Name, key: Key, until: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder(issuer, name, key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(SINCE).not_valid_after(until)
    return made.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )


def _usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{one: one in allowed for one in _USAGES})
