"""Measures what the gateway costs, beside a bare pass-through on the same machine."""
