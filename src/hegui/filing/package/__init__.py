"""The filing package: reports, annexes and proofs by route, drafted from the board of duties.

Pure but for its own package data. ``app.filing`` reads what it is made from and writes it.
"""
