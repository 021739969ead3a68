"""What there is to say of a file that somebody brings: its format, its labels, the verdict."""

from collections.abc import Collection
from typing import Final, NamedTuple

from hegui.labels import judging
from hegui.labels.container import Format, Found, Source
from hegui.labels.recognising import HEAD, recognised
from hegui.terms import BadRequest, Words


class Examined(NamedTuple):
    """A file as it was read. ``form`` is None where its format is not known."""

    form: Format | None
    found: tuple[Found, ...]
    verdict: judging.Verdict


def examined(source: Source, name: str, known: Collection[str] = ()) -> Examined:
    """Read the labels of a file called ``name`` and judge them. Raises nothing of a file's making.

    What is of no known format, or does not hold together, is ``inconclusive``. ``known`` are public
    keys, in hexadecimal, that are trusted to be the producer's.
    """
    form = recognised(source.read(0, HEAD), name)
    if form is None:
        return Examined(None, (), judging.broken(UNKNOWN))
    try:
        found = form.read(source)
    except BadRequest as error:
        return Examined(form, (), judging.broken(error.words))
    return Examined(form, tuple(found), judging.judged(found, form, known))


UNKNOWN: Final = Words(
    en="The file is of no format that hegui reads. Its content counts, not its name.",
    zh="文件不属于 hegui 能够读取的格式。判断依据是内容而非文件名。",
)
