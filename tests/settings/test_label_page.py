import pytest

from hegui.settings import inspect

HEAD = '[service]\nname = "x"\nscope = "internal"\nreason = "x"\n'
UPSTREAM = '[[upstream]]\nname = "x"\nbase_url = "http://127.0.0.1:1/v1"\n'
PROVIDER = '[provider]\nuscc = "91350100M000100Y43"\n'


def keys(text: str) -> list[str]:
    return [problem.key for problem in inspect(HEAD + UPSTREAM + text)[1]]


def test_the_propagators_code_follows_from_the_credit_code_and_is_never_made_up() -> None:
    settings, _ = inspect(HEAD + UPSTREAM + PROVIDER)
    assert settings is not None
    assert settings.label_page.propagator == "001191350100M000100Y4320000"
    settings, _ = inspect(HEAD + UPSTREAM)
    assert settings is not None
    assert settings.label_page.propagator == ""


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[label_page]\npropagator = "x"\n', "label_page.propagator"),
        ("[label_page]\nbytes = 20971521\n", "label_page.bytes"),
        ("[label_page]\nper_minute = 0\n", "label_page.per_minute"),
        ('[listen]\nproxies = ["10.0.0.0/8", "gateway.local"]\n', "listen.proxies"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(text: str, key: str) -> None:
    assert keys(text) == [key]


def test_addresses_and_networks_are_proxies() -> None:
    assert keys('[listen]\nproxies = ["10.0.0.7", "10.0.0.0/24", "fd00::/64"]\n') == []
    assert keys('[label_page]\npropagator = "001191350100M000100Y4320000"\n') == []
