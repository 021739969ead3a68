"""What c2pa and PyAV take for their own marks: run with the interpreter that has them.

``python labels_peers.py FILES FOLDER``: ``FILES`` is JSON, names and paths. Imports nothing of
ours, and prints one line of JSON: medians in milliseconds by program and file, or why not.
"""

import contextlib
import datetime as dt
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 11


def median(act: Callable[[], object]) -> float:
    """Return the median time of ``act`` in milliseconds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def certificates() -> tuple[bytes, bytes]:
    """Return a chain of two made-up certificates, and the key of the first."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    names = {
        one: x509.Name(
            [
                x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "bench"),
                x509.NameAttribute(x509.NameOID.COMMON_NAME, one),
            ]
        )
        for one in ("root", "signer")
    }
    keys = {one: ec.generate_private_key(ec.SECP256R1()) for one in names}
    now = dt.datetime.now(dt.UTC)  # noqa: TID251 - imports nothing of ours, not our clock either
    made = []
    for one in ("signer", "root"):
        is_root = one == "root"
        usage = dict.fromkeys(
            (
                *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
                *("crl_sign", "encipher_only", "decipher_only"),
            ),
            False,
        )
        usage["crl_sign"] = is_root
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[one])
            .issuer_name(names["root"])
            .public_key(keys[one].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(digital_signature=not is_root, key_cert_sign=is_root, **usage),
                critical=True,
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(keys[one].public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["root"].public_key()),
                critical=False,
            )
        )
        if not is_root:
            email = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(email, critical=False)
        made.append(builder.sign(keys["root"], hashes.SHA256()))
    pem = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in made)
    key = keys["signer"].private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, key


def by_c2pa(files: dict[str, Path], room: Path) -> dict[str, Any]:
    """Return what a manifest of one action takes, thumbnails off, without a time stamp."""
    import c2pa

    chain, key = certificates()
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    action = {"action": "c2pa.created", "digitalSourceType": source}
    actions = {"label": "c2pa.actions.v2", "data": {"actions": [action]}}
    manifest = json.dumps({"claim_generator_info": [{"name": "bench"}], "assertions": [actions]})
    c2pa.load_settings(json.dumps({"builder": {"thumbnail": {"enabled": False}}}))
    found: dict[str, Any] = {}
    for name, path in files.items():
        target = room / f"c2pa{path.suffix}"

        def sign(path: Path = path, target: Path = target) -> None:
            target.unlink(missing_ok=True)
            info = c2pa.C2paSignerInfo(b"es256", chain, key, None)
            with c2pa.Signer.from_info(info) as signer, c2pa.Builder(manifest) as builder:
                builder.sign_file(str(path), str(target), signer)

        try:
            found[name] = median(sign)
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is told
            found[name] = f"not run: {trouble}"[:60]
    return found


def by_pyav(files: dict[str, Path], room: Path) -> dict[str, Any]:
    """Return what a remux with the label as a tag takes; pictures are not remuxed."""
    import av

    found: dict[str, Any] = {}
    for name, path in files.items():
        if path.suffix not in (".mp4", ".mp3"):
            continue
        target = room / f"av{path.suffix}"

        def remux(path: Path = path, target: Path = target) -> None:
            options = {"movflags": "use_metadata_tags"} if path.suffix == ".mp4" else {}
            with av.open(str(path)) as old, av.open(str(target), "w", options=options) as new:
                new.metadata["AIGC"] = "{}"
                streams = {one.index: new.add_stream_from_template(one) for one in old.streams}
                for packet in old.demux():
                    if packet.dts is not None:
                        packet.stream = streams[packet.stream.index]
                        new.mux(packet)

        try:
            found[name] = median(remux)
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is told
            found[name] = f"not run: {trouble}"[:60]
    return found


def main() -> None:
    """Measure both."""
    files = {name: Path(one) for name, one in json.loads(sys.argv[1]).items()}
    room = Path(sys.argv[2])
    found: dict[str, Any] = {}
    with contextlib.redirect_stdout(sys.stderr):
        for name, act in (("c2pa", by_c2pa), ("PyAV", by_pyav)):
            try:
                found[name] = act(files, room)
            except Exception as trouble:  # noqa: BLE001 - whatever it is, it is told
                found[name] = f"not run: {trouble}"[:200]
    print(json.dumps(found))  # noqa: T201 - what the caller reads


if __name__ == "__main__":
    main()
