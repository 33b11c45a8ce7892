"""How the Arrow tables of the corpus are made, damaged and booby-trapped."""

from __future__ import annotations

import base64
import io
import warnings
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet.encryption as encryption
from pyarrow import feather, parquet

from tests.corpus.pack import tiny_pe


def people(rows: int = 600) -> pa.Table:
    """A table in Russian with every ordinary kind of column, some cells empty."""
    numbers = np.arange(rows)
    return pa.table(
        {
            "имя": pa.array([None if index % 50 == 7 else f"Покупатель № {index}" for index in range(rows)]),
            "возраст": pa.array(18 + numbers % 60),
            "сумма": pa.array(numbers * 10.5),
            "когда": pa.array(numbers * 86_400_000_000, pa.timestamp("us")),
            "покупает": pa.array(numbers % 2 == 0),
            "товары": pa.array([["чайник", "ложка"][: index % 3] for index in range(rows)]),
            "город": pa.array(["Тверь", "Орёл"] * (rows // 2)).dictionary_encode(),
        }
    )


def as_parquet(table: pa.Table, **options: Any) -> bytes:
    """With page checksums unless told otherwise."""
    out = io.BytesIO()
    parquet.write_table(table, out, **{"write_page_checksum": True, **options})
    return out.getvalue()


def as_feather(table: pa.Table, **options: Any) -> bytes:
    """Compressed by LZ4 unless told otherwise."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # version 1 is deprecated; files of it are about
        feather.write_feather(table, out, **options)
    return out.getvalue()


class _Keys(encryption.KmsClient):  # type: ignore[misc]
    """Keys that are no secret."""

    def __init__(self) -> None:
        encryption.KmsClient.__init__(self)

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> str:
        return base64.b64encode(key_bytes).decode()

    def unwrap_key(self, wrapped_key: str, master_key_identifier: str) -> bytes:
        return base64.b64decode(wrapped_key)


def encrypted(*, plaintext_footer: bool) -> bytes:
    """A Parquet file of which a column, and perhaps the footer, is encrypted."""
    config = encryption.EncryptionConfiguration(footer_key="f", column_keys={"c": ["сумма"]}, plaintext_footer=plaintext_footer)
    factory = encryption.CryptoFactory(lambda _: _Keys())
    properties = factory.file_encryption_properties(encryption.KmsConnectionConfig(), config)
    out = io.BytesIO()
    table = people()
    with parquet.ParquetWriter(out, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)
    return out.getvalue()


def bomb() -> pa.Table:
    """Three million times the same ten thousand letters: a few kilobytes on disk."""
    return pa.table({"s": pa.DictionaryArray.from_arrays(pa.array(np.zeros(3_000_000, "i4")), pa.array(["x" * 10_000]))})


def with_pickled_type() -> pa.Table:
    """A column whose type is said to be a pickle of a Python class."""
    told = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": "cos\nsystem\n(S'id'\ntR."}
    schema = pa.schema([pa.field("x", pa.int64(), metadata=told)])
    return pa.table([pa.array([1, 2, 3])], schema=schema)


def with_program() -> pa.Table:
    """A column of files, one of them a Windows program."""
    return pa.table({"имя": ["а.png", "б.exe"], "файл": pa.array([b"\x89PNG\r\n\x1a\n" + bytes(40), tiny_pe()], pa.binary())})
