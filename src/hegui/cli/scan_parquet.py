"""Write the masked copy of a Parquet file: schema, metadata and compression as they were."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from hegui.cli.arrow import arrow
from hegui.cli.batches import Batch
from hegui.cli.documents_parquet import opened_parquet

GROUP: Final = 67_108_864
"""Bytes, as they lie in memory, after which a row group of the copy ends."""


class ParquetCopy:
    """Masked batches on their way into row groups."""

    def __init__(self, writer: Any, schema: Any, names: Sequence[str]) -> None:
        self._writer, self._schema, self._names = writer, schema, names
        self._held: list[Any] = []
        self._size = 0

    def put(self, batch: Batch, texts: Mapping[int, str | None], drop: AbstractSet[int]) -> None:
        """Take a batch. Columns in which nothing changes are not copied."""
        pa = arrow()
        source = batch.source
        if texts:
            place = source.schema.get_field_index(self._names[0])
            first = batch.rows[0]
            new = {row - first: text for row, text in texts.items()}
            column = _changed(source.column(place), self._names[1:], new)
            columns = [*source.columns[:place], column, *source.columns[place + 1 :]]
            source = pa.RecordBatch.from_arrays(columns, schema=source.schema)
        if drop:
            kept = pa.array([row not in drop for row in batch.rows])
            source = source.filter(kept)
        self._held.append(source)
        self._size += source.nbytes
        if self._size >= GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what is held as one row group."""
        table = arrow().Table.from_batches(self._held, self._schema)
        self._held, self._size = [], 0
        if table.num_rows:
            self._writer.write_table(table, row_group_size=table.num_rows)


def _changed(array: Any, names: Sequence[str], texts: Mapping[int, str | None]) -> Any:
    """Return an array of text, or of structs that hold it, with some texts replaced."""
    pa = arrow()
    if names:
        place = array.type.get_field_index(names[0])
        children = [array.field(n) for n in range(array.type.num_fields)]
        children[place] = _changed(children[place], names[1:], texts)
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(children, fields=list(array.type), mask=mask)
    pc = arrow("compute")
    kind = array.type
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    plain = array.dictionary_decode() if pa.types.is_dictionary(kind) else array
    if pa.types.is_string_view(value):  # nothing is replaced in views
        value = pa.large_string()
        plain = plain.cast(value)
    which = pa.array([place in texts for place in range(len(array))])
    new = pa.array([texts[place] for place in sorted(texts)], value)
    changed = pc.replace_with_mask(plain, which, new)
    return changed if changed.type == kind else changed.cast(kind)


@contextmanager
def parquet_copy(source: str, part: Path, field: str) -> Iterator[ParquetCopy]:
    """Open the copy of a Parquet file, with the compression that each of its columns has."""
    with opened_parquet(source, field) as (file, names):
        schema, metadata = file.schema_arrow, file.metadata
        packed: Any = "snappy"
        if metadata.num_row_groups:
            group = metadata.row_group(0)
            columns = [group.column(place) for place in range(group.num_columns)]
            packed = {each.path_in_schema: _codec(each.compression) for each in columns}
    with arrow("parquet").ParquetWriter(part, schema, compression=packed) as writer:
        copied = ParquetCopy(writer, schema, names)
        yield copied
        copied.flush()


def _codec(stated: str) -> str:
    """Return the name by which the writer knows a codec that the reader states."""
    return "none" if stated == "UNCOMPRESSED" else stated
