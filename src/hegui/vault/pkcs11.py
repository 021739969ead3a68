"""Epoch keys in a PKCS#11 token (OASIS, PKCS #11 3.1): they never leave it.

An AES-256 key per epoch, not extractable; a subject's key goes under it with AES-GCM, inside the
token. Needs ``hegui[pkcs11]``.
"""

from contextlib import suppress
from threading import Lock
from typing import Any

from hegui.settings import Secret
from hegui.store import random_bytes
from hegui.terms import Misconfigured, Unavailable, Words
from hegui.vault.holders import epoch_name

_V1 = b"\x11"
_NONCE_BYTES, _TAG_BITS = 12, 128

_MISSING = Words(
    en="[vault] pkcs11 needs the package python-pkcs11. Run: pip install 'hegui[pkcs11]'",
    zh="[vault] pkcs11 需要安装 python-pkcs11。请运行：pip install 'hegui[pkcs11]'",
)
_NO_TOKEN = Words(
    en="The token {token} cannot be used through {module}: {why}. Check pkcs11, pkcs11_token and"
    " pkcs11_pin in [vault].",
    zh="无法通过 {module} 使用密码设备 {token}：{why}。"
    "请检查 [vault] 中的 pkcs11、pkcs11_token 和 pkcs11_pin。",
)
_NO_KEY = Words(
    en="The token {token} holds no key {name}. Restore the token's own backup.",
    zh="密码设备 {token} 中没有密钥 {name}。请从该设备自身的备份恢复。",
)
_AWAY = Words(
    en="The token {token} does not answer ({why}). Check its connection and try again.",
    zh="密码设备 {token} 没有应答（{why}）。请检查连接后重试。",
)


class TokenHolder:
    """Holds each epoch's key in a token. One session; keys are found by their label."""

    name = "pkcs11"

    def __init__(self, module: str, token: str, pin: Secret) -> None:
        try:
            import pkcs11
        except ImportError:
            raise Misconfigured(_MISSING) from None
        self._api: Any = pkcs11
        self._module, self._token, self._pin = module, token, pin
        self._lock = Lock()
        self._found: dict[int, Any] = {}
        self._session: Any = None
        self._log_in()

    def create(self, epoch: int) -> None:
        """Make the epoch's key in the token, unless it is there."""
        api, kinds = self._api, self._api.Attribute
        with self._lock, _Named(self):
            self._ready()
            if self._key(epoch) is None:
                self._session.generate_key(
                    api.KeyType.AES,
                    256,
                    label=_label(epoch),
                    store=True,
                    template={kinds.EXTRACTABLE: False, kinds.SENSITIVE: True, kinds.PRIVATE: True},
                )

    def wrap(self, epoch: int, key: bytes) -> bytes:
        """Return ``key`` under the epoch's key."""
        nonce = random_bytes(_NONCE_BYTES)
        with self._lock, _Named(self):
            self._ready()
            held = self._key(epoch)
            if held is None:
                raise Misconfigured(_NO_KEY.fill(token=self._token, name=_label(epoch)))
            mechanism = self._api.Mechanism.AES_GCM
            sealed = held.encrypt(
                key, mechanism=mechanism, mechanism_param=self._parameters(epoch, nonce)
            )
        return _V1 + nonce + bytes(sealed)

    def unwrap(self, epoch: int, wrapped: bytes) -> bytes | None:
        """Return a wrapped key; nothing where the token has not the key, or another one."""
        if wrapped[:1] != _V1:
            return None
        nonce, sealed = wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :]
        errors = self._api.exceptions
        refused = (errors.EncryptedDataInvalid, errors.EncryptedDataLenRange)
        gone = (errors.ObjectHandleInvalid, errors.KeyHandleInvalid)
        with self._lock, _Named(self):
            self._ready()
            held = self._key(epoch)
            if held is None:
                return None
            try:
                return self._decrypt(held, epoch, nonce, sealed)
            except (*refused, *gone):
                self._found.pop(epoch, None)
                return None
            except (errors.GeneralError, errors.FunctionFailed, errors.ArgumentsBad):
                # what SoftHSM, for one, says of a wrong tag; of a fault in itself, too
                if self._works(held, epoch):
                    return None
                raise

    def forget(self, keep: int) -> None:
        """Drop the handles of other epochs; the keys themselves never came out."""
        with self._lock:
            self._found = {epoch: key for epoch, key in self._found.items() if epoch == keep}

    def destroy(self, epoch: int) -> None:
        """Have the token destroy the epoch's key."""
        with self._lock, _Named(self):
            self._ready()
            held = self._key(epoch)
            if held is not None:
                self._found.pop(epoch, None)
                held.destroy()

    def close(self) -> None:
        """End the session. The next use begins another."""
        with self._lock:
            self.drop()

    def drop(self) -> None:
        """Let the session go, whatever has become of it."""
        session, self._session, self._found = self._session, None, {}
        if session is not None:
            with suppress(self._api.exceptions.PKCS11Error):
                session.close()

    def _ready(self) -> None:
        """Log in again where the session was lost."""
        if self._session is None:
            try:
                self._log_in()
            except Misconfigured as error:
                raise Unavailable(error.words) from None

    def _log_in(self) -> None:
        errors = self._api.exceptions
        try:
            token = self._api.lib(self._module).get_token(token_label=self._token)
            try:
                self._session = token.open(rw=True, user_pin=self._pin.reveal())
            except errors.UserAlreadyLoggedIn:  # by who signs with a key in it, in this process
                self._session = token.open(rw=True)
        except (errors.PKCS11Error, OSError, RuntimeError) as error:
            said = _NO_TOKEN.fill(token=self._token, module=self._module, why=type(error).__name__)
            raise Misconfigured(said) from None

    def _key(self, epoch: int) -> Any:
        found = self._found.get(epoch)
        if found is None:
            kind = self._api.ObjectClass.SECRET_KEY
            try:
                found = self._session.get_key(label=_label(epoch), object_class=kind)
            except self._api.exceptions.NoSuchKey:
                return None
            self._found[epoch] = found
        return found

    def _decrypt(self, held: Any, epoch: int, nonce: bytes, sealed: bytes) -> bytes:
        mechanism, parameters = self._api.Mechanism.AES_GCM, self._parameters(epoch, nonce)
        return bytes(held.decrypt(sealed, mechanism=mechanism, mechanism_param=parameters))

    def _works(self, held: Any, epoch: int) -> bool:
        """Tell whether the token opens what it has just sealed."""
        nonce, probe = random_bytes(_NONCE_BYTES), random_bytes(32)
        mechanism, parameters = self._api.Mechanism.AES_GCM, self._parameters(epoch, nonce)
        sealed = held.encrypt(probe, mechanism=mechanism, mechanism_param=parameters)
        return self._decrypt(held, epoch, nonce, bytes(sealed)) == probe

    def _parameters(self, epoch: int, nonce: bytes) -> Any:
        return self._api.GCMParams(nonce, _label(epoch).encode(), _TAG_BITS)

    def named(self, error: BaseException | None) -> Unavailable | None:
        """Return the token's own error as ``Unavailable``, without what it quotes."""
        if not isinstance(error, self._api.exceptions.PKCS11Error):
            return None
        self.drop()
        return Unavailable(_AWAY.fill(token=self._token, why=type(error).__name__))


class _Named:
    """Turns the token's own errors into ``Unavailable``; the next use logs in again."""

    def __init__(self, holder: TokenHolder) -> None:
        self._holder = holder

    def __enter__(self) -> None:
        """Do nothing yet."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Name the error."""
        named = self._holder.named(error)
        if named is not None:
            raise named from None


def _label(epoch: int) -> str:
    return f"hegui-{epoch_name(epoch)}"
