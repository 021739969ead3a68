"""What holds for all tests: time is measured in benchmarks, never here."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
