"""How people, tables and programs write a value, a line each; and what only comes near it."""

import re

import pytest

from hegui.detectors import PersonalData
from hegui.terms import TextColumn


def acting(detector: PersonalData, text: str) -> list[tuple[str, str]]:
    """Return what acts, kind and value."""
    column = TextColumn.of([text])
    data = column.row_bytes(0)
    return [
        (rule.removeprefix("pii."), data[start:end].decode())
        for _, rule, start, end, score in detector.inspect(column)
        if score >= 0.5
    ]


# The value stands between ⟦ and ⟧; \n is a line's end.
SPELT = {
    "coordinates": r"""
        {"lat":⟦31.2304,"lng":121.4737⟧}
        {"lat": ⟦31.2304, "lng": 121.4737⟧}
        {"lng":⟦121.4737,"lat":31.2304⟧}
        {"latitude":"⟦31.2304","longitude":"121.4737⟧"}
        {'lat': ⟦31.2304, 'lon': 121.4737⟧}
        {"lat":⟦31.230416000000002,"lon":-121.47370100000001⟧}
        {\n    "lat": ⟦31.2304,\n    "lng": 121.4737⟧\n}
        "{\"lat\":⟦31.2304,\"lng\":121.4737⟧}"
        {"geo_lat":⟦31.2304,"geo_lng":121.4737⟧}
        {"Longitude":⟦121.4737,"Latitude":31.2304⟧}
        lat=⟦31.2304&lng=121.4737⟧
        lat: ⟦31.2304\nlon: 121.4737⟧
        <lat>⟦31.2304</lat><lon>121.4737⟧</lon>
        | 纬度 | ⟦31.2304 |\n| 经度 | 121.4737⟧ |
        | 纬度 | 经度 |\n|---|---|\n| ⟦31.2304 | 121.4737⟧ |
        纬度⟦31.2304经度121.4737⟧
        纬度：⟦31.2304，经度：121.4737⟧
        经度为⟦121.4737，纬度为31.2304⟧
        ⟦北纬31.2304，东经121.4737⟧
        ⟦东经121.4737度，北纬31.2304度⟧
        ⟦北纬31°14′，东经121°28′⟧
        ⟦31.2304N, 121.4737E⟧
        ⟦N31.2304 E121.4737⟧
        ⟦N 31°13′49″ E 121°28′25″⟧
        坐标：⟦121.4737 31.2304⟧
        geo:⟦31.2304,121.4737⟧
        location=⟦31.2304%2C121.4737⟧""",
    "us_ssn": r"""
        SSN ⟦123456789⟧
        SSN:⟦123456789⟧
        SSN⟦123456789⟧
        My SSN is ⟦123456789⟧.
        社会安全号⟦123456789⟧
        社会安全号码为 ⟦１２３４５６７８９⟧
        社安号（⟦123456789⟧）
        social security number: ⟦123456789⟧
        "ssn":"⟦123456789⟧"
        | SSN | ⟦123456789⟧ |
        SSN ⟦123–45–6789⟧""",
    "uscc": r"""
        ⟦9135 0100 M000 100Y 43⟧
        代码⟦9135-0100-M000-100Y-43⟧法定代表人
        | ⟦9135 0100 m000 100y 43⟧ |
        ⟦91 350100 M000100Y4 3⟧
        ⟦91350100 M000100Y4 3⟧
        ⟦91350100-M000100Y43⟧
        信用代码为⟦91350100 M000100Y43⟧。""",
    "qq": r"""
        QQ⟦12345678⟧
        加qq⟦12345678⟧
        QQ/微信：⟦12345678⟧
        加Q ⟦12345678⟧""",
    "medical_record": "MRN⟦12345678⟧",
    "mobile": r"""
        手机:⟦013800138000⟧
        手机:⟦1380-0138-000⟧
        加v⟦13800138000⟧""",
    "landline": r"""
        电话：⟦82951330⟧
        座机 ⟦8295-1330⟧
        传真：⟦82951330-801⟧
        | 电话 | ⟦8295133⟧ |""",
    "phone": r"""
        ⟦00852 9123 4567⟧
        ⟦00852-91234567⟧
        打⟦0085291234567⟧找我""",
    "email": r"""
        https://x.example/?e=⟦zhang%40example.com⟧&a=1
        ?mail=⟦zhang.san%40mail.example.com⟧""",
    "address": r"""
        文三⟦路 478 号 5 幢 302 室⟧
        李家⟦村3组12号⟧
        幸福⟦小区3-2-501⟧""",
    "birth_date": r"""
        男，⟦1990年3月7日生⟧，汉族
        ⟦1990年3月7日生⟧于北京
        "birth_date": "⟦1990-03-07⟧"
        {"dateOfBirth":"⟦1990-03-07⟧"}""",
    "password": r"""
        支付密码⟦123456⟧
        密码 ⟦88888888⟧""",
    "wechat": r"""
        加V：⟦zhangsan99⟧
        威信：⟦zhangsan99⟧""",
    "school_number": r'{"student_id":"⟦2023110234⟧"}',
}
NEAR = r"""
    {"lat":31.23,"lng":121.47}
    {"lat":31.2304,"lng":121.47}
    {"lat":31.230,"lng":121.473}
    {"lat":91.2304,"lng":121.4737}
    {"lat":31.2304,"lng":181.4737}
    {"lat":31.2304,"lat":31.4737}
    {"x":31.2304,"y":121.4737}
    {"x":31.2304,"lng":121.4737}
    北纬31度，东经121度
    北纬31.2度，东经121.5度
    31°N 121°E
    31.2304 121.4737
    股价31.2304；121.4737
    123456789
    电话123456789
    SSN: 000456789
    SSN: 900456789
    SSN: 123450000
    SSN 申请电话：212345678
    SSN 1234567890
    SSN。123456789
    9135 0100 M000 100Y 44
    91350100 M000100Y4 4
    8135 0100 M000 100Y 43
    xqq12345678
    QQ群12345678
    QQ123456789012
    013800138000
    1380-0138-000
    号：6228 4849 1308 8201 372
    编号013800138000
    ￥13800138000
    金额¥ 6222021001116245702
    电话：20231123
    电话 2019-2020
    拨打82951330
    电话：400-820-8820
    008521234
    地铁 1 号线
    道路 3 号线
    第三组12号
    2023年8月15日生效
    2023年8月15日生产
    1990年2月31日生
    密码6位
    密码12345次
    user%40localhost"""


def _lines(block: str) -> list[str]:
    return [line.strip().replace(r"\n", "\n") for line in block.strip().splitlines()]


@pytest.mark.parametrize("kind", SPELT)
def test_a_value_is_found_as_it_is_written(kind: str, detector: PersonalData) -> None:
    for line in _lines(SPELT[kind]):
        values = [(kind, value) for value in re.findall("⟦(.+?)⟧", line, re.DOTALL)]
        assert acting(detector, re.sub("[⟦⟧]", "", line)) == values


@pytest.mark.parametrize("line", _lines(NEAR))
def test_what_comes_near_a_value_is_left_alone(line: str, detector: PersonalData) -> None:
    assert acting(detector, line) == []
