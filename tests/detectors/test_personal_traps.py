"""Personal data: what looks like it and is not, and the secrets beside it."""

import pytest

from hegui.detectors import PersonalData, numbers
from hegui.terms import TextColumn


def found(detector: PersonalData, text: str) -> list[tuple[str, str]]:
    column = TextColumn.of([text])
    data = column.row_bytes(0)
    return [
        (rule.removeprefix("pii."), data[start:end].decode())
        for _, rule, start, end, _ in detector.inspect(column)
    ]


TRAPS = [
    "订单号202311231380013800012",
    "订单号20231123138001380",
    "流水号138001380001",
    "编号0138001380000000",
    "ISBN 978-7-302-12345-6",
    "ISBN 9787302123456",
    "ISSN 1000-1234",
    "日期2023-11-23 13:00:13",
    "时间戳1700000000000",
    "时间戳1700000000",
    "根据《民法典》第1034条第2款",
    "国家互联网信息办公室令第15号",
    "GB/T 45654-2025",
    "文号〔2023〕13800号",
    "圆周率3.14159265358979323846",
    "小数0.13800138000",
    "12012345678",
    "11012345678",
    "10012345678",
    "2380013800",
    "sha256 9f1380013800a13800138000bb4c",
    "commit 4f13800138000",
    "uuid 550e8400-e29b-41d4-a716-446655440000",
    "版本1.2.3.4",
    "v1.2.3.4",
    "version 10.4.2.1",
    "OID 1.3.6.1.4.1.311",
    "子网掩码255.255.255.0",
    "回环地址127.0.0.1",
    "999.1.1.1",
    "256.1.1.1",
    "金额1,380,013,800.00元",
    "@提到我",
    "a@b",
    "user@localhost",
    "新A股上市",
    "川A的房子",
    "京ABCDEF",
    "云O12345",
    "京I12345",
    "型号XE12345678",
    "E1234567",
    "E123456789",
    "H123456789",
    "sk-learn-pipeline-examples-for-beginners",
    "task-0123456789abcdefghijkl",
    "sk-short1",
    "AKIAIOSFODNN7",
    "XAKIAIOSFODNN7EXAMPLE",
    "-----BEGIN CERTIFICATE-----",
    "0000000000000000",
    "6222222222222222",
    "4444 4444 4444 4444",
    "110105194912310021",
    "91110108MA01ABCD12",
]


@pytest.mark.parametrize("text", TRAPS)
def test_a_trap_is_no_finding(text: str, detector: PersonalData) -> None:
    assert found(detector, text) == []
    assert found(detector, f"今天{text}，见附件") == []


@pytest.mark.parametrize("number", sorted(numbers.hotlines()))
def test_a_published_hotline_is_no_finding(number: str, detector: PersonalData) -> None:
    forms = {number, f"{number[:3]}-{number[3:]}", f"（{number}）"}
    if number.startswith(("400", "800")):
        forms.add(f"{number[:3]}-{number[3:6]}-{number[6:]}")
    for form in forms:
        assert found(detector, f"请拨打{form}求助") == []
    assert found(detector, "请拨打010-82951331求助") == [("landline", "010-82951331")]


SECRETS = [
    ("cloud_key", "AKIAIOSFODNN7EXAMPLE"),
    ("cloud_key", "LTAI5tAbCdEfGhIjKlMnOpQr"),
    ("cloud_key", "AKIDz8krbsJ5yKBZQpn74WFkmLPx3"),
    ("cloud_key", "AIza" + "Sy0" * 11 + "AB"),
    ("token", "ghp_" + "a1B2" * 9),
    ("cloud_key", "sk-" + "a1b2c3d4" * 4),
    ("cloud_key", "sk-proj-" + "A1_b-" * 20),
    ("private_key", "-----BEGIN PRIVATE KEY-----"),
    ("private_key", "-----BEGIN OPENSSH PRIVATE KEY-----"),
]


@pytest.mark.parametrize(("kind", "value"), SECRETS)
def test_a_secret_is_found_and_is_not_personal(
    kind: str, value: str, detector: PersonalData
) -> None:
    for text in (value, f"密钥是{value}，勿外传", f'key="{value}"\n'):
        assert found(detector, text) == [(kind, value)]
    rule = detector.card.rules[f"pii.{kind}"]
    assert (rule.risk, rule.personal) == ("A.3.c", False)


def test_an_endless_key_is_found_as_far_as_a_stream_can_hold_it(detector: PersonalData) -> None:
    ((kind, value),) = found(detector, "sk-" + "a1" * 500)
    assert (kind, len(value)) == ("cloud_key", 183)
