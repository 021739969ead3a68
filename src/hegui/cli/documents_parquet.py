"""Read one text field of a Parquet file as columns, without copying the text.

A row group is read in slices, so memory is bound by the slice, not by the file. Bytes are checked
to be UTF-8 by Arrow, which is several times as quick as decoding them.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from hegui.cli.arrow import arrow
from hegui.cli.batches import Batch
from hegui.cli.documents_fields import readings
from hegui.terms import BadRequest, TextColumn, Words

SLICE: Final = 8_388_608
"""Bytes of text that a slice of a row group should have, by the file's own figures."""
_MOST_ROWS: Final = 16_384

_NO_FIELD = Words(
    "{name} has no field {field}; it has {known}",
    "{name} 中没有字段 {field}；现有字段：{known}",
)
_TWICE = Words(
    "{name} has more than one field {part}, so {field} could be any of them; rename one",
    "{name} 中有多个名为 {part} 的字段，无法确定 {field} 是哪一个；请改名",
)
_NOT_TEXT = Words(
    "{field} of {name} holds {kind}, not text; name another --field",
    "{name} 的 {field} 是 {kind}，不是文本；请用 --field 指定其他字段",
)
_BROKEN = Words(
    "{name} is not a whole Parquet file ({why}); what was read until there is reported",
    "{name} 不是完整的 Parquet 文件（{why}）；此前读到的内容已报告",
)


def parquet(name: str, field: str, *, whole: bool = False) -> Iterator[Batch]:
    """Read the texts of ``field``. Rows are numbered from 1 through the whole file.

    ``source`` is the record batch that was read: of that field, or ``whole``.
    """
    with opened_parquet(name, field) as (file, names):
        row = 1
        for group in range(file.num_row_groups):
            rows = _rows_of_slice(file.metadata.row_group(group), field)
            columns = None if whole else [field]
            for batch in file.iter_batches(rows, [group], columns, use_threads=False):
                yield _as_batch(batch, names, row)
                row += batch.num_rows


@contextmanager
def opened_parquet(name: str, field: str) -> Iterator[tuple[Any, Sequence[str]]]:
    """Open a Parquet file that holds text in ``field``, and tell by which names that is reached.

    A damaged file is a ``BadRequest``.
    """
    if name == "-":
        words = Words(
            "Parquet cannot be read from a pipe; give the file's name",
            "不能从管道读取 Parquet，请给出文件名",
        )
        raise BadRequest(words, param="files")
    pa, pq = arrow(), arrow("parquet")
    try:
        with pq.ParquetFile(name, pre_buffer=False) as file:
            yield file, _names_of(name, field, file.schema_arrow)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        words = _BROKEN.fill(name=name, why=type(error).__name__)
        raise BadRequest(words, param="files") from None


def _names_of(name: str, field: str, schema: Any) -> Sequence[str]:
    """Return the one way in which a schema has ``field``, from the outermost name.

    ``BadRequest`` when it has no such field, or several, or it does not hold text.
    """
    pa = arrow()
    held = [(names, kinds) for names in readings(field) if (kinds := _kinds(schema, names))]
    if not held:
        nested, children = readings(field)[0], list(schema)
        while nested and (found := [child for child in children if child.name == nested[0]]):
            children = list(found[0].type) if pa.types.is_struct(found[0].type) else []
            nested = nested[1:]
        known = ", ".join(child.name for child in children) or "-"
        words = _NO_FIELD.fill(name=name, field=field, known=known[:500])
        raise BadRequest(words, param="field")
    ((names, kinds), *more) = held
    if more or len(kinds) > 1:
        part = field if more else names[-1]
        raise BadRequest(_TWICE.fill(name=name, field=field, part=part), param="field")
    (kind,) = kinds
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    of_text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    if not any(each(value) for each in of_text):
        words = _NOT_TEXT.fill(name=name, field=field, kind=kind)
        raise BadRequest(words, param="field")
    return names


def _kinds(children: Iterable[Any], names: Sequence[str]) -> list[Any]:
    """Return the types of all fields that the names lead to: more than one where a name repeats."""
    pa = arrow()
    found = [child.type for child in children if child.name == names[0]]
    if len(names) == 1:
        return found
    below = [list(kind) for kind in found if pa.types.is_struct(kind)]
    return [kind for inner in below for kind in _kinds(inner, names[1:])]


def _rows_of_slice(group: Any, field: str) -> int:
    """Return how many rows make a slice, from the size that the file states for the field."""
    sizes = [
        group.column(place).total_uncompressed_size
        for place in range(group.num_columns)
        if group.column(place).path_in_schema == field
    ]
    mean: int = max(1, sum(sizes) // max(1, group.num_rows))
    return max(1, min(_MOST_ROWS, SLICE // mean))


def _as_batch(batch: Any, names: Sequence[str], row: int) -> Batch:
    column, broken = as_column(text_of(batch, names))
    return Batch(column, range(row, row + len(column)), broken, source=batch)


def text_of(batch: Any, names: Sequence[str]) -> Any:
    """Return the array of a field of a record batch; a null parent is a null."""
    pc = arrow("compute")
    first, *rest = names
    array = batch.column(batch.schema.get_field_index(first))
    return pc.struct_field(array, rest) if rest else array


def as_column(array: Any) -> tuple[TextColumn, frozenset[int]]:
    """Return an Arrow array of text as a column that shares its bytes, and what is not UTF-8.

    Slices and 32- or 64-bit offsets are taken as they are. Dictionaries and string views are laid
    out first, which copies. A null is an empty row.
    """
    pa = arrow()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_string_view(array.type):
        array = array.cast(pa.large_string())
    if array.null_count and _nulls_hold_bytes(array):
        array = array.fill_null("")
    _, offsets, data = array.buffers()
    if not len(array) or offsets is None:
        return TextColumn(b"", [0] * (len(array) + 1)), frozenset()
    wide = pa.types.is_large_string(array.type)
    raw = memoryview(offsets).cast("B")
    places = raw.cast("q") if wide else raw.cast("i")
    places = places[array.offset : array.offset + len(array) + 1]
    text = memoryview(data).cast("B") if data is not None else memoryview(b"")
    return TextColumn(text, places), _broken(array)


def _nulls_hold_bytes(array: Any) -> bool:
    """Tell whether bytes lie behind a null: Arrow allows it, and they are nobody's text."""
    pa, pc = arrow(), arrow("compute")
    wide = pa.types.is_large_string(array.type)
    kind = pa.large_binary() if wide else pa.binary()
    _, offsets, data = array.buffers()
    bare = pa.Array.from_buffers(kind, len(array), [None, offsets, data], offset=array.offset)
    hidden = pc.filter(pc.binary_length(bare), array.is_null())
    return bool((pc.max(hidden).as_py() or 0) > 0)


def _broken(array: Any) -> frozenset[int]:
    pa = arrow()
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return frozenset(place for place in range(len(array)) if not _sound(pa, array, place))
    return frozenset()


def _sound(pa: Any, array: Any, place: int) -> bool:
    try:
        array.slice(place, 1).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
