"""Fulfils what the engine asks: worker processes with deadlines."""
