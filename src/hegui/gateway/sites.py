"""Whether a browser sends a request for a page of another site (W3C Fetch Metadata).

Where no key is asked for, such a page could spend the service, or file appeals, in the name and
from the address of whoever looks at it. Browsers say so themselves; no page can make them not to.
"""

from collections.abc import Mapping
from typing import Final

from hegui.terms import Words

ELSEWHERE: Final = Words(
    en="This was sent by a page of another site. Open this page itself, and send it from here.",
    zh="该请求由其他网站的页面发出。请直接打开本页面提交。",
)


def from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Tell whether another site's page had this sent. Not so where nothing is said."""
    return headers.get("sec-fetch-site", "").strip().lower() == "cross-site"
