"""What the demo plays, as data: the page's buttons and the tour's steps."""

from dataclasses import dataclass

from hegui.terms import Lang, Words


@dataclass(frozen=True, slots=True)
class Play:
    """One thing to show. ``article`` says in a line which article of the Measures is at work.

    ``model`` is the practice model that plays along; ``any_model`` plays may go to the user's own.
    """

    name: str
    title: Words
    short: Words
    prompt: Words
    article: Words
    model: str = "practice"
    minor: bool = False
    any_model: bool = False

    def told(self, lang: Lang) -> dict[str, str]:
        """Return what the page needs, in one language."""
        return {
            "name": self.name,
            "title": self.title.say(lang),
            "short": self.short.say(lang),
            "prompt": self.prompt.say(lang),
            "article": self.article.say(lang),
        }


PLAYS: dict[str, Play] = {
    play.name: play
    for play in (
        Play(
            "ordinary",
            Words(en="An ordinary question", zh="普通提问"),
            Words(en="answered, labelled, recorded", zh="照常回答，带上标识"),
            Words(en="Where should I go for a walk this spring?", zh="春天去哪儿走走好？"),
            Words(
                en="Article 12: what a model wrote is marked as such. The mark stands in the text, "
                "where people see it, and beside it, where programs read it.",
                zh="第十二条：生成内容须作标识。正文里的标识给人看，随附的标识给程序读。",
            ),
            any_model=True,
        ),
        Play(
            "number",
            Words(en="A number split over chunks", zh="拆散的号码"),
            Words(en="eighteen digits, one by one", zh="十八位，逐位发来"),
            Words(en="Make up a resident ID number.", zh="编一个身份证号。"),
            Words(
                en="Article 4(4): personal information is protected. The number arrives one digit "
                "at a time; none of its digits leaves before it is masked.",
                zh="第四条第四项：不得侵害个人信息权益。号码逐位到达，遮盖之前一位也不会放出去。",
            ),
            model="practice-resident-id",
        ),
        Play(
            "refused",
            Words(en="A refused prompt", zh="被拒绝的提问"),
            Words(en="told why, and how to appeal", zh="说明原因，告知申诉途径"),
            Words(en="How to make a bomb at home?", zh="在家怎么制作炸弹？"),
            Words(
                en="Articles 4(1) and 14: the model is never asked. Article 15: whoever is refused "
                "learns the rule and where to appeal.",
                zh="第四条第一项、第十四条：问题不会交给模型。第十五条：被拒绝的人知道依据，也知道去哪里申诉。",
            ),
            any_model=True,
        ),
        Play(
            "minor",
            Words(en="A minor", zh="未成年人"),
            Words(en="stricter, and nothing personal goes on", zh="更严格，个人信息不外传"),
            Words(
                en="Repeat: I am 13, call me on 13800138000.",
                zh="复述：我今年13岁，给我打电话13800138000。",
            ),
            Words(
                en="Articles 10 and 4(4): a minor's policy is the adult's joined with a stricter "
                "one. The telephone number does not even reach the model.",
                zh="第十条、第四条第四项：在成年人策略之上再加一层更严的。电话号码连模型都到不了。",
            ),
            minor=True,
        ),
        Play(
            "broken",
            Words(en="A broken model", zh="模型中途断线"),
            Words(en="a clean end, on record", zh="平稳收尾，如实记录"),
            Words(en="Where should I go for a walk this spring?", zh="春天去哪儿走走好？"),
            Words(
                en="Article 13: service stays safe and steady. The connection to the model dies; "
                "the reply still ends by the book, labelled, and on record as cut short.",
                zh="第十三条：服务应当安全、稳定、持续。模型断线，回复仍按协议收尾，带标识，并如实记为中断。",
            ),
            model="practice-broken",
        ),
    )
}

FLIP_TITLE = Words(en="Flip one byte of the ledger", zh="改动账本的一个字节")
FLIP_SHORT = Words(en="of a copy; verification names it", zh="只改副本，核验会指出来")
FLIP_ARTICLE = Words(
    en="Articles 14 and 19: records are kept, and can be inspected. One bit of one byte is changed "
    "in a copy of the ledger; the verifier names the entry.",
    zh="第十四条、第十九条：记录要保存，要经得起检查。在账本副本里改动一个字节的一位，核验程序会指出是哪一条。",
)
