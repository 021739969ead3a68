"""Each way to evade a rule is seen through, and ordinary text is left alone."""

import time

import pytest

from hegui.detectors.channels import ChannelledDetector
from hegui.detectors.escapes import SPAN, TAIL
from hegui.detectors.exact import TargetDetector
from hegui.detectors.lexicon import targets_of
from hegui.detectors.matcher import Matcher, PlainMatcher
from hegui.detectors.normal import RUN
from hegui.detectors.pattern import literal
from hegui.detectors.reading import CORPUS, FILLERS, GATEWAY, RAW, Channels, Plan
from hegui.detectors.targets import Target
from hegui.detectors.vectors import VectorMatcher
from hegui.terms import Misconfigured, RuleInfo, TextColumn, Words

WORDS = {"zh": ("制造炸药", "炸药包", "毒死邻居"), "en": ("make a bomb", "kill", "phishing")}
BACK_ENDS = {"vectors": VectorMatcher, "plain": PlainMatcher}


def made(
    channels: Channels = GATEWAY,
    back_end: type[VectorMatcher | PlainMatcher] = VectorMatcher,
    words: dict[str, tuple[str, ...]] = WORDS,
) -> ChannelledDetector:
    targets = [
        t for rule, texts in words.items() for w in texts for t in targets_of(rule, literal(w))
    ]
    plan = Plan(channels, dict.fromkeys(words, ("spaced", "homophone")), targets)
    return detector_of(plan, back_end(plan.targets))


def detector_of(plan: Plan, back_end: Matcher) -> ChannelledDetector:
    rules = {
        t.rule: RuleInfo(t.rule, "A.1.f", t.rule, Words("", ""), "4(1)", Words("", ""))
        for t in plan.given
    }
    return ChannelledDetector(
        TargetDetector("t", "1", rules, plan.targets, back_end=back_end), plan
    )


@pytest.fixture(scope="module", params=list(BACK_ENDS))
def gateway(request: pytest.FixtureRequest) -> ChannelledDetector:
    return made(back_end=BACK_ENDS[request.param])


@pytest.fixture(scope="module")
def corpus() -> ChannelledDetector:
    return made(CORPUS)


def found(detector: ChannelledDetector, text: str) -> list[tuple[str, str]]:
    data = text.encode("utf-8", "surrogatepass")
    return [
        (rule, data[start:end].decode())
        for _, rule, start, end, _ in detector.inspect(TextColumn(data, [0, len(data)]))
    ]


def test_the_end_of_a_paragraph_is_no_filler() -> None:
    detector = made(words={"r.w": ("炸药包",)})
    for gap in ("。", "\n", " \n", "。 ", "\n。"):
        assert found(detector, gap.join("炸药包"))
    for gap in ("。\n", "。\n ", "，。\n"):
        assert not found(detector, gap.join("炸药包"))
    assert detector.pending("他们都是好人。\n") == 0
    assert detector.pending("一个炸。") == 2


EVASIONS = {
    "traditional": ["製造炸藥", "制造炸藥", "毒死鄰居"],
    "full-width": ["ｍake a bomb", "phｉshing", "ｋｉll", "make　a　bomb"],
    "zero-width": [
        "制\u200b造\u200b炸\u200b药",
        "k\u200bi\u2060l\ufeffl",
        "phi\u00adshing",
        "炸\u200b\u200c\u200d药包",
        "ki\u0336ll",
    ],
    "confusables": ["kіll", "рhishing", "mаke a bоmb", "ph\u0131shing", "phíshing"],
    "enclosed": ["ⓚⓘⓛⓛ", "🅺🅸🅻🅻", "⒦⒤⒧⒧", "🇰🇮🇱🇱", "ⓟhishing"],
    "mathematical": ["𝐤𝐢𝐥𝐥", "𝖕𝖍𝖎𝖘𝖍𝖎𝖓𝖌", "𝚖𝚊𝚔𝚎 𝚊 𝚋𝚘𝚖𝚋", "ᵏⁱˡˡ"],
    "punctuation": [
        "k.i.l.l",
        "p-h-i-s-h-i-n-g",
        "制.造.炸.药",
        "炸 药 包",
        "炸*药*包",
        "毒、死、邻、居",
        "m a k e a b o m b",
        "k😀i😀l😀l",
        "ⓚ.ⓘ.ⓛ.ⓛ",
        "制...造...炸...药",
        "k\u200b.\u200bi\u200b.\u200bl.l",
    ],
    "homophones": ["只造炸要", "制造榨药", "毒死林居"],
    "escapes": [
        r"\u5236\u9020\u70b8\u836F",
        r"制\u9020炸\\u836f",
        r"\u{6bd2}\U00006B7b\u90bb居",
        r"k\x69l\x6C",
        "&#107;i&#x6C;&#X6c;",
        r"\u88fd\u9020\u200b\u70b8\u85e5",
        r"\ud835\udc24\u0456ll",
        r"\u53ea\u9020\u70b8\u8981",
    ],
}


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, ts in EVASIONS.items() for t in ts])
def test_an_evasion_is_found_where_it_stands(
    kind: str, text: str, gateway: ChannelledDetector
) -> None:
    for around in ("{}", "你好，{}，谢谢", "上文{}下文", "please {} now"):
        hits = [(rule, value) for rule, value in found(gateway, around.format(text))]
        assert text in [value for _, value in hits], (kind, hits)


@pytest.mark.parametrize(
    "text",
    [
        t
        for k in ("full-width", "zero-width", "confusables", "enclosed", "mathematical", "escapes")
        for t in EVASIONS[k]
        if t != r"\u53ea\u9020\u70b8\u8981"  # no homophones
    ],
)
def test_a_corpus_sees_through_what_ordinary_text_does_not_mix_in(
    text: str, corpus: ChannelledDetector
) -> None:
    quiet = text in ("make　a　bomb", "phíshing")  # ordinary text is full of such characters
    assert quiet or text in [value for _, value in found(corpus, f"上文{text}下文")]


ORDINARY = [
    "他被判刑，制造、炸药，包装厂。死，邻，居委会，制。造",
    "Skill-building workshops: a, b, or make a bom, b. He will ki ll time. s k i l l e d",
    "Это обычный русский текст: кіно, рыба, хор, сора, они живут дома.",
    "これは普通の日本語です。カタカナ、ロボット、ニュース、エコ。",
    "👨\u200d👩\u200d👧\u200d👦 ❤️ 👍🏽 1️⃣2️⃣3️⃣",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 🏳️\u200d🌈 🇨🇳🇺🇸",
    "می\u200cخواهم کتاب\u200cها را بخوانم. क्\u200dष हिन्दी",
    "for (int i = 0; i < k; i++) { a[i] = b[i] + c; }  # k, i, l, m",
    "Việt Nam có phở, naïve café, Ångström, jalapeño, Dvořák",
    "一、二、三、四；①②③；㈠㈡；１２３；Ａ、Ｂ、Ｃ",
    "只 要 工 作 努 力 | 1 3 8 | a b c d e f g",
    r"C:\u5236\notes \usepackage \xi R&D &#; &#x; &#99999999; \u00zz \U00110000 \ud835",
    r"char pad[] = {\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00}; [\u200b\u200c\u200d\ufeff]",
    r"\u0441\u043e\u0441\u0430 \u043a\u0456\u04cf\u04cf",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_left_alone(
    text: str, gateway: ChannelledDetector, corpus: ChannelledDetector
) -> None:
    assert found(gateway, text) == found(corpus, text) == []


def test_a_word_all_in_another_script_is_no_english_one() -> None:
    of = made(words={"en": ("coca", "poco")})
    assert found(of, "соса росо") == []
    assert found(of, "сoca") == [("en", "сoca")]


def test_two_letters_around_a_comma_and_one_open_gap_are_no_skeleton(
    gateway: ChannelledDetector,
) -> None:
    assert found(made(words={"zh": ("杀人",)}), "被杀，人们") == []
    assert found(gateway, "k.i.ll") == []
    assert found(gateway, "k....i....l....l") == []


def test_what_stands_beside_an_escape_is_read_with_what_that_spells(
    gateway: ChannelledDetector,
) -> None:
    assert found(gateway, r"\u0020kill\u002e") == [("en", "kill")]
    assert found(gateway, r"s\u006b\u0069\u006c\u006c") == []
    assert found(gateway, r"kill\u0041") == [("en", "kill")], "as it stands there"


def test_what_is_too_long_in_source_is_cut_or_said(gateway: ChannelledDetector) -> None:
    apart = r"\u200b" * 8
    assert found(gateway, apart.join("炸药包")) == [("zh", apart.join("炸药包"))]
    rows = found(gateway, (apart + r"\u200b").join("炸药包"))
    assert rows == [(FILLERS.id, apart + r"\u200b")] * 2
    word = made(words={"r.w": ("炸药包" * 22,)})
    for count in (63, 66):
        spelt = "".join(f"\\u{ord(char):x}" for char in ("炸药包" * 22)[:count])
        text = spelt + ("炸药包" * 22)[count:]
        assert bool(found(word, text)) == (len(text) <= SPAN)


def test_what_the_raw_text_says_is_reported_once(gateway: ChannelledDetector) -> None:
    assert found(gateway, "制造炸药\u200b") == [("zh", "制造炸药")]
    assert found(gateway, "ｋｉｌｌ") == [("en", "ｋｉｌｌ")]


def test_a_finding_does_not_depend_on_the_rest_of_its_row(corpus: ChannelledDetector) -> None:
    assert found(corpus, "k.i.l.l") == found(corpus, "k.i.l.l 而且\u200b如此") == []
    assert found(corpus, "k.ⓘ.l.l") == [("en", "k.ⓘ.l.l")]


def test_a_run_that_no_channel_reads_across_is_a_finding(
    gateway: ChannelledDetector, corpus: ChannelledDetector
) -> None:
    for of in (gateway, corpus):
        assert found(of, "制造" + "\u200b" * 8 + "炸药") == [("zh", "制造" + "\u200b" * 8 + "炸药")]
        for unseen in "\u200b\u3164\u0336":
            assert found(of, "制造" + unseen * 9 + "炸药") == [(FILLERS.id, unseen * 9)]


def test_channels_are_part_of_the_digest_and_widen_the_card() -> None:
    cards = [made(channels).card for channels in (RAW, CORPUS, GATEWAY)]
    assert len({card.digest for card in cards}) == 3
    assert GATEWAY.names == ("raw", "variants", "normalised", "skeleton", "homophones", "escapes")
    assert cards[0].span < cards[1].span == cards[2].span == TAIL
    assert FILLERS.id in cards[2].rules


def test_a_detector_must_be_built_of_its_plan() -> None:
    plan = Plan(GATEWAY, {}, [Target("a", literal("abc"))])
    with pytest.raises(Misconfigured):
        ChannelledDetector(TargetDetector("t", "1", {}, []), plan)


def test_rows_stay_apart_and_bytes_that_are_not_utf8_do_no_harm(
    gateway: ChannelledDetector,
) -> None:
    rows = [b"k.i", b".l.l", b"\xff" + "ⓚill".encode() + b"\xe4", "制.造.炸.药".encode(), b""]
    offsets = [0]
    for row in rows:
        offsets.append(offsets[-1] + len(row))
    hits = list(gateway.inspect(TextColumn(memoryview(b"".join(rows)), offsets)))
    assert [(row, rule, start) for row, rule, start, _, _ in hits] == [(2, "en", 1), (3, "zh", 0)]


@pytest.mark.parametrize("channels", [GATEWAY, CORPUS], ids=["gateway", "corpus"])
@pytest.mark.parametrize("unit", ["炸\u200b药包，", "炸药" + "\u200b" * (RUN + 1) + "包"])
def test_a_row_with_very_many_findings_takes_time_in_proportion(
    channels: Channels, unit: str
) -> None:
    detector = made(channels, words={"r.w": ("炸药包",)})
    times = []
    for count in (1_500, 12_000):
        column = TextColumn.of([unit * count])
        began = time.process_time()
        assert len(detector.inspect(column)) == count
        times.append(time.process_time() - began)
    assert times[1] < 24 * times[0] + 0.5
