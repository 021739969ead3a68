"""Content that can be erased: sealed under a key per subject, wrapped by an epoch key."""

from hegui.vault.subjects import Subject
from hegui.vault.vault import Vault

__all__ = ["Subject", "Vault"]
