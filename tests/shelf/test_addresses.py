import pytest

from hegui.shelf.addresses import Addresses, new_id

KEY = bytes(range(32))
BASE = "https://ai.example.com"


def test_an_address_is_the_same_each_time_and_says_which_file_and_until_when() -> None:
    addresses, medium = Addresses(KEY, BASE), new_id()
    address = addresses.of(medium, 1_764_000_000_001)
    assert address == addresses.of(medium, 1_764_000_000_001)
    token = address.removeprefix(f"{BASE}/media/")
    told = addresses.read(token)
    assert told is not None
    assert (told.id, told.until) == (medium, 1_764_000_001_000)


def test_no_address_can_be_made_from_what_is_on_record() -> None:
    medium = new_id()
    token = Addresses(bytes(32), BASE).of(medium, 1_764_000_000_000).rpartition("/")[2]
    assert Addresses(KEY, BASE).read(token) is None
    assert "M-" not in token
    assert repr(Addresses(KEY, BASE)).find(KEY.hex()) == -1


def test_every_changed_or_cut_token_is_unknown() -> None:
    addresses = Addresses(KEY, BASE)
    token = addresses.of(new_id(), 1_764_000_000_000).rpartition("/")[2]
    for place, char in enumerate(token):
        changed = token[:place] + ("A" if char != "A" else "B") + token[place + 1 :]
        assert addresses.read(changed) is None
        assert addresses.read(token[:place]) is None


@pytest.mark.parametrize("junk", ["", "é", "A", "====", "../../etc/passwd", "A" * 49, "A" * 5_000])
def test_junk_is_unknown(junk: str) -> None:
    assert Addresses(KEY, BASE).read(junk) is None


def test_a_token_is_written_in_one_way_only() -> None:
    addresses = Addresses(KEY, BASE)
    token = addresses.of(new_id(), 1_764_000_000_000).rpartition("/")[2]
    for variant in (token + "=", token[:5] + "!" + token[5:], token + "\n"):
        assert addresses.read(variant) is None
