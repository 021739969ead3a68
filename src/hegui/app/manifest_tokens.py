"""The key of C2PA manifests in a PKCS#11 token (OASIS, PKCS #11 3.1): it never leaves it.

Here, and not with the vault's holder: that one wraps keys of kept content, this one only signs, and
what it signs is proven by the certificate (``hegui.app.manifest_keys``). Needs ``hegui[pkcs11]``.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hegui.settings.c2pa import C2pa
from hegui.terms import Misconfigured, Unavailable, Words

_SALT: Final = 32
Public: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


class TokenKey:
    """One private key in a token, found by its label, and one session.

    Raises ``Misconfigured`` where the module, the PIN or the label is wrong, ``Unavailable`` where
    the token is not there. A PIN is tried once: a token locks itself after a few wrong ones.
    """

    def __init__(self, chosen: C2pa) -> None:
        try:
            self._api: Any = importlib.import_module("pkcs11")
        except ImportError:
            raise Misconfigured(_MISSING) from None
        self._chosen = chosen
        self._session: Any = None
        self._key: Any = None

    def sign(self, data: bytes, public: Public, digest: hashes.HashAlgorithm) -> bytes:
        """Return the signature of ``data``, whose certificate holds ``public``.

        An ECDSA key gets the ``digest`` of it, for many tokens hash nothing themselves. A session
        that was lost is ``Unavailable``, and begun again with the next signature.
        """
        kinds = self._api.Mechanism
        with self._named():
            if self._session is None:
                self._open()
            if isinstance(public, ec.EllipticCurvePublicKey):
                hashed = hashes.Hash(digest)
                hashed.update(data)
                return bytes(self._key.sign(hashed.finalize(), mechanism=kinds.ECDSA))
            if isinstance(public, rsa.RSAPublicKey):
                salted = (kinds.SHA256, self._api.MGF.SHA256, _SALT)
                how = {"mechanism": kinds.SHA256_RSA_PKCS_PSS, "mechanism_param": salted}
                return bytes(self._key.sign(data, **how))
            return bytes(self._key.sign(data, mechanism=kinds.EDDSA))

    def close(self) -> None:
        """End the session; the next signature begins another."""
        session, self._session, self._key = self._session, None, None
        if session is not None:
            with suppress(self._api.exceptions.PKCS11Error):
                session.close()

    def _open(self) -> None:
        chosen, kind = self._chosen, self._api.ObjectClass.PRIVATE_KEY
        try:
            module = self._api.lib(chosen.pkcs11)
        except (self._api.exceptions.PKCS11Error, OSError, RuntimeError) as error:
            if type(error) in self._codes():
                raise
            raise Misconfigured(_NO_MODULE.fill(module=chosen.pkcs11)) from None
        token = module.get_token(token_label=chosen.pkcs11_token)
        try:
            self._session = token.open(user_pin=chosen.pkcs11_pin.reveal())
        except self._api.exceptions.UserAlreadyLoggedIn:
            self._session = token.open()  # a login is the whole process's, the vault's too
        self._key = self._session.get_key(label=chosen.pkcs11_key, object_class=kind)

    def _codes(self) -> set[type]:
        """Return the errors that a module itself gives; its loader gives their bare parent."""
        return set(self._api.exceptions.PKCS11Error.__subclasses__())

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn the token's own errors into ours, without what they quote."""
        chosen, errors = self._chosen, self._api.exceptions
        pins = (errors.PinIncorrect, errors.PinInvalid, errors.PinLenRange)
        locked = (errors.PinLocked, errors.PinExpired, errors.UserPinNotInitialized)
        try:
            yield
        except errors.PKCS11Error as error:
            self.close()
            why, token = type(error).__name__, chosen.pkcs11_token
            if isinstance(error, (*pins, *locked)):
                raise Misconfigured(_PIN.fill(token=token, why=why)) from None
            if isinstance(error, errors.NoSuchKey | errors.MultipleObjectsReturned):
                words = _NO_KEY.fill(token=token, key=chosen.pkcs11_key, why=why)
                raise Misconfigured(words) from None
            if isinstance(error, errors.MechanismInvalid):
                raise Misconfigured(_NO_WAY.fill(token=token)) from None
            raise Unavailable(_AWAY.fill(token=token, why=why)) from None


_MISSING: Final = Words(
    "[labels.c2pa] pkcs11 needs the package python-pkcs11. Run: pip install 'hegui[pkcs11]'",
    "[labels.c2pa] pkcs11 需要安装 python-pkcs11。请运行：pip install 'hegui[pkcs11]'",
)
_NO_MODULE: Final = Words(
    "[labels.c2pa] pkcs11: {module} is no PKCS#11 module that can be loaded",
    "[labels.c2pa] pkcs11：{module} 不是可加载的 PKCS#11 模块",
)
_PIN: Final = Words(
    "[labels.c2pa] pkcs11_pin: the token {token} does not take it ({why}). It was tried once; look"
    " to it before you run this again, for a token locks itself after a few wrong ones",
    "[labels.c2pa] pkcs11_pin：密码设备 {token} 不接受该 PIN（{why}）。仅尝试了一次；"
    "请先核对再运行，连续输错几次会使设备锁定",
)
_NO_KEY: Final = Words(
    "[labels.c2pa] pkcs11_key: the token {token} must hold exactly one private key with the label"
    " {key} ({why})",
    "[labels.c2pa] pkcs11_key：密码设备 {token} 中应恰有一个标签为 {key} 的私钥（{why}）",
)
_NO_WAY: Final = Words(
    "[labels.c2pa] pkcs11: the token {token} does not sign as the certificate's kind of key wants"
    " it. Use a P-256 key, or another token",
    "[labels.c2pa] pkcs11：密码设备 {token} 不支持该证书密钥种类所需的签名方式。"
    "请改用 P-256 密钥或其他设备",
)
_AWAY: Final = Words(
    "The token {token} of [labels.c2pa] gave no signature ({why}). Nothing was written; check that"
    " it is there and connected, then run it again",
    "[labels.c2pa] 的密码设备 {token} 未给出签名（{why}）。未写入任何内容，"
    "请检查设备是否在位、连接是否正常，然后重新运行",
)
