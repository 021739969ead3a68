"""pyarrow, which reads Parquet and zstd files. It is an extra: one place says how to get it."""

from importlib import import_module
from typing import Any

from hegui.terms import Misconfigured, Words

_NO_PARQUET = Words(
    "Parquet and zstd files need pyarrow, which is not installed: pip install 'hegui[corpus]'",
    "读写 Parquet 和 zstd 文件需要 pyarrow，尚未安装：pip install 'hegui[corpus]'",
)


def arrow(part: str = "") -> Any:
    """Return pyarrow, or a part of it (``parquet``), or say how to install it.

    It is an extra, without types.
    """
    try:
        return import_module(f"pyarrow.{part}" if part else "pyarrow")
    except ImportError:
        raise Misconfigured(_NO_PARQUET) from None
