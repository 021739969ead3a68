"""Fulfils what the engine asks: plug-ins in worker processes, with a deadline."""
