"""Manifests of strangers' files, signed anew in a process of its own that has no key.

What a platform's user brings is put before native code, so each file gets a process
(``app.manifest_apart_child``) with a deadline and bounded memory, one at a time. The key stays
here: the process sends what is to be signed, and gets the signature.
"""

import asyncio
import os
from typing import Final

import msgspec

from hegui.app import manifest_reading
from hegui.app.manifest_apart_child import CLAIM, DONE, SIGN, Told, task
from hegui.app.manifest_keys import ManifestKey
from hegui.app.manifests import HOLDING
from hegui.runners.child import Child, passed_on
from hegui.runners.frames import HEADER
from hegui.runners.label_frames import MOST_ANSWER, Inspection
from hegui.runners.label_reader import BUSY
from hegui.settings.c2pa import C2pa
from hegui.terms import Clock, Corrupt, HeguiError, Unavailable, Words

DEADLINE: Final = 60.0
"""Seconds that one file may take: its old manifest is read, signed, stamped, and read again."""
_MODULE: Final = "hegui.app.manifest_apart_child"
_MOST_FRAME: Final = 256 * 1024
_MOST_SIGNATURES: Final = 4  # a manifest, and one more where no time stamp came


class ManifestApart:
    """Has the files that ``/label/inspect`` wrote signed anew, as ``[labels.c2pa]`` says.

    Raises ``Misconfigured`` at once for a certificate or a key that is wrong, or a library that is
    not there. A service or a token that is away is asked again by the first file.
    """

    def __init__(self, chosen: C2pa, clock: Clock, deadline: float = DEADLINE) -> None:
        self._chosen, self._clock, self._deadline = chosen, clock, deadline
        self._turn = asyncio.Semaphore(1)
        self._key: ManifestKey | None = None
        manifest_reading.library()
        try:
            self._opened()
        except Unavailable:
            self._key = None

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
        try:
            async with asyncio.timeout(self._deadline):
                await self._turn.acquire()
        except TimeoutError:
            raise Unavailable(BUSY, after=int(self._deadline)) from None
        try:
            said, file = await self._signed(came, told)
        finally:
            self._turn.release()
        if not said.code:
            return msgspec.structs.replace(
                told, file=file, after=said.digest, c2pa="signed", time_stamp=said.stamp
            )
        words = Words(en=said.en, zh=said.zh)
        if said.code == "unavailable":
            raise Unavailable(words)
        if said.code == "corrupt":
            raise Corrupt(words)
        return _refused(told, _NOT_KEPT) if told.manifest else _unsigned(told)

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

    async def _signed(self, came: bytes | bytearray, told: Inspection) -> tuple[Told, list[bytes]]:
        """Return what the process says, and the new file in base64."""
        key = await asyncio.to_thread(self._opened)
        asked = task(told.report.format, told.label, (key.algorithm, key.chain), self._chosen)
        child = None
        try:
            async with asyncio.timeout(self._deadline):
                child = await Child.started(
                    _MODULE, passed_on(os.environ), said=[str(self._clock())]
                )
                await child.ask(_frame(asked), _MOST_FRAME)
                await child.ask(HEADER.pack(len(came)), _MOST_FRAME, came)
                labelled = b"".join(told.file)
                body = await child.ask(HEADER.pack(len(labelled)), _MOST_FRAME, labelled)
                for _ in range(_MOST_SIGNATURES):
                    if not body.startswith(SIGN + CLAIM):
                        break
                    made = await asyncio.to_thread(key.sign, body[len(SIGN) :])
                    body = await child.ask(_frame(made), _MOST_FRAME)
                if not body.startswith(DONE):
                    return _BROKE, []
                said = msgspec.json.decode(body[len(DONE) :], type=Told)
                return said, await child.rest(MOST_ANSWER)
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
