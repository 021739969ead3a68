"""The child that compiles: reads a recipe from its input, writes databases to its output.

Run as ``python -m hegui.runners.compiler``, by ``compiling``, which kills it when it is late.
"""

import sys

from hegui.runners.compiling import Compiled, Refused, pack, recipe_in
from hegui.terms import Misconfigured


def main() -> None:
    """Compile one recipe."""
    from hegui.detectors.recipe import compiled

    try:
        answer: Compiled | Refused = Compiled(compiled(recipe_in(sys.stdin.buffer.read())))
    except Misconfigured as refused:
        answer = Refused(refused.words.en, refused.words.zh)
    sys.stdout.buffer.write(pack(answer))


if __name__ == "__main__":
    main()
