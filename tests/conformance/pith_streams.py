"""Bytes, checksums and coders of .pith files, as docs/format.md describes them; see read_pith.py."""

import ctypes
import ctypes.util
import functools
import struct


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


@functools.cache
def zstd_library():
    lib = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    size, data = ctypes.c_size_t, ctypes.c_char_p
    lib.ZSTD_findFrameCompressedSize.restype = lib.ZSTD_decompress.restype = lib.ZSTD_compress.restype = size
    lib.ZSTD_findFrameCompressedSize.argtypes = [data, size]
    lib.ZSTD_decompress.argtypes = [data, size, data, size]
    lib.ZSTD_compress.argtypes = [data, size, data, size, ctypes.c_int]
    return lib


def unzstd(frame, size):
    lib = zstd_library()
    must(lib.ZSTD_findFrameCompressedSize(frame, len(frame)) == len(frame), "a frame is one zstd frame")
    out = ctypes.create_string_buffer(max(size, 1))
    must(lib.ZSTD_decompress(out, size, frame, len(frame)) == size, "a frame decodes to its size")
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


def unplanes(data, n, width, dims, turned):
    must(width > 1, "byte planes are of elements of several bytes")
    stream = Bytes(data)
    heads = [(stream.fixed(1), stream.varint()) for _ in range(width)]
    out = bytearray(n)
    for plane, (coder, size) in enumerate(heads):
        must(coder in (0, 1, 3, 4, 5, 6, 7), "a plane has a coder of planes")
        out[plane::width] = decode(coder, stream.take(size), n // width, dims=dims)
    must(not stream.rest(), "byte planes use their bytes")
    if not turned:
        return bytes(out)
    elements = (int.from_bytes(out[at:at + width], "little") for at in range(0, n, width))
    return b"".join(((t >> 1) + ((t & 1) << 8 * width - 1)).to_bytes(width, "little") for t in elements)


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


def unintegers(coder, data, dims, signed):
    # They import this file.
    from pith_fast import decode_fast
    from pith_small import decode_small

    low = -128 if signed else 0
    values = (decode_fast if coder == 5 else decode_small)(data, dims, low, low + 255)
    return bytes(value & 255 for value in values)


def decode(coder, data, n, width=1, bits=8, signed=False, dims=None):
    """A stream; dims are None where the elements are a line."""
    must(coder <= 8, "the coder is known")
    if n == 0:
        must(coder == 0 and not data, "an empty stream is raw and has no bytes")
        return b""
    dims = [n // width] if dims is None else dims
    if coder == 0:
        return unraw(data, n, bits, signed)
    if coder == 1:
        return unhuffman(data, n)
    if coder in (2, 8):
        return unplanes(data, n, width, dims, coder == 8)
    if coder == 3:
        must(len(data) == 1, "a constant is one byte")
        return data * n
    if coder == 4:
        return unruns(data, n)
    if coder == 7:
        return unzstd(data, n)
    must(width == 1, "coders of integers are for single bytes")
    return unintegers(coder, data, dims, signed)
