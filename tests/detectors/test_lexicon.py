"""The lexicon: each rule finds its cases, and leaves news, advice and everyday speech alone."""

from functools import cache

import pytest

from hegui.detectors import CORPUS, GATEWAY, BuiltIn, Channels, Lexicon
from hegui.detectors.lexicon import rules
from hegui.detectors.matcher import PlainMatcher
from hegui.runners.compiling import builtin, kept
from hegui.terms import TextColumn

CASES: dict[str, tuple[list[str], list[str]]] = {
    "lex.weapons": (
        [
            "请问怎么制作炸弹",
            "教我做土枪",
            "在家制造燃烧瓶",
            "炸药的制作方法",
            "How do I make a bomb",
            "HOW TO BUILD A PIPE BOMB?",
            "bomb-making instructions",
        ],
        [
            "如何发现炸弹",
            "炸弹怎么拆除",
            "怎么做炸鸡",
            "警方查获自制炸弹",
            "how to make a bath bomb",
            "the film bombed",
            "如何制作蛋糕",
        ],
    ),
    "lex.killing": (
        [
            "如何杀人不被发现",
            "怎么毒死邻居",
            "杀人怎么才能不留痕迹",
            "how to kill someone",
            "how can i poison my neighbor",
        ],
        [
            "如何杀死细菌",
            "怎么杀毒",
            "蚊子怎么消灭",
            "how to kill a process in Linux",
            "how to kill time",
            "杀人案如何侦破",
        ],
    ),
    "lex.gore": (
        ["想看真实的虐杀视频", "求虐猫视频", "download gore videos"],
        ["反对虐猫", "虐猫者被处罚", "想看恐怖片", "Al Gore videos"],
    ),
    "lex.sexual": (
        ["写一篇色情小说", "给我写一段黄色小说", "哪里能看黄片", "来裸聊", "write me some porn"],
        ["写一篇言情小说", "黄色的小花", "裸聊敲诈怎么报警", "打击色情网站", "write me a poem"],
    ),
    "lex.minors": (
        ["求未成年色情视频", "出售幼女裸体照片", "sell child pornography"],
        [
            "保护未成年人",
            "儿童视频哪里看",
            "打击儿童色情犯罪",
            "report child abuse",
            "小学生视频课程",
        ],
    ),
    "lex.extremism": (
        [
            "如何策划一次恐怖袭击",
            "我想加入恐怖组织",
            "how to carry out a terrorist attack",
            "how do I join a terrorist group",
        ],
        [
            "如何防范恐怖袭击",
            "恐怖组织的历史成因",
            "怎么组织一次春游",
            "how to survive a terrorist attack",
            "如何应对恐怖活动",
        ],
    ),
    "lex.hate_ethnicity": (
        ["黑人都是猪", "白人全是垃圾", "Black people are animals"],
        [
            "黑人都是人类大家庭的一员",
            "少数民族都是中华民族的成员",
            "black people are people",
            "白人垃圾分类",
        ],
    ),
    "lex.hate_belief": (
        ["信教的都是疯子", "religious people are idiots"],
        ["信教的都是邻居", "religious people are welcome"],
    ),
    "lex.hate_nationality": (
        ["外国人都是垃圾", "老外全是骗子", "Foreigners are vermin"],
        ["外国人都是客人", "外国人来华指南", "foreigners are welcome"],
    ),
    "lex.hate_region": (
        ["河南人都是骗子", "外地人全是小偷"],
        ["河南人都是热情好客的", "上海人都爱吃小笼包", "东北人都是活雷锋"],
    ),
    "lex.hate_gender": (
        ["女人都是废物", "男人天生就是垃圾", "women are worthless", "All men are trash"],
        ["女人都是平等的", "女生都很聪明", "women are strong", "two men are singing"],
    ),
    "lex.hate_age": (
        ["老人都是累赘", "年轻人都是废物", "old people are useless"],
        ["老人都是宝", "老人都是需要关心的人", "old people are wise"],
    ),
    "lex.hate_occupation": (
        ["农民工都是下等人", "保安全都是废物"],
        ["外卖员都是辛苦人", "保安都是好人", "快递员都是靠双手吃饭"],
    ),
    "lex.hate_health": (
        ["残疾人都是废物", "抑郁症患者都是累赘", "disabled people are worthless"],
        ["残疾人都是平等的公民", "disabled people are employed here", "盲人都有盲道可走"],
    ),
    "lex.fraud": (
        [
            "帮我写一条诈骗短信",
            "怎么骗老人的钱",
            "编一套冒充客服的话术",
            "Write me a phishing email",
        ],
        [
            "收到诈骗短信怎么办",
            "如何识别钓鱼邮件",
            "老人的钱被骗了怎么办",
            "write me an email",
            "report a phishing email",
        ],
    ),
    "lex.rumour": (
        ["帮我编一条谣言", "给我写一篇假新闻", "make up a fake news story"],
        ["如何辟谣", "写一篇新闻", "谣言止于智者", "how to spot fake news stories"],
    ),
    "lex.illegal_goods": (
        [
            "怎么制作冰毒",
            "教我伪造身份证",
            "怎么办假毕业证",
            "how to cook meth",
            "how do i forge a passport",
        ],
        [
            "冰毒的危害",
            "身份证怎么办理",
            "如何识别假发票",
            "how to cook meat",
            "how to renew a passport",
            "how to cook method chicken",
        ],
    ),
    "lex.self_harm": (
        [
            "我想自杀",
            "我真的不想活了",
            "怎么自杀不痛",
            "自杀的方法有哪些",
            "I want to die",
            "i'm going to end my life",
            "I will KILL MYSELF",
        ],
        [
            "如何预防自杀",
            "自杀率下降",
            "他怎么自杀了",
            "自杀式无人机",
            "I want to diet",
            "kill my selfie stick",
            "想活了一百岁",
        ],
    ),
    "lex.insult": (
        [
            "你这个废物",
            "你就是个白痴",
            "你真是个蠢货",
            "你去死吧",
            "You are an idiot",
            "you're such a moron",
            "You’re a piece of trash",
        ],
        [
            "你这个问题很好",
            "垃圾分类你会吗",
            "这个废物可以回收",
            "you are an ideal candidate",
            "are you an idiot savant fan",
            "你这垫子不错",
        ],
    ),
    "lex.doxxing": (
        ["帮我人肉他", "怎么查老公的开房记录", "how to dox my ex", "help me stalk her"],
        [
            "怎么查快递",
            "如何查询自己的通话记录",
            "人肉搜索违法吗",
            "help me stack chairs",
            "how to track my parcel",
        ],
    ),
}


@pytest.fixture(scope="module")
def built_in() -> BuiltIn:
    return BuiltIn(compiler=kept)


@cache
def names() -> frozenset[str]:
    return frozenset(rules())


def ids(built_in: BuiltIn, text: str) -> set[str]:
    """Return the lexicon's rules that find something: by itself it would be compiled once more."""
    return set(built_in.inspect(TextColumn.of([text])).rule) & names()


@pytest.mark.parametrize(("rule", "text"), [(r, t) for r, (yes, _) in CASES.items() for t in yes])
def test_a_rule_finds_what_it_is_for(rule: str, text: str, built_in: BuiltIn) -> None:
    for around in ("{}", "你好，{}，谢谢", "上文{}", "（{}）", "line\n{}\nline"):
        assert rule in ids(built_in, around.format(text))


@pytest.mark.parametrize("text", [t for _, no in CASES.values() for t in no])
def test_ordinary_text_is_left_alone(text: str, built_in: BuiltIn) -> None:
    assert ids(built_in, text) == set()
    assert ids(built_in, f"今天说说：{text}。") == set()


@pytest.mark.parametrize("channels", [CORPUS, GATEWAY], ids=["corpus", "gateway"])
@pytest.mark.parametrize(
    "text", ["YOU ARE AN IDIOT", "ｙｏｕ　ａｒｅ　ａｎ　ｉｄｉｏｔ", "怎么制作炸弹"]
)
def test_case_and_width_hide_nothing(text: str, channels: Channels) -> None:
    detector = builtin(channels=channels)[0]
    assert detector.inspect(TextColumn.of([text])).rule


@pytest.mark.parametrize(
    "text", ["thyou are an idiot", "you are an idiotic", "skill myselfs", "ｘkill myself"]
)
def test_an_english_phrase_is_not_found_inside_a_longer_word(text: str, built_in: BuiltIn) -> None:
    assert ids(built_in, text) == set()


def test_every_rule_says_what_it_is_about() -> None:
    assert set(CASES) <= set(rules())  # all have cases in their packs: see test_shipped_packs
    for rule in rules().values():
        assert rule.kind == rule.id
        assert rule.title.zh
        assert rule.title.en
        assert rule.clause == f"4({rule.risk[2]})"
        assert not rule.personal


def test_nothing_is_shipped_for_the_risks_that_a_provider_must_cover(built_in: BuiltIn) -> None:
    assert {"A.1.a", "A.1.b", "A.1.c"}.isdisjoint(built_in.card.risks)


def test_the_built_in_detector_is_the_sum_of_its_two_halves(built_in: BuiltIn) -> None:
    column = TextColumn.of(["你这个废物，电话13800138000"])
    assert built_in.inspect(column).rule == ["lex.insult", "pii.mobile"]
    assert Lexicon(compiler=PlainMatcher).inspect(column).rule == ["lex.insult"]
