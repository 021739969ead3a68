"""Fulfils what the engine asks: plug-ins in worker processes, with a deadline."""

from hegui.runners.process import ProcessRunner

__all__ = ["ProcessRunner"]
