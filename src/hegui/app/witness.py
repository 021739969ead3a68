"""A witness from its folder: keys, file and server. It has nothing else of a service."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import uvloop

from hegui.app import parts
from hegui.app.logs import to_stderr
from hegui.app.serving import bound, serve_sockets
from hegui.ledger.cosignature import ED25519, ML_DSA_44, SIGNERS, Key, read_key
from hegui.ledger.cosigning import SEED_BYTES, Cosigner
from hegui.settings import Address, KeyDirectory
from hegui.terms import BadRequest, Lang, Misconfigured, Words
from hegui.witness.server import witness_app
from hegui.witness.signing import Witness
from hegui.witness.state import State

_WHOLE: Final = "witness"
"""The file that holds the verifier keys. It is written last: a folder that has it is whole."""
_SEEDS: Final = {ED25519: "witness-ed25519", ML_DSA_44: "witness-ml-dsa-44"}
_LONGEST_NAME: Final = 255

_THERE = Words(
    en="There is a witness in {folder} already, and its name and keys never change. Its verifier "
    "key: hegui witness vkey --dir {folder}",
    zh="{folder} 中已有见证方，名称和密钥定下后不能更改。查看验证公钥："
    "hegui witness vkey --dir {folder}",
)
_NONE = Words(
    en="There is no witness in {folder}. Make one: hegui witness init --dir {folder} --name NAME",
    zh="{folder} 中没有见证方。请先创建：hegui witness init --dir {folder} --name 名称",
)
_LOST = Words(
    en="The key files in {folder} do not make the verifier key {vkey} that this witness has given "
    "out. Put them back from your backup; new ones would be another witness.",
    zh="{folder} 中的密钥文件与本见证方公布的验证公钥 {vkey} 不符。请从备份中恢复；"
    "换用新密钥就是另一个见证方了。",
)
_NOT_A_KEY = Words(
    en="This is not the verifier key of a log: {why}. Ask the provider for what hegui ledger vkey "
    "prints.",
    zh="这不是账本的验证公钥：{why}。请向提供者索取 hegui ledger vkey 的输出。",
)
_KEY_IN_CHINESE = (
    "应为“名称+8 位十六进制编号+base64”，编号须与名称和公钥相符，公钥类型为 Ed25519 或 ML-DSA-44"
)
_SERVING = Words(
    en="witness {name} listens on http://{address}; logs followed: {count}",
    zh="见证方 {name} 正在监听 http://{address}；跟踪的账本数：{count}",
)
_STOPPED = Words(en="witness stopped", zh="见证方已停止")


class Folder(NamedTuple):
    """A witness's folder, opened."""

    state: State
    cosigners: tuple[Cosigner, ...]


def init(folder: Path, name: str, *, ml_dsa: bool) -> tuple[Key, ...]:
    """Make a witness in ``folder``, and return its verifier keys."""
    kinds = [kind for kind in _SEEDS if ml_dsa or kind == ED25519]
    for kind in kinds:
        Cosigner(name, bytes(SEED_BYTES), kind)  # refuses before anything is written
    keys = KeyDirectory(folder / "keys")
    if _WHOLE in keys.names():
        raise Misconfigured(_THERE.fill(folder=folder))
    seeds = [keys.load_or_create(_SEEDS[kind], SEED_BYTES) for kind in kinds]
    made = [Cosigner(name, seed, kind).key for seed, kind in zip(seeds, kinds, strict=True)]
    State(_database(folder), make=True).close()
    keys.create(_WHOLE, "".join(f"{key.vkey}\n" for key in made).encode())
    return tuple(made)


def opened(folder: Path) -> Folder:
    """Open a witness's folder. ``Misconfigured`` where there is none, or a key is not as it was."""
    keys = KeyDirectory(folder / "keys") if (folder / "keys").is_dir() else None
    if keys is None or _WHOLE not in keys.names():
        raise Misconfigured(_NONE.fill(folder=folder))
    cosigners = []
    for vkey in keys.load(_WHOLE).decode("utf-8", "replace").splitlines():
        lost = Misconfigured(_LOST.fill(folder=keys.path, vkey=vkey[:80]))
        try:
            key = read_key(vkey)
        except ValueError:
            raise lost from None
        cosigner = Cosigner(key.name, keys.load(_SEEDS[key.kind])[:SEED_BYTES], key.kind)
        if cosigner.key != key:
            raise lost
        cosigners.append(cosigner)
    return Folder(State(_database(folder)), tuple(cosigners))


def follow(folder: Path, vkey: str, origin: str) -> tuple[str, bool]:
    """Follow the log of a verifier key; return its origin, and whether that is new.

    ``origin`` is needed only where the log's name in its heads is not the key's name. A tenant and
    an equals sign before the key, as ``hegui ledger vkey`` prints them, are passed over.
    """
    key = _log_key(vkey.strip())
    state = opened(folder).state
    try:
        with state.transaction() as file:
            return origin or key.name, file.follow(origin or key.name, key.vkey, parts.now())
    finally:
        state.close()


def _log_key(vkey: str) -> Key:
    try:
        return read_key(vkey, SIGNERS)
    except ValueError as error:
        _, equals, rest = vkey.partition("=")
        if equals and "+" in rest:
            return _log_key(rest)
        why = Words(str(error), _KEY_IN_CHINESE)
        raise BadRequest(_NOT_A_KEY.fill(why=why), param="vkey") from None


def serve(folder: Path, address: Address, lang: Lang) -> int:
    """Serve a witness until SIGINT or SIGTERM. Returns 0."""
    to_stderr()
    state, cosigners = opened(folder)
    tell = _teller(lang)
    try:
        socket = bound(address.host, address.port)
        with state.reading() as file:
            count = sum(bool(log.vkeys) for log in file.logs())
        place = Address(address.host, socket.getsockname()[1])

        async def started() -> None:
            tell(_SERVING.fill(name=cosigners[0].key.name, address=place, count=count))

        app = witness_app(Witness(state, cosigners, parts.now))
        uvloop.run(serve_sockets([(app, socket)], started=started))
    finally:
        state.close()
    tell(_STOPPED)
    return 0


def _teller(lang: Lang) -> Callable[[Words], None]:
    def tell(words: Words) -> None:
        sys.stderr.write(words.say(lang) + "\n")
        sys.stderr.flush()

    return tell


def _database(folder: Path) -> Path:
    return folder / "witness.db"
