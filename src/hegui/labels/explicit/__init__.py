"""Explicit labels: the notice that people see in the content itself (GB 45438-2025, clause 5)."""
