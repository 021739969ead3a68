"""The notice burnt into a film: from its first frame on, for three seconds (GB 45438-2025, 5.4).

The picture is decoded, drawn upon and encoded anew, frame by frame, with its own times; sound and
subtitles are taken over packet by packet. Where the codec allows it (VP8, VP9), the packets from
the first key frame behind the notice on are taken over too. What was written is read again: the
copied packets by a hash, the frames by their number, the notice by its contrast on the first frame.

PyAV (FFmpeg) does the work. Its code reads what strangers made, so doors run this in a process of
its own (``app.drawing_child`` for files, ``runners.film_work`` for what is held in memory).
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import suppress
from heapq import heappop, heappush
from typing import Any, BinaryIO, Final, NamedTuple

from hegui.labels.explicit import film_encoders
from hegui.labels.explicit.film_encoders import Encoder
from hegui.labels.explicit.film_frames import CHANGES, Overlay
from hegui.labels.explicit.film_packets import Copied, streams_of
from hegui.settings.plain_files import reason
from hegui.terms import BadRequest, Corrupt, Misconfigured, Unavailable, Words

SHOWN: Final = 3.0
"""Seconds for which the notice is shown at least; 5.4 asks for two."""
CONTAINERS: Final = {
    "mp4": "mp4",
    "mov": "mov",
    "mkv": "matroska",
    "webm": "webm",
    "avi": "avi",
    "flv": "flv",
}
"""The muxer for each of our formats that hold films."""
_READERS: Final = {**CONTAINERS, "mp4": "mov", "webm": "matroska"}
_MOST_STREAMS: Final = 32
_MOST_PIXELS: Final = 8192 * 8192
_LEAST_CONTRAST: Final = 0.4
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})
_APART: Final = 0.1
"""Seconds by which sound may last longer or shorter by its packets' times: what rounding does."""
_COPIED: Final = frozenset({"audio", "subtitle"})

Told = Callable[[float], None]
"""Is told, again and again, which share of the film is done, between 0 and 1."""


class Burnt(NamedTuple):
    """What was done: the codec before and after, by which encoder, and how many frames.

    ``joined``: only the part with the notice was encoded anew.
    """

    codec: str
    became: str
    encoder: str
    joined: bool
    frames: int

    @property
    def said(self) -> str:
        """How it was encoded, in a line."""
        change = self.codec if self.codec == self.became else f"{self.codec} → {self.became}"
        return f"{change}, {self.encoder}, {'joined' if self.joined else 'whole'}"


class _First(NamedTuple):
    """What the first frame of a film tells."""

    overlay: Overlay
    time: float


def burnt(given: BinaryIO, form: str, target: str, wanted: str, told: Told) -> Burnt:
    """Write the film in ``given``, of our format ``form``, with the notice to the path ``target``.

    ``wanted`` is an encoder, or ``auto``. A film that cannot be drawn upon is a ``BadRequest``;
    ``Misconfigured`` if PyAV is missing; ``Corrupt`` if what was written is not what was meant.
    """
    av = _library()
    try:
        with _opened(av, given, format=_READERS[form]) as source:
            first = _first(source)
        given.seek(0)
        with _opened(av, given, format=_READERS[form]) as source:
            work = _Work(av, source, first, told)
            work.run(target, CONTAINERS[form], wanted)
        with _opened(av, target) as written:
            work.prove(written)
    except av.FFmpegError as error:
        if error.errno in _DISK:
            raise Unavailable(_NOT_WRITTEN.fill(why=reason(error))) from None
        raise BadRequest(_BROKEN.fill(why=type(error).__name__), code="file_broken") from None
    return work.done()


def _opened(av: Any, what: BinaryIO | str, **more: str) -> Any:
    """Open a film whose tags need not be UTF-8: before PyAV 19 that had to be asked for."""
    if int(av.__version__.split(".")[0]) < 19:  # noqa: PLR2004 - the release that dropped the word
        more["metadata_errors"] = "replace"
    return av.open(what, **more)


def _library() -> Any:
    try:
        import av
    except ImportError:
        raise Misconfigured(_NO_AV) from None
    av.logging.set_level(None)
    return av


def _film_of(source: Any) -> Any:
    """Return the one stream of pictures that move."""
    if len(source.streams) > _MOST_STREAMS:
        raise BadRequest(_STREAMS.fill(most=_MOST_STREAMS), code="too_large")
    films = [one for one in source.streams.video if not one.disposition & 0x400]  # attached_pic
    others = {one.type for one in streams_of(source) if one not in films} - _COPIED
    if len(films) != 1 or others:
        raise BadRequest(_ONE.fill(films=len(films)), code="video_form")
    film = films[0]
    if film.width * film.height > _MOST_PIXELS:
        raise BadRequest(_STREAMS.fill(most=_MOST_STREAMS), code="too_large")
    if film.metadata.get("alpha_mode") == "1":
        raise BadRequest(_ALPHA, code="video_form")
    return film


def _first(source: Any) -> _First:
    film = _film_of(source)
    frame = next(iter(source.decode(film)), None)
    if frame is None or frame.pts is None:
        raise BadRequest(_BROKEN.fill(why="no frame"), code="file_broken")
    return _First(Overlay(frame), float(frame.pts * frame.time_base))


class _Work:
    """One film on its way."""

    def __init__(self, av: Any, source: Any, first: _First, told: Told) -> None:
        self._av, self._source, self._told = av, source, told
        self._overlay, self._from = first
        self._film, self._count = _film_of(source), len(streams_of(source))
        self._codec = str(self._film.codec_context.codec.canonical_name)
        self._copied: dict[int, Copied] = {}
        # AVI gives each picture a place, not a time: the first that is shown has the first place
        self._places: list[int] | None = [] if source.format.name == "avi" else None
        self._reached, self._gap = 0, 1  # places; some hold no picture, and the one before stays
        self._durations: dict[int, int] = {}
        self._frames = 0
        self._copying = False

    def done(self) -> Burnt:
        """Return what was done."""
        one = self._encoder
        return Burnt(self._codec, one.codec, one.name, self._copying, self._frames)

    def run(self, target: str, muxer: str, wanted: str) -> None:
        """Write the film."""
        options = {"fflags": "+bitexact"}
        if muxer in ("mp4", "mov"):
            options["movflags"] = "+faststart"
        self._encoder = self._working(muxer, wanted)
        with self._av.open(target, "w", format=muxer, options=options) as out:
            streams = self._streams(out)
            out.metadata.update(self._source.metadata)
            out.set_chapters(self._source.chapters())
            film = streams[self._film.index]
            for packet in self._source.demux():
                for one in self._passed(packet, film):
                    if one.stream is not film:
                        one.stream = streams[one.stream.index]
                    out.mux(one)
            if not self._copying:
                out.mux(list(map(self._timed, film.encode(None))))  # its decoder is empty by now
        self._whole()

    def prove(self, written: Any) -> None:
        """Read again what was written; ``Corrupt`` if it is not what was meant."""
        film = _film_of(written)
        copied: dict[int, Copied] = {}
        frames, noticed = 0, False
        for packet in written.demux():
            if not packet.size:
                continue
            if packet.stream.index != film.index:
                copied.setdefault(packet.stream.index, Copied()).take(packet)
                continue
            frames += 1
            self._told(1.0)
            for frame in packet.decode() if not noticed else ():
                if self._overlay.contrast(frame) < _LEAST_CONTRAST:
                    raise Corrupt(_NOT_THERE)
                noticed = True
                break
        if not noticed:
            raise Corrupt(_NOT_THERE)
        # in order: FLV numbers its streams as their first packets come
        given, taken = ([one[place] for place in sorted(one)] for one in (self._copied, copied))
        same = [one.digest for one in given] == [one.digest for one in taken]
        if frames != self._frames or not same or self._count != len(streams_of(written)):
            raise Corrupt(_NOT_SAME)
        if any(abs(old.long - new.long) > _APART for old, new in zip(given, taken, strict=True)):
            raise BadRequest(_TIMES, code="video_form")

    def _passed(self, packet: Any, film: Any) -> Iterator[Any]:
        """Give what is to be written for a packet that was read."""
        if packet.stream.index != self._film.index:
            if packet.size:
                self._copied.setdefault(packet.stream.index, Copied()).take(packet)
                yield packet
            return
        if not self._copying and self._may_join(packet):
            yield from self._flushed(film)
            self._copying = True
        if not self._copying:
            if self._places is not None and packet.size and packet.dts is not None:
                heappush(self._places, packet.dts)
                self._gap = max(self._gap, packet.dts + 1 - self._reached)
                self._reached = packet.dts + 1
            for frame in packet.decode():
                yield from self._encoded(frame, film)
        elif packet.size:
            self._frames += 1
            yield packet
        self._tell(packet)

    def _may_join(self, packet: Any) -> bool:
        """Whether from here on the film's own packets may follow."""
        if not (self._encoder.joined and packet.is_keyframe and packet.pts is not None):
            return False
        return float(packet.pts * packet.time_base) - self._from >= SHOWN

    def _encoded(self, frame: Any, film: Any) -> Iterator[Any]:
        if frame.is_corrupt or frame.pts is None:
            raise BadRequest(_BROKEN.fill(why="damaged frame"), code="file_broken")
        if frame.interlaced_frame:
            raise BadRequest(_INTERLACED, code="video_form")
        if self._places:
            frame.pts = heappop(self._places)
            self._from = self._from if self._frames else float(frame.pts * frame.time_base)
        if self._overlay.form != (frame.format.name, frame.width, frame.height):
            raise BadRequest(CHANGES, code="video_form")
        if float(frame.pts * frame.time_base) - self._from < SHOWN:
            frame = self._overlay.draw(frame)
        frame.pict_type = int(frame.key_frame)  # where one could enter the film, one still can
        if frame.duration:
            self._durations[frame.pts] = frame.duration
        self._frames += 1
        for packet in film.encode(frame):
            yield self._timed(packet)

    def _flushed(self, film: Any) -> Iterator[Any]:
        for frame in self._film.decode(None):
            yield from self._encoded(frame, film)
        for packet in film.encode(None):
            yield self._timed(packet)

    def _timed(self, packet: Any) -> Any:
        """Give a packet the time for which its frame was shown: the last one has no next."""
        shown = self._durations.pop(packet.pts, 0)
        if shown:
            packet.duration = shown
        return packet

    def _whole(self) -> None:
        """Refuse a film of which there is less than it says."""
        stated = self._film.frames
        there = self._frames if self._places is None else self._reached + self._gap - 1
        there -= len(self._places or ())  # pictures that were there, and could not be read
        if stated and there < stated - 1:  # an edit list may leave one out
            raise BadRequest(_BROKEN.fill(why="frames missing"), code="file_broken")

    def _tell(self, packet: Any) -> None:
        film = self._film
        whole = film.duration and float(film.duration * film.time_base)
        if not whole and self._source.duration:
            whole = self._source.duration / self._av.time_base
        share = 0.0
        if whole and packet.pts is not None:
            share = (float(packet.pts * packet.time_base) - self._from) / whole
        self._told(min(1.0, max(0.0, share)))

    # What is opened

    def _working(self, muxer: str, wanted: str) -> Encoder:
        """Return the first encoder that takes this film."""
        rate = self._film.bit_rate or self._source.bit_rate or 0
        for one in film_encoders.chosen(self._av, self._codec, muxer, wanted, rate):
            context = self._av.CodecContext.create(one.name, "w")
            self._configure(context, one)
            with suppress(self._av.FFmpegError, ValueError):
                context.open()
                return one
        words = _NO_ENCODER.fill(codec=self._codec, form=self._overlay.form[0], name=muxer)
        raise BadRequest(words, code="video_form")

    def _configure(self, context: Any, encoder: Encoder) -> None:
        own = self._film.codec_context
        context.options = dict(encoder.options)
        context.width, context.height = own.width, own.height
        context.pix_fmt = self._overlay.form[0]
        context.time_base = self._film.time_base
        context.framerate = self._film.average_rate or self._film.base_rate
        if self._film.sample_aspect_ratio:
            context.sample_aspect_ratio = self._film.sample_aspect_ratio
        for name in ("color_range", "color_primaries", "color_trc", "colorspace"):
            setattr(context, name, getattr(own, name))
        if encoder.bit_rate:
            context.bit_rate = encoder.bit_rate

    def _streams(self, out: Any) -> dict[int, Any]:
        """Open what is written: a stream for each that was read, in the same order."""
        made = {}
        for one in streams_of(self._source):
            if one is self._film or one.index == self._film.index:
                new = out.add_stream(self._encoder.name)
                self._configure(new.codec_context, self._encoder)
                new.time_base = one.time_base
                if self._overlay.matrix:
                    new.set_display_matrix(self._overlay.matrix)
            else:
                try:
                    new = out.add_stream_from_template(one)
                except ValueError:
                    raise BadRequest(_ONE.fill(films=1), code="video_form") from None
                new.time_base = one.time_base
            new.metadata.update(one.metadata)
            new.disposition = one.disposition
            made[one.index] = new
        return made


_NO_AV: Final = Words(
    en="Drawing a notice on films needs PyAV, which hegui does not install: its ready-made builds"
    " hold x264 and x265 (GPL). Install it yourself (pip install av; or --no-binary av against your"
    " own FFmpeg), with hegui[media]; or say that the film shows its notice: --explicit present.",
    zh="在视频上绘制标识需要 PyAV。hegui 不会代为安装：其预编译包内含 x264 和 x265（GPL 许可）。"
    "请自行安装（pip install av，或用 --no-binary av 针对自有 FFmpeg 编译），并安装 hegui[media]；"
    "视频已显示标识的，使用 --explicit present。",
)
_BROKEN: Final = Words(
    en="The film cannot be read to draw a notice on it ({why}). It was not changed.",
    zh="无法读取视频以绘制标识（{why}）。文件未作任何改动。",
)
_NOT_WRITTEN: Final = Words(
    en="The film with its notice could not be written ({why}). Free space or look at the disk, then"
    " run it again. Nothing was changed.",
    zh="无法写出带标识的视频（{why}）。请清理空间或检查磁盘后重新运行。未作任何改动。",
)
_STREAMS: Final = Words(
    en="The film is larger than hegui draws upon: at most {most} streams, 67 million pixels a"
    " frame.",
    zh="视频超出处理范围：最多 {most} 条流，每帧最多 6700 万像素。",
)
_ONE: Final = Words(
    en="hegui draws on files with one film, sound and subtitles; this one has {films} films, or"
    " streams of another kind (timecodes, data, pictures, fonts), which would be lost. Take them"
    " out first, or say that the film shows its notice: --explicit present.",
    zh="hegui 仅支持含一条视频及音频、字幕的文件；此文件含 {films} 条视频流，或含有会丢失的其他流"
    "（时间码、数据、图片、字体）。请先移除，或在视频已显示标识时使用 --explicit present。",
)
_TIMES: Final = Words(
    en="Sound of this kind would lose its times in this container. Nothing was written. Put the"
    " film into MP4 or Matroska first, or say that it shows its notice: --explicit present.",
    zh="此类音频在该封装格式中会丢失时间信息。未写入任何内容。请先将视频转封装为 MP4 或 Matroska；"
    "已显示标识的，使用 --explicit present。",
)
_ALPHA: Final = Words(
    en="The film is partly transparent, and would not be any more. It was not changed; if it shows"
    " its notice, say so: --explicit present.",
    zh="视频带有透明通道，重新编码会丢失透明度。文件未作任何改动；已显示标识的，"
    "使用 --explicit present。",
)
_INTERLACED: Final = Words(
    en="The film is interlaced; hegui draws on progressive films only. Deinterlace it first, or say"
    " that it shows its notice: --explicit present.",
    zh="视频为隔行扫描，hegui 仅支持逐行扫描视频。请先去隔行；已显示标识的，"
    "使用 --explicit present。",
)
_NO_ENCODER: Final = Words(
    en="No encoder that hegui takes by itself is here for {codec} ({form}) in {name}. Name one of"
    " your build of FFmpeg (--encoder libx264: GPL), or say that the film shows its notice:"
    " --explicit present.",
    zh="当前没有 hegui 可自行选用的编码器来处理 {name} 中的 {codec}（{form}）。"
    "请指定您的 FFmpeg 中的编码器（如 --encoder libx264，GPL 许可）；视频已显示标识的，"
    "使用 --explicit present。",
)
_NOT_THERE: Final = Words(
    en="The notice, read back from the film that was written, does not stand out. Nothing was put"
    " in place; please report it.",
    zh="从写出的视频读回的标识不够清晰。未替换任何文件，请向我们报告。",
)
_NOT_SAME: Final = Words(
    en="Sound, subtitles or frames, read back from the film that was written, are not those of"
    " before. Nothing was put in place; please report it.",
    zh="从写出的视频读回的音频、字幕或帧数与原文件不一致。未替换任何文件，请向我们报告。",
)
