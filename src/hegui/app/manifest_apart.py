"""Manifests of others' files, signed anew in a process of its own that has no key.

What a platform's user brings, or a model makes, is put before native code: each file has a process
(``app.manifest_apart_child``) with a deadline and bounded memory, one at a time. The key stays
here: the process sends what is to be signed, and gets the signature.
"""

import asyncio
import logging
import os
from typing import Final

import msgspec

from hegui.app import manifest_reading
from hegui.app.manifest_apart_child import CLAIM, DONE, SIGN, Task, Told
from hegui.app.manifest_keys import ManifestKey
from hegui.app.manifests import HOLDING
from hegui.gateway.media.parts import Sealed
from hegui.runners.child import Child, passed_on
from hegui.runners.frames import HEADER, LIMIT
from hegui.runners.label_bench import Labelled
from hegui.runners.label_frames import Inspection
from hegui.runners.label_reader import BUSY
from hegui.settings.c2pa import C2pa
from hegui.terms import Clock, HeguiError, Unavailable, Words

_log = logging.getLogger(__name__)

DEADLINE: Final = 60.0
"""Seconds that one file may take: its old manifest is read, signed, stamped, and read again."""
_MODULE: Final = "hegui.app.manifest_apart_child"
_MOST_FRAME: Final = 256 * 1024
_MOST_SIGNATURES: Final = 4  # a manifest, and one more where no time stamp came


class ManifestApart:
    """Has the files signed anew that the gateway labelled, as ``[labels.c2pa]`` says.

    Raises ``Misconfigured`` at once for a certificate or a key that is wrong, or a library that is
    not there. A service or a token that is away is asked again by the first file.
    """

    def __init__(
        self, chosen: C2pa, clock: Clock, deadline: float = DEADLINE, module: str = _MODULE
    ) -> None:
        self._chosen, self._clock, self._deadline = chosen, clock, deadline
        self._module = module
        self._turn = asyncio.Semaphore(1)
        self._key: ManifestKey | None = None
        manifest_reading.library()
        try:
            self._opened()
        except Unavailable:
            self._key = None
        except BaseException:
            self.close()
            raise

    async def __call__(self, came: bytes | bytearray, told: Inspection) -> Inspection:
        """Return what became of a file, with its manifest signed anew where that is wanted.

        That is where the file carries a manifest, or the settings want one always. ``came`` is the
        file as it came. One whose manifest cannot be kept is refused in words, and stays as it was;
        one without gets the fields alone. ``Unavailable`` where the key, the authority for time
        stamps or a turn is not to be had: then nothing is given out.
        """
        if not told.file or not (told.manifest or self._chosen.always):
            return told
        if told.report.format not in HOLDING:
            return _refused(told, _NO_PLACE) if told.manifest else told
        # who spreads a file did not make it: it was opened
        asked = self._task(told.report.format, told.label, opened=True, packed=(False, True))
        said, file = await self._done(asked, came, b"".join(told.file))
        if not said.code:
            return msgspec.structs.replace(
                told, file=file, after=said.digest, c2pa="signed", time_stamp=said.stamp
            )
        return _refused(told, _NOT_KEPT) if told.manifest else _unsigned(told)

    async def made(self, came: bytes, labelled: Labelled, *, encoded: bool) -> Sealed | None:
        """Return what a model made, signed; None where that is not wanted, or cannot be.

        ``came`` is what the model gave, and ``encoded`` says that it and the file are in Base64.
        What carried a manifest is signed as opened, what did not as made here. Raises what
        ``__call__`` raises.
        """
        one = labelled.whole
        if one.format not in HOLDING or not (one.manifest or self._chosen.always):
            return None
        label = one.implicit
        opened = one.manifest or one.cause == "kept" or label.Label != "1"
        drawn, packed = one.explicit == "drawn", (encoded, encoded)
        asked = self._task(one.format, label.inner(), opened=opened, packed=packed, drawn=drawn)
        said, file = await self._done(asked, came, one.data)
        if said.code:
            return None
        whole = msgspec.structs.replace(one, data=b"".join(file), file=said.digest)
        return Sealed(Labelled(whole, said.size), said.stamp)

    def close(self) -> None:
        """End the session with a token, if there is one."""
        if self._key is not None:
            self._key.close()

    def _opened(self) -> ManifestKey:
        """Return the key; what is out of date by now is ``Misconfigured``."""
        now = self._clock()
        if self._key is None:
            self._key = ManifestKey(self._chosen, now)
        self._key.require_in_force(now)
        return self._key

    def _task(
        self, form: str, label: str, *, opened: bool, packed: tuple[bool, bool], drawn: bool = False
    ) -> Task:
        stamps = self._chosen.time_stamps, self._chosen.time_stamp_required
        return Task(form, label, *stamps, opened, drawn, *packed)

    async def _done(
        self, asked: Task, came: bytes | bytearray, labelled: bytes
    ) -> tuple[Told, list[bytes]]:
        """Return what came of a file when it had its turn."""
        try:
            async with asyncio.timeout(self._deadline):
                await self._turn.acquire()
        except TimeoutError:
            raise Unavailable(BUSY, after=int(self._deadline)) from None
        try:
            said, file = await self._signed(asked, came, labelled)
        finally:
            self._turn.release()
        if said.code == "unavailable":
            raise Unavailable(Words(en=said.en, zh=said.zh))
        if said.code:  # a stranger's file is no reason to give no answer
            _log.warning("a file could not be signed anew: %s", said.code)
        return said, file

    async def _signed(
        self, asked: Task, came: bytes | bytearray, labelled: bytes
    ) -> tuple[Told, list[bytes]]:
        """Return what the process says, and the new file."""
        key = await asyncio.to_thread(self._opened)
        asked.algorithm, asked.chain = key.algorithm, key.chain
        child = None
        try:
            async with asyncio.timeout(self._deadline):
                child = await Child.started(
                    self._module, passed_on(os.environ), said=[str(self._clock())]
                )
                await child.ask(_frame(msgspec.json.encode(asked)), _MOST_FRAME)
                await child.ask(HEADER.pack(len(came)), _MOST_FRAME, came)
                body = await child.ask(HEADER.pack(len(labelled)), _MOST_FRAME, labelled)
                for _ in range(_MOST_SIGNATURES):
                    if not body.startswith(SIGN + CLAIM):
                        break
                    made = await asyncio.to_thread(key.sign, body[len(SIGN) :])
                    body = await child.ask(_frame(made), _MOST_FRAME)
                if not body.startswith(DONE):
                    return _BROKE, []
                said = msgspec.json.decode(body[len(DONE) :], type=Told)
                return said, await child.rest(LIMIT)
        except HeguiError:
            raise
        except (TimeoutError, EOFError, OSError, msgspec.MsgspecError):
            return _BROKE, []
        finally:
            if child is not None:
                await asyncio.shield(child.stop())


def _frame(body: bytes) -> bytes:
    return HEADER.pack(len(body)) + body


def _refused(told: Inspection, words: Words) -> Inspection:
    """Return the file as it was, and why."""
    return msgspec.structs.replace(
        told,
        cause="refused",
        label="",
        file=[],
        after=told.before,
        why_en=words.en,
        why_zh=words.zh,
        dropped=False,
        manifest=False,
    )


def _unsigned(told: Inspection) -> Inspection:
    return msgspec.structs.replace(told, c2pa="unsigned")


_BROKE: Final = Told(code="broke")
_NO_PLACE: Final = Words(
    en="The file carries a C2PA manifest, which the propagation fields would break, and in this"
    " format hegui cannot sign it anew. Nothing was written: show the notice, and keep the fields"
    " in your own records.",
    zh="文件带有 C2PA 清单，写入传播要素会使其失效，而 hegui 无法为此格式重新签名。"
    "未写入任何内容：请展示提示，并自行留存传播要素。",
)
_NOT_KEPT: Final = Words(
    en="The file carries a C2PA manifest that cannot be kept in a new one: it cannot be read, or"
    " signing would change more of the file. Nothing was written: show the notice, and keep the"
    " fields in your own records.",
    zh="文件所带的 C2PA 清单无法保留到新清单中：清单无法读取，或重新签名会改动文件的其他部分。"
    "未写入任何内容：请展示提示，并自行留存传播要素。",
)
