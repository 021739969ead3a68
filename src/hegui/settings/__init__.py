"""One TOML file, read into frozen values; every problem at once, each with its line."""

from hegui.settings.address import Address
from hegui.settings.keyfiles import KeyDirectory
from hegui.settings.problems import Problem
from hegui.settings.read import inspect, read
from hegui.settings.schema import (
    ActionName,
    Assertion,
    AttachedDetector,
    AttachedPack,
    Callers,
    Content,
    Duties,
    GuardModel,
    Keep,
    Labels,
    Ledger,
    Limits,
    Listen,
    Provider,
    Scope,
    Screen,
    Service,
    Settings,
    Timestamp,
    Upstream,
    UpstreamRole,
    Vault,
    Witness,
)
from hegui.settings.secret import Secret

__all__ = [
    "ActionName",
    "Address",
    "Assertion",
    "AttachedDetector",
    "AttachedPack",
    "Callers",
    "Content",
    "Duties",
    "GuardModel",
    "Keep",
    "KeyDirectory",
    "Labels",
    "Ledger",
    "Limits",
    "Listen",
    "Problem",
    "Provider",
    "Scope",
    "Screen",
    "Secret",
    "Service",
    "Settings",
    "Timestamp",
    "Upstream",
    "UpstreamRole",
    "Vault",
    "Witness",
    "inspect",
    "read",
]
