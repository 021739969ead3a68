from xml.sax import saxutils

from hypothesis import given
from hypothesis import strategies as st

from hegui.labels.markup import escape, quoteattr

TEXTS = st.text() | st.text(alphabet="<>&'\"\n\r\t生a;#")


@given(TEXTS)
def test_text_is_written_as_the_standard_library_writes_it(text: str) -> None:
    assert escape(text) == saxutils.escape(text)
    assert quoteattr(text) == saxutils.quoteattr(text)
