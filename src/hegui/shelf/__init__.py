"""Labelled media that are answered with an address: fetched within limits, kept, withdrawn."""
