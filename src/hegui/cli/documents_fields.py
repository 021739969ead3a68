"""What a field name with dots may mean: fields in fields, or names that hold dots themselves."""

from typing import Final

_MOST: Final = 6  # parts that may be joined in every way; behind that, all nested or one name


def readings(field: str) -> list[tuple[str, ...]]:
    """Return the ways to read ``field``, as names from the outermost: ``a.b`` as (a, b) and (a.b).

    All nested comes first, the whole as one name last.
    """
    parts = field.split(".")
    if len(parts) > _MOST:
        return [tuple(parts), (field,)]
    found: list[tuple[str, ...]] = [(parts[0],)]
    for part in parts[1:]:
        nested = [(*names, part) for names in found]
        found = [*nested, *((*names[:-1], f"{names[-1]}.{part}") for names in found)]
    return found
