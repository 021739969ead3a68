"""hegui (合规): run a generative-AI service under China's Interim Measures, with evidence.

Importing this package pulls in nothing but the standard library; each room is imported by name.
"""

__version__ = "0.1.0"
