"""What tests of manifests share: a file that somebody else signed, and a look at a new one."""

from pathlib import Path

from hegui.app import labelling, manifest_reading
from hegui.app.manifest_keys import ManifestKey
from hegui.app.manifests import Signs
from hegui.settings.c2pa import C2pa
from hegui.settings.secret import Secret
from hegui.testing.certificates import Chain, chain
from hegui.testing.labelled import OTHER

NOW = 1_795_000_000_000  # in November 2026


def table(folder: Path, made: Chain) -> C2pa:
    """Return the settings of a certificate."""
    path = folder / "chain.pem"
    path.write_bytes(made.pem)
    return C2pa(certificates=path, key=Secret("env:KEY", made.key_pem.decode()))


def carrying_a_manifest(folder: Path, data: bytes, suffix: str) -> bytes:
    """Return a file as another producer labelled and signed it."""
    path = folder / f"theirs{suffix}"
    path.write_bytes(data)
    signs = Signs(ManifestKey(table(folder, chain()), NOW), NOW, required=True)
    labelling.label(path, path, OTHER, "present", signs=signs)
    return path.read_bytes()


def manifest_in(folder: Path, data: bytes) -> manifest_reading.Shown | None:
    """Return what the manifest of a file says."""
    path = folder / "new"
    path.write_bytes(data)
    with labelling.opened(path) as source:
        return manifest_reading.read(labelling.format_of(source, "new"), source.handle)
