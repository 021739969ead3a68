import pytest

from hegui.terms.identifiers import (
    provider_code,
    provider_code_fault,
    uscc_check_char,
    uscc_valid,
)

PUBLISHED = (
    "001191110102MACQD9K64010000",
    "001191310104MACE0YX63918020",
    "001191440300708461136T1308L",
    "001191440300MA5G49LC9K1YO01",
)


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_provider_codes_are_valid(code: str) -> None:
    assert uscc_valid(code[4:22])
    assert provider_code_fault(code) is None
    assert provider_code(code[4:22], code[23:]) == code


@pytest.mark.parametrize("code", PUBLISHED)
def test_any_one_wrong_character_of_a_credit_code_is_found(code: str) -> None:
    uscc = code[4:22]
    for place, right in enumerate(uscc):
        for wrong in "0123456789ABCDEFGHJKLMNPQRTUWXY":
            if wrong != right:
                assert not uscc_valid(uscc[:place] + wrong + uscc[place + 1 :])


@pytest.mark.parametrize(
    "code",
    [
        "",
        "91110102MACQD9K64",
        "91110102MACQD9K6400",
        "91110102macqd9k640",
        "9111010２MACQD9K640",
        "I1110102MACQD9K640",
    ],
)
def test_what_is_no_credit_code_is_not_valid(code: str) -> None:
    assert not uscc_valid(code)


def test_the_check_character_is_that_of_the_standard() -> None:
    assert uscc_check_char("91110102MACQD9K64") == "0"
    with pytest.raises(ValueError, match="short"):
        uscc_check_char("short")


def test_a_code_is_never_made_up() -> None:
    with pytest.raises(ValueError, match="0000"):
        provider_code("91110102MACQD9K641")


@pytest.mark.parametrize(
    "code",
    [
        "",
        PUBLISHED[0][:-1],
        PUBLISHED[0].lower(),
        "0021" + PUBLISHED[0][4:],
        PUBLISHED[0][:22] + "20000",
        PUBLISHED[0][:22] + "00001",
    ],
)
def test_a_faulty_provider_code_is_explained(code: str) -> None:
    fault = provider_code_fault(code)
    assert fault is not None
    assert fault.en
    assert fault.zh


def test_a_code_without_extension_may_end_in_zeros() -> None:
    assert provider_code_fault(PUBLISHED[0][:22] + "00000") is None
