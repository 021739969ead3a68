"""Witnessing (C2SP ``tlog-witness``): the server that signs what it has seen, and who asks it."""
