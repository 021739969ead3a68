import pytest

from hegui.shelf.hosts import Hosts, NotFetched

LISTED = Hosts(("media.example.com", "*.oss.example.com", "odd.example.com:8443", "203.0.113.7"))


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        (
            "https://media.example.com/a.png?Sig=%2Fx%3D",
            "https://media.example.com/a.png?Sig=%2Fx%3D",
        ),
        ("https://bucket.oss.example.com/a", "https://bucket.oss.example.com/a"),
        ("https://odd.example.com:8443/a", "https://odd.example.com:8443/a"),
        ("http://media.example.com/a?b=1", "https://media.example.com/a?b=1"),
        ("https://MEDIA.example.com/a#part", "https://MEDIA.example.com/a"),
    ],
)
def test_a_listed_host_is_asked_by_https_with_the_query_as_it_was_signed(
    address: str, asked: str
) -> None:
    assert str(LISTED.checked(address)) == asked


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/a",
        "https://oss.example.com/a",
        "https://a.b.oss.example.com/a",
        "https://media.example.com.evil.example/a",
        "https://xmedia.example.com/a",
        "https://media.example.com:8443/a",
        "https://media.example.com:22/a",
        "https://odd.example.com/a",
        "https://media.example.com@evil.example/a",
        "https://user:pass@media.example.com/a",
        "https://evil.example\\@media.example.com/a",
        "https://evil.example\\.media.example.com/a",
        "https://media.example.com./a",
        "https://MEDIA。EXAMPLE。COM.evil.example/a",
        "https://[::1]/a",
        "https://127.0.0.1/a",
        "https://2130706433/a",
        "https://0x7f.1/a",
        "http://media.example.com:8080/a",
        "ftp://media.example.com/a",
        "file:///etc/passwd",
        "gopher://media.example.com/a",
        "data:image/png;base64,AAAA",
        "//media.example.com/a",
        "/a",
        "",
        "https://",
        "https:///a",
        "https://media.example.com:99999/a",
        "https://media.example.com/a b",
        "https://media.example.com/a\r\nx: y",
        "https://media.example.com/" + "a" * 9_000,
    ],
)
def test_what_is_not_listed_or_not_plain_is_not_asked(address: str) -> None:
    with pytest.raises(NotFetched) as caught:
        LISTED.checked(address)
    assert caught.value.words.en
    assert caught.value.words.zh


def test_a_refusal_names_the_host_and_nothing_of_what_opens_the_file() -> None:
    with pytest.raises(NotFetched) as caught:
        LISTED.checked("https://elsewhere.example/private/a.png?Signature=s3cr3t&Expires=1")
    for said in (caught.value.words.en, caught.value.words.zh):
        assert "elsewhere.example" in said
        assert "media_hosts" in said
        assert not any(word in said for word in ("s3cr3t", "Signature", "private/a.png"))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",  # noqa: S104 - an address that must not be asked
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2001:db8::1",
    ],
)
def test_no_name_leads_into_the_own_network(address: str) -> None:
    with pytest.raises(NotFetched, match="private network"):
        LISTED.reachable("media.example.com", [address])
    with pytest.raises(NotFetched, match="private network"):
        LISTED.reachable("media.example.com", ["93.184.216.34", address])


def test_public_addresses_are_reachable() -> None:
    there = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"]
    assert LISTED.reachable("media.example.com", there) == there
    with pytest.raises(NotFetched, match="cannot be found"):
        LISTED.reachable("media.example.com", [])


def test_private_hosts_are_reached_where_the_operator_says_so_but_never_the_clouds_own() -> None:
    own = Hosts(("127.0.0.1:9000", "minio.lan"), private=True)
    assert str(own.checked("http://127.0.0.1:9000/a")) == "http://127.0.0.1:9000/a"
    assert str(own.checked("http://minio.lan/a")) == "http://minio.lan/a"
    assert own.reachable("minio.lan", ["10.0.0.1"]) == ["10.0.0.1"]
    for never in ("169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "0.0.0.0"):  # noqa: S104 - see above
        with pytest.raises(NotFetched):
            own.reachable("minio.lan", [never])
    clouds = ["100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"]
    for never in (*clouds, "::ffff:100.100.100.200", "64:ff9b::6464:64c8"):
        for hosts in (own, LISTED):
            with pytest.raises(NotFetched):
                hosts.reachable("minio.lan", [never])
