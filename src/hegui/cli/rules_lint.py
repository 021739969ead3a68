"""``hegui rules lint`` and ``hegui rules test``: what is wrong with a pack; every case tried."""

from pathlib import Path

from hegui.cli.rules_given import PACKS, as_rows, given, refuse, told_flaws
from hegui.cli.shared import JSON_OPTION
from hegui.cli.speech import CLEAN, FINDINGS, command, lang_of, say, say_json, say_lines
from hegui.terms import Words


@command(
    "lint",
    Words(
        "Look for what is wrong in rule packs, each with its line: patterns without a bound, "
        "unknown risks, words and ids that stand twice (also as variants of one another, and in "
        "another pack), exceptions that cover a word, rules that can never match, cases that go "
        "otherwise than they say. Without PACK: the packs that come with hegui. Exit code 0: they "
        "can be attached (notes may be shown); 1: they cannot.",
        "检查规则包中的问题并给出行号：没有上限的模式、未知风险、重复的词和编号（包括互为变体的词、"
        "与其他规则包重复）、完全覆盖字面词的例外、永远不会命中的规则、与结果不符的用例。"
        "不写 PACK 时检查 hegui 自带的规则包。退出码：0 可以接入（可能有提示）；1 不能接入。",
    ),
    Words(
        "hegui rules lint\nhegui rules lint own.yaml --json",
        "hegui rules lint\nhegui rules lint own.yaml --json",
    ),
)
@PACKS
@JSON_OPTION
def lint(packs: tuple[Path, ...], *, as_json: bool) -> int:
    """Look for what is wrong in rule packs."""
    found = given(packs)
    if as_json:
        told = {"ok": not found.errors, "flaws": as_rows(found)}
        say_json(told, indent=1)
        return FINDINGS if found.errors else CLEAN
    say_lines(told_flaws(found))
    rules = sum(len(pack.rules) for pack in found.packs.values())
    counts = Words(
        "{packs} packs read, {rules} rules: {errors} to put right, {notes} notes",
        "读入 {packs} 个规则包、{rules} 条规则：{errors} 处需要改正，{notes} 条提示",
    )
    say(counts.fill(packs=len(found.packs), rules=rules, errors=found.errors, notes=found.notes))
    return FINDINGS if found.errors else CLEAN


@command(
    "test",
    Words(
        "Try every case of rule packs: each rule must find something in each text under "
        "cases.match, and nothing in each under cases.clean. Without PACK: the packs that come "
        "with hegui. Exit code 0: all go as they say; 1: some do not.",
        "试跑规则包的全部用例：每条规则须在 cases.match 的每个文本中有命中，在 cases.clean 的每个"
        "文本中没有命中。不写 PACK 时试跑 hegui 自带的规则包。退出码：0 全部相符；1 有不符。",
    ),
    Words(
        "hegui rules test\nhegui rules test own.yaml --json",
        "hegui rules test\nhegui rules test own.yaml --json",
    ),
)
@PACKS
@JSON_OPTION
def try_cases(packs: tuple[Path, ...], *, as_json: bool) -> int:
    """Try every case of rule packs."""
    from hegui.detectors.packs import tried_in
    from hegui.runners.compiling import kept

    found = given(packs)
    if len(found.packs) < len(found.flaws):
        refuse(found)
    results = tried_in({name: pack.rules for name, pack in found.packs.items()}, kept)
    bad = [(name, each) for name, each in results if not each.good]
    if as_json:
        told = {
            "ok": not bad,
            "cases": len(results),
            "failed": [
                {
                    "file": name,
                    "line": each.case.line,
                    "rule": each.rule.id,
                    "sort": "match" if each.wanted else "clean",
                }
                for name, each in bad
            ],
        }
        say_json(told, indent=1)
        return FINDINGS if bad else CLEAN
    lang = lang_of()
    missed = Words("should match, and does not", "应命中而未命中").say(lang)
    struck = Words("should be clean, and is not", "不应命中而命中").say(lang)
    say_lines(
        f"  {name}:{each.case.line} {each.rule.id} {missed if each.wanted else struck}"
        for name, each in bad
    )
    counts = Words("{n} cases, {bad} failed", "{n} 个用例，{bad} 个不符")
    say(counts.fill(n=len(results), bad=len(bad)))
    return FINDINGS if bad else CLEAN
