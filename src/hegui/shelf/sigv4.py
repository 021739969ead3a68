"""Sign a request to a storage that speaks the S3 protocol (AWS Signature Version 4).

The signing of ``Authorization`` headers for requests whose body is hashed beforehand, as Amazon
documents it for S3; Aliyun OSS, Tencent COS, Huawei OBS, MinIO and Ceph take the same.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from urllib.parse import quote

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_SERVICE: Final = "s3"


def signed(  # noqa: PLR0913 - the parts of a request, none of which a signature leaves out
    method: str,
    host: str,
    path: str,
    headers: Mapping[str, str],
    digest: str,
    *,
    region: str,
    access_key: str,
    secret_key: str,
    at_ms: int,
) -> dict[str, str]:
    """Return all headers of the request: those given, and host, date, digest, signature.

    ``path`` is as it is sent, percent-encoded; there is no query. ``digest`` is the SHA-256 of the
    body in lower-case hexadecimal.
    """
    moment = datetime.fromtimestamp(at_ms // 1_000, UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{region}/{_SERVICE}/aws4_request"
    whole = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    whole |= {"host": host, "x-amz-date": moment, "x-amz-content-sha256": digest}
    names = sorted(whole)
    lines = "".join(f"{name}:{whole[name]}\n" for name in names)
    listed = ";".join(names)
    request = f"{method}\n{path}\n\n{lines}\n{listed}\n{digest}"
    to_sign = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = _mac(key, part)
    signature = _mac(key, to_sign).hex()
    whole["authorization"] = (
        f"{_ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={listed}, "
        f"Signature={signature}"
    )
    return whole


def path_of(*parts: str) -> str:
    """Return a path of these parts as S3 wants it encoded: each byte but A-Z a-z 0-9 - . _ ~ /."""
    return "/" + quote("/".join(part for part in parts if part), safe="/-._~")


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), sha256)
