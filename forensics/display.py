"""Arrow tables made fit to be shown: secrets masked, what could act or hide made visible, types kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from forensics.masking import masked, masked_arguments
from forensics.terminal import visible


def shown_table(table: pa.Table, words: Sequence[str] = ()) -> pa.Table:
    """Return the table with all text in it, column names and nested values included, as it may be shown.

    `words` are masked besides what looks like a secret. Numbers, flags and times are untouched; an enumeration comes
    back as text.
    """
    columns = [_shown_column(column, words) for column in table.columns]
    return pa.Table.from_arrays(columns, names=[shown_text(name, words) for name in table.column_names])


def shown_text(text: str, words: Sequence[str] = ()) -> str:
    """Return one text as it may be shown."""
    return visible(masked(text, words))


def _shown_column(column: pa.ChunkedArray, words: Sequence[str]) -> pa.ChunkedArray | pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _shown_column(column.cast(kind.value_type), words)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _shown_texts(column, words)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([_shown_value(value, words) for value in column.to_pylist()], kind)
    return column


def _shown_texts(column: pa.ChunkedArray, words: Sequence[str]) -> pa.Array:
    """Every distinct text once: most columns repeat few."""
    encoded = column.combine_chunks().dictionary_encode()
    distinct = pa.array([shown_text(text, words) for text in encoded.dictionary.to_pylist()], column.type)
    return distinct.take(encoded.indices)


def _shown_value(value: Any, words: Sequence[str]) -> Any:
    if isinstance(value, str):
        return shown_text(value, words)
    if isinstance(value, bytes):
        return shown_text(value.decode("utf-8", "backslashreplace"), words).encode()
    if isinstance(value, list) and any(isinstance(item, str) for item in value):
        return [None if text is None else visible(text) for text in masked_arguments(value, words)]
    if isinstance(value, list | tuple):
        return type(value)(_shown_value(item, words) for item in value)
    if isinstance(value, dict):
        return {key: _shown_value(item, words) for key, item in value.items()}
    return value
