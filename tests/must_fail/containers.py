"""The .pith files that pith must refuse: every checksum is right, and one rule is broken.

Frames of zstd are written by hand, uncompressed, so that the bytes depend on no library.
"""

import pathlib
import struct
import sys

import generate
from generate import node, tensor, varint

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "conformance"))
from pith_streams import xxh64  # noqa: E402

ONE = struct.pack("<f", 1)
RAW, HUFFMAN, CONSTANT, RUNS = 0, 1, 3, 4


def frame(data):
    """One zstd frame: a 4-byte content size, one raw block."""
    return b"\x28\xB5\x2F\xFD\xA0" + struct.pack("<I", len(data)) + struct.pack("<I", len(data) << 3 | 1)[:3] + data


def text(value):
    return varint(len(value)) + value




class Record:
    """A tensor of the directory. `shape` is what stands between its name and its streams; `decoded` is hashed."""

    def __init__(self, shape, streams, decoded, name=b"w"):
        self.payload = b"".join(data for _, data in streams)
        self.bytes = (text(name) + bytes(shape) + b"".join(bytes([coder]) + varint(len(data)) for coder, data in streams) +
                      struct.pack("<QQ", xxh64(self.payload), xxh64(decoded)))


def dense(values, name=b"w"):
    return Record([2, 1, len(values), 0], [(RAW, values)], values, name)


def graph_of(dims, dtype):
    return generate.with_node(node("Relu", ["x"], ["y"]), initializers=[tensor("w", dims, dtype=dtype)])


def directory_of(records, graph, operators=(b"Relu",), chunks=b"\0"):
    section = frame(graph)
    head = varint(len(section)) + varint(len(graph)) + struct.pack("<QQ", xxh64(section), xxh64(graph))
    return (head + varint(len(operators)) + b"".join(map(text, operators)) + varint(len(records)) +
            b"".join(record.bytes for record in records) + chunks)


def file_of(records, graph, *, version=(1, 0), features=0, size=0, offset=64, expanded=0, extra=b"", directory=None, more=b"", **parts):
    """What differs from a right file is added to its field."""
    plain = directory_of(records, graph, **parts) + more if directory is None else directory
    packed = frame(plain) + extra
    sections = frame(graph) + b"".join(record.payload for record in records)
    header = b"\x89PITH\r\n\x1a" + struct.pack("<HHIQQQQQ", *version, features, 64 + len(packed) + len(sections) + size, offset,
                                               len(packed), xxh64(packed), len(plain) + expanded)
    return header + struct.pack("<Q", xxh64(header)) + packed + sections


def layout():
    """R12: one reading of a file, or none."""
    graph, record = graph_of([3], 2), dense(b"abc")
    right = [record]
    yield "version-2", "format version 2.0", file_of(right, graph, version=(2, 0))
    yield "version-0-4", "format version 0.4", file_of(right, graph, version=(0, 4))
    yield "feature-unknown", "feature", file_of(right, graph, features=1)
    yield "size-of-the-file", "bytes instead of", file_of(right, graph, size=1)
    yield "offset-of-the-directory", "header is invalid", file_of(right, graph, offset=65)
    yield "bytes-at-the-end", "after its last section", file_of(right, graph, size=1) + b"\0"
    yield "section-outside", "ends outside", file_of(right, graph, size=-1)[:-1]
    yield "directory-goes-on", "bytes after its end", file_of(right, graph, more=b"\0")
    yield "directory-of-two-frames", "not one zstd frame", file_of(right, graph, extra=frame(b""))
    yield "directory-expanded-size", "does not decode", file_of(right, graph, expanded=1)
    yield "names-twice", "same name", file_of([record, record], graph)
    yield "name-with-nul", "not clean UTF-8", file_of([dense(b"abc", b"w\0x")], graph)
    yield "name-empty", "not clean UTF-8", file_of([dense(b"abc", b"")], graph)
    yield "name-not-utf-8", "not clean UTF-8", file_of([dense(b"abc", b"\xFF")], graph)
    yield "operators-unsorted", "not sorted", file_of(right, graph, operators=(b"Relu", b"Add"))
    yield "operators-twice", "not sorted", file_of(right, graph, operators=(b"Relu", b"Relu"))
    yield "chunks-unsorted", "chunks are not sorted", file_of(right, graph, chunks=b"\2\5\0" + bytes(8) + b"\4\0" + bytes(8))
    yield "chunk-outside", "ends outside", file_of(right, graph, chunks=b"\1\5\7" + bytes(8))
    yield "count-of-tensors", "cut short", file_of(right, graph, chunks=b"", directory=directory_of([], graph, chunks=varint(2**40)))
    yield "record-without-initializer", "has no place in the graph", file_of([record, dense(b"abc", b"v")], graph)
    yield "initializer-without-record", "has no data", file_of([], graph)
    yield "operator-not-listed", "does not list", file_of(right, graph, operators=(b"Add",))
    yield "initializer-of-another-shape", "another type or shape", file_of(right, graph_of([1, 3], 2))
    yield "initializer-of-another-type", "another type or shape", file_of(right, graph_of([3], 3))


def coders():
    """R10: entropy-coded streams. uint8 tensors of one dimension."""
    def coded(count, coder, data, decoded=b""):
        return file_of([Record([2, 1, *varint(count), 0], [(coder, data)], decoded)], graph_of([count], 2))

    abca = bytes([0x61, 2, 0b11_0001_11, 0b0010_0_000])  # codes of 1, 2 and 2 bits for a, b and c
    yield "code-incomplete", "code", coded(4, HUFFMAN, bytes([0x61, 1, 0b11_0010_00]) + b"\0")
    yield "code-over-full", "code", coded(4, HUFFMAN, bytes([0x61, 2, 0b11_0001_00]) + b"\0")
    yield "code-of-one-symbol", "code", coded(4, HUFFMAN, bytes([0x61, 0, 0b11_0001_00]) + b"\0")
    yield "code-of-13-bits", "", coded(4, HUFFMAN, bytes([0x61, 1, 0b11_1101_00]) + b"\0")
    yield "code-cut-short", "", coded(4, HUFFMAN, abca[:2])
    yield "symbols-cut-short", "", coded(40, HUFFMAN, abca + b"\0")
    yield "symbols-left-over", "", coded(4, HUFFMAN, abca + b"\0\0")
    yield "padding-not-zero", "", coded(4, HUFFMAN, abca + bytes([0b0_10_11_0_01]))
    yield "values-of-another-checksum", "checksum", coded(4, HUFFMAN, abca + bytes([0b0_10_11_0_00]), b"abcb")
    yield "constant-of-two-bytes", "constant stream", coded(4, CONSTANT, b"ab")
    yield "runs-longer-than-the-tensor", "runs", coded(4, RUNS, bytes([0, 1, 1, RAW, 1, RAW, 9, 7]))
    yield "runs-without-their-value", "match", coded(4, RUNS, bytes([0, 1, 0, RAW, 1, RAW, 2]))
    yield "planes-of-single-bytes", "planes", coded(4, 2, bytes([RAW, 4]) + b"abcd")
    yield "coder-unknown", "coder is unknown", coded(4, 99, b"abcd")
    yield "coder-of-bytes-on-floats", "coder of bytes", file_of([Record([1, 1, 1, 0], [(5, b"abcd")], b"")], graph_of([1], 1))
    yield "expands-too-far", "ends outside", coded(2**32, CONSTANT, b"a")


def forms():
    """R11: codes, codebooks and positions."""
    def affine(codes, scales, zeros=b"", bits=4, axis=255, block=0, flags=1):
        streams = [(CONSTANT, codes[:1]), (RAW, scales)] + ([(RAW, zeros)] if zeros else [])
        shape = [1, 1, 3, 1, flags | (2 if zeros else 0), bits, axis, *varint(block)]
        return file_of([Record(shape, streams, codes + scales + zeros)], graph_of([3], 1))

    def codebook(indices, centroids, entries=2, bits=1, axis=255):
        shape = [1, 1, 3, 2, bits, axis, *varint(entries)]
        return file_of([Record(shape, [(CONSTANT, indices[:1]), (RAW, centroids)], indices + centroids)], graph_of([3], 1))

    def sparse(gaps, count):
        shape = [2, 1, 9, 3, *varint(count), *varint(len(gaps))]
        values = b"v" * count
        return file_of([Record(shape, [(RAW, gaps), (RAW, values)], gaps + values)], graph_of([9], 2))

    for name, scale in {"zero": 0.0, "negative": -1.0, "infinite": float("inf"), "nan": float("nan")}.items():
        yield f"scale-{name}", "finite and positive", affine(bytes(3), struct.pack("<f", scale))
    yield "scales-too-many", "wrong size", affine(bytes(3), 2 * ONE)
    yield "scales-too-few", "wrong size", affine(bytes(3), 2 * ONE, axis=0)
    yield "code-out-of-range", "does not fit 4 bits", affine(b"\x64\x64\x64", ONE)
    yield "zero-point-out-of-range", "zero point", affine(bytes(3), ONE, b"\x64")
    yield "bits-0", "width", affine(bytes(3), ONE, bits=0)
    yield "bits-9", "width", affine(bytes(3), ONE, bits=9)
    yield "axis-out-of-range", "axis", affine(bytes(3), ONE, axis=1)
    yield "block-without-axis", "blocks along no axis", affine(bytes(3), ONE, block=2)
    yield "flags-unknown", "flags", affine(bytes(3), ONE, flags=4)
    yield "index-past-the-codebook", "past the end of its codebook", codebook(b"\2\2\2", 2 * ONE)
    yield "codebook-too-large", "does not fit its code width", codebook(bytes(3), 3 * ONE, entries=3)
    yield "codebook-empty", "does not fit its code width", codebook(bytes(3), b"", entries=0)
    yield "centroids-too-few", "wrong size", codebook(bytes(3), ONE)
    yield "position-outside", "outside of the tensor", sparse(bytes([9]), 1)
    yield "positions-go-outside", "outside of the tensor", sparse(bytes([4, 4]), 2)
    yield "gap-not-shortest", "cut short", sparse(bytes([0x81, 0]), 1)
    yield "gaps-left-over", "after their end", sparse(bytes([1, 1]), 1)
    yield "values-more-than-elements", "more values than elements", sparse(bytes(10), 10)


def files():
    """(rule, name, what the message has to hold, bytes)"""
    for rule, prefix, cases in (("R10", "coder", coders), ("R11", "form", forms), ("R12", "file", layout)):
        for name, says, data in cases():
            yield rule, f"{prefix}-{name}", says, data
