import re


class Codenames:
    name, version = "codenames", "1"
    rules = {"codename": "A.3.c"}  # rule: the risk it is about (A.3.c: trade secrets)

    def __init__(self, words):
        self.pattern = re.compile("|".join(map(re.escape, words)))

    def inspect(self, texts):
        found = [self.pattern.finditer(text) for text in texts]
        return [[("codename", hit.start(), hit.end(), 1.0) for hit in hits] for hits in found]
