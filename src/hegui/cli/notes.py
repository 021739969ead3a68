"""The sentences of ``hegui check``: applicability, content, labels, and what to mind."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from hegui.terms import Words

if TYPE_CHECKING:
    from hegui.settings import Settings

_PUBLIC: Final = Words(
    "Declared public: the Interim Measures apply in whole (Art. 2(1)). That holds also where you "
    "only sell the API to firms that serve the public: providing by means of an API is providing "
    "(Art. 22).",
    "声明为面向公众：《暂行办法》全部适用（第二条第一款）。只把接口提供给面向公众的企业也一样："
    "通过可编程接口提供同样属于提供服务（第二十二条）。",
)
_INTERNAL: Final = Words(
    "Declared internal, because: {reason}. The declaration is recorded at each start. Only the "
    "Measures' own rows fall away (Art. 2(3)); the Cybersecurity Law, the Data Security Law, the "
    "Personal Information Protection Law and your contracts apply as before. Selling the API to "
    "firms that serve the public is not internal: it is providing (Art. 22).",
    "声明为内部使用，理由：{reason}。每次启动都会记录这一声明。不适用的只是《暂行办法》自身的条款"
    "（第二条第三款）；《网络安全法》《数据安全法》《个人信息保护法》和合同义务照常适用。"
    "把接口卖给面向公众的企业不是内部使用，而是提供服务（第二十二条）。",
)
_KEPT: Final = {
    "none": Words("No prompt and no reply is kept.", "不留存任何提示词和回复。"),
    "findings": Words(
        "Prompts and replies in which something was found are kept, sealed, for {days} days, then "
        "deleted by itself.",
        "只留存有命中的提示词和回复，加密保存 {days} 天，到期自动删除。",
    ),
    "sample": Words(
        "Prompts and replies in which something was found, and {percent} % of the others, are "
        "kept, sealed, for {days} days, then deleted by itself.",
        "留存有命中的提示词和回复，以及其余的 {percent}%，加密保存 {days} 天，到期自动删除。",
    ),
    "all": Words(
        "All prompts and replies are kept, sealed, for {days} days, then deleted by itself.",
        "留存全部提示词和回复，加密保存 {days} 天，到期自动删除。",
    ),
}
_LOG: Final = Words(
    "The ledger's entries, which hold no content but commitments to it, are kept for {days} days.",
    "账本只有对内容的承诺值，没有内容本身，保存 {days} 天。",
)
_WHY: Final = Words("Purpose: {why}.", "目的：{why}。")
_LABELS: Final = {
    "suffix": Words(
        "Each text reply ends with a sentence that says it is AI-generated (Art. 12). JSON and "
        "tool calls carry the label in the aigc object, which the interface must show.",
        "每条文本回复末尾附一句 AI 生成说明（第十二条）。JSON 和工具调用的标识在 aigc 对象中，"
        "须由界面显示。",
    ),
    "interface": Words(
        "Replies carry the label in the aigc object only: your chat screen must show a permanent "
        "notice, or the service breaks Art. 12.",
        "回复只在 aigc 对象中带标识：聊天界面必须持续显示提示，否则违反第十二条。",
    ),
}


_PAGE: Final = Words(
    "Anyone may read a file's label at /label: up to {most} MiB, {n} files a minute from one "
    "address; nothing of it is kept.",
    "任何人可在 /label 查看文件的标识：文件不超过 {most} MiB，同一地址每分钟 {n} 个，"
    "不作任何留存。",
)
_NO_PAGE: Final = Words("The public page /label is switched off.", "公开页面 /label 已关闭。")
_INSPECT: Final = Words(
    "For platforms, /label/inspect writes the propagation fields as {code}.",
    "/label/inspect 供传播平台使用，以编码 {code} 写入传播要素。",
)
_NO_CODE: Final = Words(
    "/label/inspect tells what a file is, and cannot write the propagation fields: there is no "
    "provider code.",
    "/label/inspect 可以判断文件性质，但没有服务提供者编码，无法写入传播要素。",
)
_UNJUDGED: Final = {
    "refuse": Words(
        "Requests for pictures and speech are refused, because no attached detector can judge what "
        "would be made (media.unjudged).",
        "图片和语音请求一律拒绝，因为没有检测器能审核生成的内容（media.unjudged）。",
    ),
    "record": Words(
        "What is asked for is screened; the pictures and the sound themselves are judged by nobody "
        "and recorded as unjudged (media.unjudged).",
        "请求中的文字会审核；图片和声音本身无人审核，记为“未判断”（media.unjudged）。",
    ),
}
_NO_MEDIA_CODE: Final = Words(
    "Without provider.uscc none is given out: its label could not name the provider.",
    "没有 provider.uscc 时不提供图片和语音，因为标识中无法写明服务提供者。",
)
_PICTURES: Final = Words(
    "Each picture gets a notice in a corner and a label in its metadata before it leaves.",
    "每张图片在送出之前都会在一角加上提示，并在元数据中写入标识。",
)
_SOUND: Final = {
    "rhythm": Words(
        "Speech begins with the rhythm short long, short short (MP3, WAV and FLAC).",
        "语音以“短长 短短”节奏开头（MP3、WAV、FLAC）。",
    ),
    "interface": Words(
        "Speech carries its label in the metadata only: your player must show a permanent notice.",
        "语音只在元数据中带标识：播放界面必须持续显示提示。",
    ),
}
_NO_PILLOW: Final = Words(
    "Pillow is not installed, so no notice can be drawn and every picture is withheld: install "
    "hegui[media].",
    "没有安装 Pillow，无法在图片上添加提示，所有图片都不会送出：请安装 hegui[media]。",
)


def applicability(settings: "Settings") -> Words:
    """Say whether the Measures apply, and why (Art. 2, 22)."""
    if settings.service.scope == "public":
        return _PUBLIC
    return _INTERNAL.fill(reason=settings.service.reason.rstrip(".。"))


def content_kept(settings: "Settings") -> Words:
    """Say what content is kept, how long and why (Art. 11)."""
    content = settings.content
    kept = _KEPT[content.keep].fill(days=content.days, percent=content.sample_percent)
    log = _LOG.fill(days=content.log_term)
    if content.keep == "none":
        return Words(f"{kept.en} {log.en}", kept.zh + log.zh)
    why = Words(_WHY.en.format(why=content.why.en), _WHY.zh.format(why=content.why.zh))
    return Words(f"{kept.en} {why.en} {log.en}", kept.zh + why.zh + log.zh)


def labelling(settings: "Settings") -> Words:
    """Say how users see that replies are AI-generated (Art. 12)."""
    return _LABELS[settings.labels.text]


def label_page(settings: "Settings") -> Words:
    """Say who may bring files to have their labels read (labelling measures, Art. 6)."""
    page = settings.label_page
    most = f"{page.bytes / 1_048_576:g}"
    said = (_PAGE if page.on else _NO_PAGE).fill(most=most, n=page.per_minute)
    code = page.propagator
    inspect = _INSPECT.fill(code=code) if code else _NO_CODE
    return Words(f"{said.en} {inspect.en}", said.zh + inspect.zh)


def label_page_data(settings: "Settings") -> dict[str, bool | int | str]:
    """Return the same for a program."""
    page = settings.label_page
    return {name: getattr(page, name) for name in ("on", "bytes", "per_minute", "propagator")}


def media(settings: "Settings") -> Words:
    """Say what becomes of pictures and speech that a model generates (Art. 12)."""
    chosen = settings.media
    told = [_UNJUDGED[chosen.unjudged]]
    if not settings.provider.code:
        told.append(_NO_MEDIA_CODE)
    elif chosen.unjudged == "record":
        told += [_PICTURES, _SOUND[chosen.sound]]
        if find_spec("PIL") is None:
            told.append(_NO_PILLOW)
    return Words(" ".join(one.en for one in told), "".join(one.zh for one in told))


def _of_addresses(settings: "Settings") -> Iterator[Words]:
    """Give what should be minded where model servers answer with addresses or tasks."""
    naming = [one for one in settings.upstreams if one.media_hosts or one.media_tasks]
    if naming and not settings.service.public_url:
        yield _NO_URL.fill(url=settings.public_url)
    for upstream in naming:
        if upstream.media_private:
            yield _PRIVATE.fill(name=upstream.name)
        if upstream.films_show_notice:
            yield _STATED.fill(name=upstream.name)
        elif upstream.media_tasks:
            able = find_spec("av") is not None and find_spec("PIL") is not None
            encoder = settings.media.films.encoder
            told = _BURNT if able else _BARE
            if able and encoder != "auto" and not _is_encoder(encoder):
                told = _NO_ENCODER
            yield told.fill(name=upstream.name, encoder=encoder)


def _is_encoder(name: str) -> bool:
    from hegui.labels.explicit.film_encoders import known

    return known(name)


_NO_URL: Final = Words(
    "service.public_url is not set: addresses of generated media begin with {url}, which callers "
    "on other machines may not reach.",
    "没有设置 service.public_url：生成媒体的地址以 {url} 开头，其他机器上的调用方可能无法访问。",
)
_PRIVATE: Final = Words(
    "media_private is set for {name}: the media hosts that it names may lie in your own network.",
    "{name} 设置了 media_private：其给出的媒体主机可以位于内网。",
)
_STATED: Final = Words(
    "films_show_notice is your statement that films of {name} show the notice already; each is on "
    "record with it. Look at one now and then.",
    "films_show_notice 声明 {name} 的视频已显示标识，随每个视频记录在案。请定期抽看。",
)
_BARE: Final = Words(
    "films_show_notice is not set for {name}, and hegui cannot put the notice into films here: "
    "requests for films are refused. Install PyAV and Pillow (pip install av 'hegui[media]'; the "
    "ready-made PyAV holds x264 and x265, which are under the GPL).",
    "{name} 没有设置 films_show_notice，且 hegui 在此无法自行写入显式标识：视频请求会被拒绝。"
    "请安装 PyAV 和 Pillow（pip install av 'hegui[media]'；"
    "PyAV 预编译包内含 GPL 许可的 x264 和 x265）。",
)
_BURNT: Final = Words(
    "films_show_notice is not set for {name}: hegui encodes its films anew to put the notice into "
    "them (media.films, encoder {encoder}).",
    "{name} 没有设置 films_show_notice：hegui 会重新编码其视频以写入显式标识"
    "（media.films，编码器 {encoder}）。",
)


_NO_ENCODER: Final = Words(
    "films_show_notice is not set for {name}, and FFmpeg here has no encoder of films named "
    "{encoder} (media.films.encoder): its films would be made and then withheld. List the "
    "encoders: python -m av --codecs.",
    "{name} 没有设置 films_show_notice，而当前 FFmpeg 中没有名为 {encoder} 的视频编码器"
    "（media.films.encoder）：视频生成后将不予提供。可用 python -m av --codecs 列出编码器。",
)


def notes(settings: "Settings") -> list[Words]:
    """Return what is allowed but should be minded, each with the place to change it."""
    told = [*_of_the_service(settings), *_of_the_upstreams(settings), *_of_addresses(settings)]
    if settings.screen.on_fault == "allow":
        told.append(
            Words(
                "screen.on_fault is allow: when a detector fails, texts pass unjudged.",
                "screen.on_fault 为 allow：检测器故障时，内容不经判断即放行。",
            )
        )
    if settings.screen.unknown_fields == "pass":
        told.append(
            Words(
                "screen.unknown_fields is pass: fields that hegui does not know pass unscreened.",
                "screen.unknown_fields 为 pass：hegui 不认识的字段不经审核即放行。",
            )
        )
    if settings.callers.anonymous:
        told.append(
            Words(
                "callers.anonymous is true: any program on this machine may ask without a key.",
                "callers.anonymous 为 true：本机任何程序都可以不带密钥调用。",
            )
        )
    return told


def _of_the_service(settings: "Settings") -> list[Words]:
    if settings.service.scope != "public":
        return []
    told = []
    if not settings.service.public_url and settings.listen.public.loopback:
        told.append(
            Words(
                "service.public_url is not set: appeal links would begin with {url}, which users "
                "cannot reach (Art. 15).",
                "service.public_url 没有设置：申诉链接会以 {url} 开头，用户无法访问（第十五条）。",
            ).fill(url=settings.public_url)
        )
    if not settings.provider.code:
        told.append(
            Words(
                "provider.uscc is not set: labels cannot name the provider by its code "
                "(GB 45438-2025; hegui never makes one up).",
                "provider.uscc 没有设置：标识中无法写明服务提供者编码（GB 45438-2025；"
                "hegui 不会编造编码）。",
            )
        )
    return told


def _of_the_upstreams(settings: "Settings") -> list[Words]:
    told = []
    for upstream in settings.upstreams:
        if upstream.trains_on_inputs:
            told.append(
                Words(
                    "{name} trains on what it is sent: users must know and agree, and be able to "
                    "say no (Art. 7, 11).",
                    "{name} 用收到的内容训练模型：须让用户知情同意，并可以拒绝"
                    "（第七条、第十一条）。",
                ).fill(name=upstream.name)
            )
        if upstream.role == "own" and upstream.base_url.startswith("http://"):
            continue
        if upstream.base_url.startswith("http://") and upstream.key:
            told.append(
                Words(
                    "{name} is reached without encryption, and its key is sent: use https.",
                    "{name} 未加密连接，却会发送密钥：请改用 https。",
                ).fill(name=upstream.name)
            )
    return told
