"""The table of the vault: how long an epoch lasts, and where its key lies."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hegui.settings.fields import says
from hegui.settings.locate import Trail
from hegui.settings.secret import Secret
from hegui.terms import Words

_TOGETHER: Final = ("pkcs11", "pkcs11_token", "pkcs11_pin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """Epochs of the keys that open kept content (Art. 11; PIPL Art. 47)."""

    epoch_days: int = field(
        default=7,
        metadata=says(
            "days after which the epoch's key is replaced and destroyed; an erasure is complete "
            "only then",
            "纪元密钥的使用天数，期满即更换并销毁旧密钥；删除请求到那时才算完成",
            low=1,
            high=90,
        ),
    )
    pkcs11: str = field(
        default="",
        metadata=says(
            "the PKCS#11 module (.so) of a token that holds the epochs' keys instead of files; "
            "needs hegui[pkcs11]. In use from the next rotation on",
            "改由密码设备保管纪元密钥而不用文件时，其 PKCS#11 模块（.so）；需安装 hegui[pkcs11]，"
            "从下一次轮换起生效",
        ),
    )
    pkcs11_token: str = field(
        default="", metadata=says("the token's label", "密码设备的标签（token label）")
    )
    pkcs11_pin: Secret = field(
        default=Secret(), metadata=says("the token's user PIN", "密码设备的用户 PIN")
    )


def vault_faults(vault: Vault) -> Iterator[tuple[Trail, Words]]:
    """Say what is wrong with the ``[vault]`` table."""
    told = {"pkcs11": vault.pkcs11, "pkcs11_token": vault.pkcs11_token}
    told["pkcs11_pin"] = vault.pkcs11_pin.reference
    missing = [name for name in _TOGETHER if not told[name]]
    if missing and len(missing) < len(_TOGETHER):
        yield (
            ("vault", missing[0]),
            Words(
                "is needed too: pkcs11, pkcs11_token and pkcs11_pin belong together",
                "也要填写：pkcs11、pkcs11_token 和 pkcs11_pin 须一起设置",
            ),
        )
