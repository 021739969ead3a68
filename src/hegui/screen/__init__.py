"""The engine: panel, policy and window. Pure, synchronous, and asking."""
