#!/usr/bin/env python3
"""A second decoder of .pith files, written from docs/format.md and docs/coders.md alone, with Python's
standard library and libzstd.

read_pith.py FILE.pith                 print what is in the file as JSON
read_pith.py FILE.pith EXPECTED.json   compare with that; exit 1 on a difference
read_pith.py --check FILE.pith...      print "ok" or "refused: why" for each file
"""

import json
import math
import struct
import sys

from pith_streams import Refused, must, xxh64, unzstd, Bytes, decode

BITS = {2: (25, 26), 4: (21, 22, 23), 8: (2, 3, 9, 17, 18, 19, 20, 24), 16: (4, 5, 10, 16), 32: (1, 6, 12),
        64: (7, 11, 13, 14), 128: (15,)}
BITS_OF = {dtype: bits for bits, dtypes in BITS.items() for dtype in dtypes}
LIMIT = 1 << 63
NO_AXIS = 255
CODERS = ("raw", "huffman", "byteplane", "constant", "runs", "fast", "small", "zstd", "floatplane", "same")
SAME = 9


def product(factors):
    result = 1
    for factor in factors:
        must(factor < LIMIT, "sizes are below 2^63")
        result *= factor
        must(result < LIMIT, "sizes are below 2^63")
    return result


class Tensor:
    """A record of the directory; then its payload."""

    def __init__(self, record):
        self.name = record.text()
        start = record.at
        self.dtype, rank = record.fixed(1), record.fixed(1)
        must(self.dtype in BITS_OF and rank <= 8, "type and rank are known")
        self.dims = [record.varint() for _ in range(rank)]
        self.bits = BITS_OF[self.dtype]
        self.count = product(self.dims)
        self.dense_size = (product((self.count, self.bits)) + 7) // 8
        self.form = record.fixed(1)
        must(self.form <= 3, "the form is known")
        width = min(max(self.bits // 8, 1), 8)
        # Streams as (size, element size, bits, signed), and the dimensions where they are those of the tensor.
        if self.form == 0:
            dims = self.dims if self.bits == 8 * width else None
            self.streams = [(self.dense_size, width, 8, self.dtype == 3, dims)]
        elif self.form == 1:
            self.affine(record)
        elif self.form == 2:
            self.codebook(record)
        else:
            self.sparse(record, width)
        decoded = sum(stream[0] for stream in self.streams) + (8 * self.values if self.form == 3 else 0)
        must(decoded < LIMIT, "sizes are below 2^63")
        self.expanded = max(self.dense_size, decoded)
        self.kind = record.data[start:record.at]  # type, dimensions, form and parameters
        self.stored = [(record.fixed(1), record.varint()) for _ in self.streams]
        must(all(coder < len(CODERS) for coder, _ in self.stored), "the coder is known")
        self.used = sum(size for coder, size in self.stored if coder != SAME)
        self.payload_hash, self.hash_at, self.decoded_hash = record.fixed(8), record.at, record.fixed(8)

    def quantized(self, record):
        must(self.dtype == 1, "quantized tensors are float32")
        self.code_bits, self.axis = record.fixed(1), record.fixed(1)
        must(1 <= self.code_bits <= 8, "codes have 1 to 8 bits")
        must(self.axis == NO_AXIS or self.axis < len(self.dims), "the axis is below the rank")

    def affine(self, record):
        flags = record.fixed(1)
        must(flags < 4, "flags are known")
        self.signed, self.has_zeros = bool(flags & 1), bool(flags & 2)
        self.quantized(record)
        self.block = record.varint()
        if self.axis == NO_AXIS:
            must(self.block == 0, "blocks have an axis")
            scales = 1
        elif self.block == 0:
            scales = self.dims[self.axis]
        else:
            scales = product(-(-d // self.block) if i == self.axis else d for i, d in enumerate(self.dims))
        self.streams = [(self.count, 1, self.code_bits, self.signed, self.dims), (product((4, scales)), 4, 8, False)]
        if self.has_zeros:
            self.streams.append((scales, 1, 8, False))

    def codebook(self, record):
        self.quantized(record)
        self.entries = record.varint()
        must(1 <= self.entries <= 1 << self.code_bits, "a codebook fits its bits")
        groups = 1 if self.axis == NO_AXIS else self.dims[self.axis]
        self.streams = [(self.count, 1, self.code_bits, False, self.dims),
                        (product((4 * self.entries, groups)), 4, 8, False)]

    def sparse(self, record, width):
        self.values, gap_bytes = record.varint(), record.varint()
        must(self.bits % 8 == 0, "sparse types are of whole bytes")
        must(self.values <= self.count and self.values <= gap_bytes <= 9 * self.values, "sparse counts are possible")
        self.streams = [(gap_bytes, 1, 8, False), (self.values * self.bits // 8, width, 8, False)]

    def check_same(self, tensors):
        """The tensors before this one hold what it shares."""
        for i, (coder, number) in enumerate(self.stored):
            if coder == SAME:
                must(number < len(tensors), "a shared stream is that of an earlier tensor")
                must(tensors[number].kind == self.kind, "a shared stream is that of a tensor of the same kind")
                must(tensors[number].stored[i][0] != SAME, "a shared stream is stored there")

    def read(self, payload, tensors, relaxed=False):
        """The plain values; relaxed: whatever the hash of the decoded streams is, which `found_hash` then says."""
        must(xxh64(payload) == self.payload_hash, "the hash of the payload is right")
        section = Bytes(payload)
        parts = [tensors[number].parts[i] if coder == SAME else decode(coder, section.take(number), *stream)
                 for i, ((coder, number), stream) in enumerate(zip(self.stored, self.streams))]
        self.parts = parts
        must(not any(section.rest()), "padding is zero")
        self.found_hash = xxh64(b"".join(parts))
        must(relaxed or self.found_hash == self.decoded_hash, "the hash of the decoded streams is right")
        if self.form == 0:
            return parts[0]
        if self.form == 3:
            return self.scatter(*parts)
        floats = struct.unpack(f"<{len(parts[1]) // 4}f", parts[1])
        if self.form == 2:
            must(all(index < self.entries for index in parts[0]), "indices are below the number of entries")
            raw = [parts[1][i:i + 4] for i in range(0, len(parts[1]), 4)]
            return b"".join(raw[self.group(i) * self.entries + index] for i, index in enumerate(parts[0]))
        return self.dequantize(parts, floats)

    def position(self, i):
        """Strides after the axis, and the position along it, of element i."""
        inner = math.prod(self.dims[self.axis + 1:])
        return inner, i // inner % self.dims[self.axis]

    def group(self, i):
        return 0 if self.axis == NO_AXIS else self.position(i)[1]

    def scale_of(self, i):
        if self.axis == NO_AXIS or self.block == 0:
            return self.group(i)
        inner, along = self.position(i)
        blocks = -(-self.dims[self.axis] // self.block)
        outer = i // (inner * self.dims[self.axis])
        return (outer * blocks + along // self.block) * inner + i % inner

    def dequantize(self, parts, scales):
        must(all(math.isfinite(scale) and scale > 0 for scale in scales), "scales are finite and positive")
        signed = "b" if self.signed else "B"
        codes = struct.unpack(f"{len(parts[0])}{signed}", parts[0])
        zeros = struct.unpack(f"{len(parts[2])}{signed}", parts[2]) if self.has_zeros else (0,) * len(scales)
        low = -(1 << (self.code_bits - 1)) if self.signed else 0
        high = low + (1 << self.code_bits) - 1
        must(all(low <= code <= high for code in codes + zeros), "codes and zero points fit their bits")
        out = bytearray()
        for i, code in enumerate(codes):
            s = self.scale_of(i)
            # The product of an integer below 2^9 and a float32 is exact in float64: one rounding, to float32.
            value = (code - zeros[s]) * scales[s]
            try:
                out += struct.pack("<f", value)
            except OverflowError:
                out += struct.pack("<f", math.copysign(math.inf, value))
        return bytes(out)

    def scatter(self, gap_bytes, values):
        width = self.bits // 8
        out, gaps, position = bytearray(self.dense_size), Bytes(gap_bytes), -1
        for i in range(self.values):
            position += 1 + gaps.varint()
            must(position < self.count, "positions are inside of the tensor")
            out[position * width:(position + 1) * width] = values[i * width:(i + 1) * width]
        must(not gaps.rest(), "gaps end with the last one")
        return bytes(out)


def section_size(used, expanded):
    return max(used, -(-expanded // 4096))


def open_pith(data, limit=8 << 30):
    """Operators, graph, and tensors with their payloads."""
    must(len(data) >= 64 and data[:8] == b"\x89PITH\r\n\x1a", "the file begins with the magic")
    major, minor, features, size, offset, directory_size, directory_hash, expanded, header_hash = struct.unpack(
        "<HHIQQQQQQ", data[8:64])
    must(major == 1 or (major == 0 and minor in (1, 2, 3)), "the version is 1 or 0.1 to 0.3")
    must(header_hash == xxh64(data[:56]), "the hash of the header is right")
    must(features == 0 and size == len(data) and offset == 64 and (expanded == 0) == (major == 0), "the header's fields are right")
    must(directory_size <= min(1 << 24, len(data) - 64), "the directory lies inside of the file")
    must(expanded <= min(1 << 24, 4096 * directory_size), "the directory does not expand too far")
    sections = Bytes(data[64:])
    directory = sections.take(directory_size)
    must(xxh64(directory) == directory_hash, "the hash of the directory is right")
    if major == 1:
        directory = unzstd(directory, expanded)

    record = Bytes(directory)
    frame_size, graph_size, section_hash, graph_hash = (record.varint(), record.varint(), record.fixed(8),
                                                        record.fixed(8))
    count = record.varint()
    must(count <= len(directory), "operators are inside of the directory")
    operators = [record.text() for _ in range(count)]
    names = [name.encode() for name in operators]
    must(all(a < b for a, b in zip(names, names[1:])), "operators ascend")
    count = record.varint()
    must(count <= len(directory), "tensors are inside of the directory")
    tensors = []
    for _ in range(count):
        tensor = Tensor(record)
        tensor.check_same(tensors)
        tensors.append(tensor)
    must(len({tensor.name for tensor in tensors}) == count, "names are unique")
    chunks = []
    if major == 1:
        count = record.varint()
        must(count <= len(directory), "chunks are inside of the directory")
        chunks = [(record.varint(), record.varint(), record.fixed(8)) for _ in range(count)]
        ids = [chunk[0] for chunk in chunks]
        must(all(a < b for a, b in zip(ids, ids[1:])) and all(i < LIMIT for i in ids), "chunks ascend")
    must(not record.rest(), "the directory ends with its last record")
    must(graph_size + sum(tensor.expanded for tensor in tensors) + sum(size for _, size, _ in chunks) <= limit,
         "the limit is kept")

    section = sections.take(section_size(frame_size, graph_size))
    payloads = [sections.take(section_size(tensor.used, tensor.expanded)) for tensor in tensors]
    for _, size, _ in chunks:
        sections.take(size)
    must(not sections.rest(), "the file ends with its last section")
    must(xxh64(section) == section_hash and not any(section[frame_size:]), "the graph section is whole")
    graph = unzstd(section[:frame_size], graph_size)
    must(xxh64(graph) == graph_hash, "the hash of the graph is right")
    return operators, graph, list(zip(tensors, payloads))


def read_pith(data):
    operators, graph, stored = open_pith(data)
    tensors = [tensor for tensor, _ in stored]
    return {"operators": operators, "graph_bytes": len(graph), "graph_xxh64": f"{xxh64(graph):016x}",
            "tensors": [describe(tensor, tensor.read(payload, tensors)) for tensor, payload in stored]}


def describe(tensor, values):
    return {"name": tensor.name, "dtype": tensor.dtype, "dims": tensor.dims,
            "form": ("dense", "affine", "codebook", "sparse")[tensor.form],
            "coders": [CODERS[coder] for coder, _ in tensor.stored],
            "values_bytes": len(values), "values_xxh64": f"{xxh64(values):016x}", "values_begin": values[:32].hex()}


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if arguments else 2
    if arguments[0] == "--check":
        for path in arguments[1:]:
            with open(path, "rb") as file:
                try:
                    read_pith(file.read())
                    print("ok")
                except Refused as rule:
                    print(f"refused: not so: {rule}")
        return 0
    with open(arguments[0], "rb") as file:
        found = read_pith(file.read())
    if len(arguments) == 1:
        print(json.dumps(found, indent=1))
        return 0
    with open(arguments[1], encoding="utf-8") as file:
        expected = json.load(file)
    if found != expected:
        print(f"{arguments[0]} differs from {arguments[1]}:\n{json.dumps(found, indent=1)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
