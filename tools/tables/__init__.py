"""The programs that make the tables under ``src/hegui/detectors/data/``: see ``__main__``."""
