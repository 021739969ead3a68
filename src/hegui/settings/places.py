"""Where a path that stands in the settings leads. Here for the values and the secrets alike."""

from pathlib import Path

from hegui.terms import Words


def placed(folder: Path, said: str) -> Path | Words:
    """Return the path ``said``, which starts at ``folder`` where it is relative.

    ``~`` and ``~user`` are homes; of a user who has none it is said in words.
    """
    try:
        return folder / Path(said).expanduser()
    except RuntimeError:
        name = said.partition("/")[0]
        return Words(
            "begins with {name}, and nobody of that name has a home here: write the whole path",
            "以 {name} 开头，但本机没有该用户的主目录：请写完整路径",
        ).fill(name=name)
