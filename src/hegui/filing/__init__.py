"""The status of every duty, computed from the ledger; what is drafted and filed from it."""
