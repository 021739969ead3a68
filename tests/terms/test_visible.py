import json

from hegui.terms.visible import visible, visible_json, visible_page, visible_start


def test_what_a_terminal_would_obey_is_shown_as_an_escape() -> None:
    assert visible("a\x1b[1m\n\u202e\u200b\udcff\U000e0041\u3000é") == (
        "a\\x1b[1m\\x0a\\u202e\\u200b\\udcff\\U000e0041\u3000é"
    )
    assert visible_page("a\n\tb\r\x9b") == "a\n\tb\\x0d\\x9b"


def test_emoji_and_scripts_that_are_joined_stay_as_they_are() -> None:
    for text in ("👩\u200d💻", "می\u200cخواهم", "测试\u3000文字"):
        assert visible(text) == text


def test_json_of_it_says_the_same() -> None:
    said = json.dumps("é\x9b2J\u202e\udcff\U000e0041\x7f", ensure_ascii=False)
    assert visible_json(said) == '"é\\u009b2J\\u202e\\udcff\\udb40\\udc41\\u007f"'
    page = json.dumps({"a\x85": ["b\u2028\n\t\x00"]}, ensure_ascii=False, indent=1)
    assert json.loads(visible_json(page)) == json.loads(page)
    assert visible_json(page).isprintable() is False, "an indented page keeps its lines"
    assert visible_json(page).replace("\n", "").isprintable()


def test_the_start_of_a_text_ends_where_it_should_and_cuts_no_escape() -> None:
    assert visible_start("测试", 10) == "测试"
    assert visible_start("x" * 50, 10) == "x" * 10 + "…"
    for most in range(1, 40):
        seen = visible_start("ab\U000e0041\x9b" * 9, most)
        assert len(seen) <= most + 1
        whole = visible("ab\U000e0041\x9b" * 9)
        assert whole.startswith(seen[:-1])
        assert whole[len(seen) - 1 :].startswith(("a", "b", "\\"))
