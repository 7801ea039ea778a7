#!/usr/bin/env python3
"""A second decoder of .pith files, written from docs/format.md alone, with Python's standard library and libzstd.

read_pith.py FILE.pith                 print what is in the file as JSON
read_pith.py FILE.pith EXPECTED.json   compare with that; exit 1 on a difference
read_pith.py --check FILE.pith...      print "ok" or "refused: why" for each file
"""

import ctypes
import ctypes.util
import json
import math
import struct
import sys

BITS = {2: (25, 26), 4: (21, 22, 23), 8: (2, 3, 9, 17, 18, 19, 20, 24), 16: (4, 5, 10, 16), 32: (1, 6, 12),
        64: (7, 11, 13, 14), 128: (15,)}
BITS_OF = {dtype: bits for bits, dtypes in BITS.items() for dtype in dtypes}
LIMIT = 1 << 63
NO_AXIS = 255


class Refused(Exception):
    """The file breaks a rule of the format."""


def must(condition, rule):
    if not condition:
        raise Refused(rule)


def xxh64(data):
    p1, p2, p3, p4, p5 = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579,
                          2870177450012600261)
    mask = (1 << 64) - 1

    def rotate(x, r):
        return (x << r | x >> (64 - r)) & mask

    def mix(lane, word):
        return rotate((lane + word * p2) & mask, 31) * p1 & mask

    size, at = len(data), 0
    if size >= 32:
        lanes = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        while at + 32 <= size:
            lanes = [mix(lane, word) for lane, word in zip(lanes, struct.unpack_from("<4Q", data, at))]
            at += 32
        h = sum(rotate(lane, r) for lane, r in zip(lanes, (1, 7, 12, 18))) & mask
        for lane in lanes:
            h = ((h ^ mix(0, lane)) * p1 + p4) & mask
    else:
        h = p5
    h = (h + size) & mask
    while at + 8 <= size:
        h = (rotate(h ^ mix(0, struct.unpack_from("<Q", data, at)[0]), 27) * p1 + p4) & mask
        at += 8
    if at + 4 <= size:
        h = (rotate(h ^ struct.unpack_from("<I", data, at)[0] * p1 & mask, 23) * p2 + p3) & mask
        at += 4
    while at < size:
        h = rotate(h ^ data[at] * p5 & mask, 11) * p1 & mask
        at += 1
    h = (h ^ h >> 33) * p2 & mask
    h = (h ^ h >> 29) * p3 & mask
    return h ^ h >> 32


def unzstd(frame, size):
    lib = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    lib.ZSTD_findFrameCompressedSize.restype = lib.ZSTD_decompress.restype = ctypes.c_size_t
    lib.ZSTD_findFrameCompressedSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    lib.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    must(lib.ZSTD_findFrameCompressedSize(frame, len(frame)) == len(frame), "the graph is one zstd frame")
    out = ctypes.create_string_buffer(max(size, 1))
    must(lib.ZSTD_decompress(out, size, frame, len(frame)) == size, "the graph decodes to its size")
    return out.raw[:size]


class Bytes:
    """Fields of a byte string, in order."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        must(size <= len(self.data) - self.at, "a field lies inside of its section")
        self.at += size
        return self.data[self.at - size:self.at]

    def fixed(self, size):
        return int.from_bytes(self.take(size), "little")

    def varint(self):
        value = shift = 0
        while True:
            byte = self.fixed(1)
            value |= (byte & 127) << shift
            must(value < 1 << 64 and shift < 70, "a varint is below 2^64")
            if byte < 128:
                must(byte or not shift, "a varint has its shortest form")
                return value
            shift += 7

    def text(self):
        data = self.take(self.varint())
        must(0 < len(data) <= 65535 and 0 not in data, "a text has 1 to 65535 bytes and no NUL")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("a text is UTF-8") from None

    def rest(self):
        return self.take(len(self.data) - self.at)


class Bits:
    """A bit string, the highest bit of each byte first."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        value = 0
        for _ in range(count):
            must(self.at < 8 * len(self.data), "a bit string does not end early")
            value = value << 1 | self.data[self.at // 8] >> (7 - self.at % 8) & 1
            self.at += 1
        return value

    def finish(self):
        """Takes the padding; the number of bytes used."""
        while self.at % 8:
            must(self.take(1) == 0, "padding bits are zero")
        return self.at // 8


def code_lengths(data):
    """Lengths by symbol, and the bytes that the table has."""
    must(len(data) >= 2, "a Huffman table is there")
    first, count = data[0], data[1] + 1
    bits, length, lengths = Bits(data[2:]), 8, {}
    for i in range(count):
        if bits.take(1):
            length = bits.take(4) if bits.take(1) else length + (-1 if bits.take(1) else 1)
        must(0 <= length <= 12, "code lengths are 0 to 12")
        must(length or 0 < i < count - 1, "the edges of a table occur")
        if length:
            lengths[(first + i) % 256] = length
    must(len(lengths) >= 2 and sum(4096 >> n for n in lengths.values()) == 4096, "code lengths are a complete code")
    return lengths, 2 + bits.finish()


def unhuffman(data, n):
    lengths, used = code_lengths(data)
    codes, code = {}, 0
    for length in range(1, 13):
        for symbol in range(256):
            if lengths.get(symbol) == length:
                codes[length, code] = symbol
                code += 1
        code *= 2
    lanes = []
    for start in range(0, n, 65536):
        m = min(65536, n - start)
        per_lane = -(-m // 4) if m >= 1024 else m
        lanes += [min(per_lane, m - at) for at in range(0, m, per_lane)]
    stream = Bytes(data[used:])
    sizes = [stream.fixed(2) for _ in lanes[:-1]]
    out = bytearray()
    for i, symbols in enumerate(lanes):
        lane = stream.take(sizes[i]) if i < len(sizes) else stream.rest()
        bits = Bits(lane)
        for _ in range(symbols):
            length = code = 0
            while (length, code) not in codes:
                length, code = length + 1, code << 1 | bits.take(1)
            out.append(codes[length, code])
        must(bits.finish() == len(lane), "a lane uses its bytes")
    return bytes(out)


def unraw(data, n, bits, signed):
    if bits == 8:
        must(len(data) == n, "raw bytes are as many as decoded")
        return data
    must(len(data) == -(-n * bits // 8), "raw codes are as many as decoded")
    stream, out = Bits(data), bytearray()
    for _ in range(n):
        code = stream.take(bits)
        out.append((code - (1 << bits) if signed and code >> (bits - 1) else code) & 255)
    stream.finish()
    return bytes(out)


def unplanes(data, n, width):
    must(width > 1, "byte planes are of elements of several bytes")
    stream = Bytes(data)
    heads = [(stream.fixed(1), stream.varint()) for _ in range(width)]
    out = bytearray(n)
    for plane, (coder, size) in enumerate(heads):
        must(coder != 2, "a plane is not made of planes")
        out[plane::width] = decode(coder, stream.take(size), n // width)
    must(not stream.rest(), "byte planes use their bytes")
    return bytes(out)


def unruns(data, n):
    stream = Bytes(data)
    common, run_count, value_count = stream.fixed(1), stream.varint(), stream.varint()
    must(value_count <= run_count <= n, "runs are at most as many as symbols, values as runs")
    run_coder, run_size, value_coder = stream.fixed(1), stream.varint(), stream.fixed(1)
    must(run_coder in (0, 1, 3) and value_coder in (0, 1, 3), "runs are made of raw, huffman or constant")
    runs = decode(run_coder, stream.take(run_size), run_count)
    values = iter(decode(value_coder, stream.rest(), value_count))
    out = bytearray()
    for run in runs:
        out += bytes([common]) * run
        if run < 255:
            value = next(values, None)
            must(value is not None, "there is a value for each run")
            out.append(value)
    must(next(values, None) is None, "all values are used")
    must(len(out) <= n, "runs are not longer than the stream")
    return bytes(out) + bytes([common]) * (n - len(out))


def decode(coder, data, n, width=1, bits=8, signed=False):
    must(coder <= 4, "the coder is known")
    if n == 0:
        must(coder == 0 and not data, "an empty stream is raw and has no bytes")
        return b""
    if coder == 0:
        return unraw(data, n, bits, signed)
    if coder == 1:
        return unhuffman(data, n)
    if coder == 2:
        return unplanes(data, n, width)
    if coder == 3:
        must(len(data) == 1, "a constant is one byte")
        return data * n
    return unruns(data, n)


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
        self.name, self.dtype, rank = record.text(), record.fixed(1), record.fixed(1)
        must(self.dtype in BITS_OF and rank <= 8, "type and rank are known")
        self.dims = [record.varint() for _ in range(rank)]
        self.bits = BITS_OF[self.dtype]
        self.count = product(self.dims)
        self.dense_size = (product((self.count, self.bits)) + 7) // 8
        self.form = record.fixed(1)
        must(self.form <= 3, "the form is known")
        width = min(max(self.bits // 8, 1), 8)
        # Streams as (size, element size, bits, signed).
        if self.form == 0:
            self.streams = [(self.dense_size, width, 8, False)]
        elif self.form == 1:
            self.affine(record)
        elif self.form == 2:
            self.codebook(record)
        else:
            self.sparse(record, width)
        decoded = sum(stream[0] for stream in self.streams) + (8 * self.values if self.form == 3 else 0)
        must(decoded < LIMIT, "sizes are below 2^63")
        self.expanded = max(self.dense_size, decoded)
        self.stored = [(record.fixed(1), record.varint()) for _ in self.streams]
        must(all(coder <= 4 for coder, _ in self.stored), "the coder is known")
        self.payload_hash, self.decoded_hash = record.fixed(8), record.fixed(8)

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
        self.streams = [(self.count, 1, self.code_bits, self.signed), (product((4, scales)), 4, 8, False)]
        if self.has_zeros:
            self.streams.append((scales, 1, 8, False))

    def codebook(self, record):
        self.quantized(record)
        self.entries = record.varint()
        must(1 <= self.entries <= 1 << self.code_bits, "a codebook fits its bits")
        groups = 1 if self.axis == NO_AXIS else self.dims[self.axis]
        self.streams = [(self.count, 1, self.code_bits, False), (product((4 * self.entries, groups)), 4, 8, False)]

    def sparse(self, record, width):
        self.values, gap_bytes = record.varint(), record.varint()
        must(self.bits % 8 == 0, "sparse types are of whole bytes")
        must(self.values <= self.count and self.values <= gap_bytes <= 9 * self.values, "sparse counts are possible")
        self.streams = [(gap_bytes, 1, 8, False), (self.values * self.bits // 8, width, 8, False)]

    def read(self, payload):
        must(xxh64(payload) == self.payload_hash, "the hash of the payload is right")
        section = Bytes(payload)
        parts = [decode(coder, section.take(size), *stream)
                 for (coder, size), stream in zip(self.stored, self.streams)]
        must(not any(section.rest()), "padding is zero")
        must(xxh64(b"".join(parts)) == self.decoded_hash, "the hash of the decoded streams is right")
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


def read_pith(data, limit=8 << 30):
    must(len(data) >= 64 and data[:8] == b"\x89PITH\r\n\x1a", "the file begins with the magic")
    major, minor, features, size, offset, directory_size, directory_hash, reserved, header_hash = struct.unpack(
        "<HHIQQQQQQ", data[8:64])
    must((major, minor) == (0, 1), "the version is 0.1")
    must(header_hash == xxh64(data[:56]), "the hash of the header is right")
    must(features == 0 and size == len(data) and offset == 64 and reserved == 0, "the header's fields are right")
    must(directory_size <= min(1 << 24, len(data) - 64), "the directory lies inside of the file")
    sections = Bytes(data[64:])
    directory = sections.take(directory_size)
    must(xxh64(directory) == directory_hash, "the hash of the directory is right")

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
    tensors = [Tensor(record) for _ in range(count)]
    must(len({tensor.name for tensor in tensors}) == count, "names are unique")
    must(not record.rest(), "the directory ends with its last record")
    must(graph_size + sum(tensor.expanded for tensor in tensors) <= limit, "the limit is kept")

    section = sections.take(section_size(frame_size, graph_size))
    payloads = [sections.take(section_size(sum(size for _, size in tensor.stored), tensor.expanded))
                for tensor in tensors]
    must(not sections.rest(), "the file ends with its last section")
    must(xxh64(section) == section_hash and not any(section[frame_size:]), "the graph section is whole")
    graph = unzstd(section[:frame_size], graph_size)
    must(xxh64(graph) == graph_hash, "the hash of the graph is right")
    return {"operators": operators, "graph_bytes": len(graph), "graph_xxh64": f"{xxh64(graph):016x}",
            "tensors": [describe(tensor, tensor.read(payload)) for tensor, payload in zip(tensors, payloads)]}


def describe(tensor, values):
    return {"name": tensor.name, "dtype": tensor.dtype, "dims": tensor.dims,
            "form": ("dense", "affine", "codebook", "sparse")[tensor.form],
            "coders": [("raw", "huffman", "byteplane", "constant", "runs")[coder] for coder, _ in tensor.stored],
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
