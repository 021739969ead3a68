import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from hegui.vault.keyed import keyed


@given(st.binary(max_size=200), st.binary(max_size=5_000))
def test_it_is_hmac_sha_256_for_every_length_of_key_and_message(key: bytes, message: bytes) -> None:
    assert keyed(key, message) == hmac.new(key, message, hashlib.sha256).digest()


def test_the_second_case_of_rfc_4231_holds() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert keyed(b"Jefe", b"what do ya want for nothing?").hex() == expected
