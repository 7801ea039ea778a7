"""Seeded mutants of .pith files that know what a file is made of; see two_parsers.py.

A file is taken apart into header, directory, graph, streams and chunks. Something is changed in one of these, the
file is put together again, and the hashes are mended, so that readers get to the rules behind them.
"""

import ctypes
import struct

from pith_streams import Bytes, Refused, code_lengths, unzstd, xxh64, zstd_library
from read_pith import SAME, Tensor, section_size

# Numbers at the edges of the format's rules.
EDGES = (0, 1, 2, 3, 7, 8, 9, 10, 127, 128, 254, 255, 256, 1023, 1024, 4095, 4096, 4097, 16383, 65535, 65536, 1 << 20,
         1 << 24, 1 << 31, 1 << 32, 1 << 40, 1 << 61, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
# Texts that are almost right, and some that are.
TEXTS = (b"", b"\0", b"a\0b", b"\xC0\x80", b"\xED\xA0\x80", b"\xED\x9F\xBF", b"\xF4\x8F\xBF\xBF", b"\xF4\x90\x80\x80",
         b"\xE0\x80\x80", b"\xF0\x80\x80\x80", b"\x80", b"\xC2", b"\xEF\xBF\xBE", "\u00e9".encode(), b"Add", b"x::Y")


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def text(value):
    return varint(len(value)) + value


def zstd(data, level=1):
    out = ctypes.create_string_buffer(len(data) + 64)
    size = zstd_library().ZSTD_compress(out, len(out), data, len(data), level)
    return out.raw[:size]


class Record:
    """A tensor: what stands before its streams, its streams, and their hashes."""

    def __init__(self, tensor, payload):
        self.name, self.kind, self.stored = tensor.name.encode(), tensor.kind, [list(pair) for pair in tensor.stored]
        section = Bytes(payload)
        self.streams = [b"" if coder == SAME else section.take(size) for coder, size in tensor.stored]
        self.hash, self.expanded = tensor.decoded_hash, tensor.expanded
        self.padding = section.rest()

    def bytes(self):
        """The record, and the payload."""
        used = b"".join(data for (coder, _), data in zip(self.stored, self.streams) if coder != SAME)
        payload = used + self.padding
        streams = b"".join(bytes([coder]) + varint(number if coder == SAME else len(data))
                           for (coder, number), data in zip(self.stored, self.streams))
        return text(self.name) + self.kind + streams + struct.pack("<QQ", xxh64(payload), self.hash), payload

    def pad(self):
        """What a changed shape or stream wants; nothing where no tensor is like this."""
        try:
            head = Bytes(text(self.name) + self.kind + b"".join(bytes([c]) + varint(n) for c, n in self.stored) + bytes(16))
            self.expanded = Tensor(head).expanded
        except (Refused, UnicodeDecodeError):
            return
        used = sum(len(data) for (coder, _), data in zip(self.stored, self.streams) if coder != SAME)
        self.padding = bytes(min(section_size(used, self.expanded) - used, 4096))


class File:
    """A right file of version 1, taken apart."""

    def __init__(self, data):
        directory_size, expanded = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<Q", data, 48)[0]
        record = Bytes(unzstd(data[64:64 + directory_size], expanded))
        sections = Bytes(data[64 + directory_size:])
        frame_size, self.graph_size = record.varint(), record.varint()
        record.take(8)
        self.graph_hash = record.fixed(8)
        self.operators = [record.text().encode() for _ in range(record.varint())]
        tensors = [Tensor(record) for _ in range(record.varint())]
        section = sections.take(section_size(frame_size, self.graph_size))
        self.graph, self.graph_padding = section[:frame_size], section[frame_size:]
        self.records = [Record(tensor, sections.take(section_size(tensor.used, tensor.expanded))) for tensor in tensors]
        self.chunks = []
        self.version, self.features, self.offset, self.more = (1, 0), 0, 64, b""
        # What is done to the bytes of the plain directory, to its frame, to the header and to the file.
        self.spoil_directory = self.spoil_frame = self.spoil_header = self.spoil_file = lambda data: data

    def bytes(self):
        parts = [record.bytes() for record in self.records]
        section = self.graph + self.graph_padding
        plain = (varint(len(self.graph)) + varint(self.graph_size) + struct.pack("<QQ", xxh64(section), self.graph_hash) +
                 varint(len(self.operators)) + b"".join(map(text, self.operators)) + varint(len(parts)) +
                 b"".join(record for record, _ in parts))
        if self.version[0] == 1:
            plain += varint(len(self.chunks)) + b"".join(
                varint(number) + varint(len(data)) + struct.pack("<Q", xxh64(data)) for number, data in self.chunks)
        plain = self.spoil_directory(plain)
        stored = self.spoil_frame(zstd(plain) if self.version[0] == 1 else plain)
        sections = section + b"".join(payload for _, payload in parts) + b"".join(data for _, data in self.chunks) + self.more
        header = b"\x89PITH\r\n\x1a" + struct.pack(
            "<HHIQQQQQ", *self.version, self.features, 64 + len(stored) + len(sections), self.offset, len(stored),
            xxh64(stored), len(plain) if self.version[0] == 1 else 0)
        header = self.spoil_header(header)
        return self.spoil_file(header + struct.pack("<Q", xxh64(header)) + stored + sections)


def huffman_table(lengths, first, count, random):
    """The table of these lengths by symbol, each length in any of the ways that it can be written."""
    bits, previous = "", 8
    for i in range(count):
        length = lengths.get((first + i) % 256, 0)
        short = {previous: "0", previous + 1: "100", previous - 1: "101"}.get(length)
        bits += short if short and random.randrange(8) else f"11{length:04b}"
        previous = length
    bits += "0" * (-len(bits) % 8)
    return bytes([first % 256, count - 1]) + int(bits, 2).to_bytes(len(bits) // 8, "big")


class Mutator:
    def __init__(self, random):
        self.random = random

    def edge(self):
        return self.random.choice(EDGES)

    def bytes(self, data, edits=3):
        """Plain damage: bytes set, bits turned, bytes left out, put in, cut off, moved or there twice."""
        data, r = bytearray(data), self.random
        for _ in range(r.randint(1, edits)):
            at, size = r.randrange(len(data) + 1), r.randint(1, 8)
            what = r.randrange(8)
            if what == 0 and at < len(data):
                data[at] = r.choice((r.randrange(256), 0, 255, 1, 128))
            elif what in (1, 2, 3) and at < len(data):
                data[at] ^= 1 << r.randrange(8)
            elif what == 4:
                del data[at:at + size]
            elif what == 5:
                data[at:at] = bytes(r.choice((0, 255, r.randrange(256))) for _ in range(size))
            elif what == 6 and r.randrange(3) == 0:
                del data[at:]
            else:
                piece = data[at:at + size]
                to = r.randrange(len(data) + 1)
                data[to:to + (size if r.randrange(2) else 0)] = piece
        return bytes(data)

    def mutant(self, seed):
        """A mutant of the seed's bytes: the file taken apart and changed; seldom, bytes with wrong hashes."""
        if self.random.randrange(25) == 0:
            return self.bytes(seed)
        file = File(seed)
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            weights = {self.stream: 40, self.kind: 22, self.coder: 9, self.layout: 9, self.directory: 7, self.graph: 4,
                       self.header: 5, self.frame: 3, self.draft: 3}
            try:
                self.random.choices(list(weights), list(weights.values()))[0](file)
            except (Refused, IndexError):
                pass  # an earlier change broke what this one would change
        return file.bytes()

    def record(self, file):
        return self.random.choice(file.records) if file.records else None

    def stream(self, file):
        """A stream's bytes, most often near its beginning, where its header is."""
        record = self.record(file)
        if record is None:
            return
        at = self.random.randrange(len(record.streams))
        data = record.streams[at]
        coder, what = record.stored[at][0], self.random.randrange(2)
        if coder == 6 and what == 0:
            record.streams[at] = self.small_header(data)
        elif coder == 1 and what == 0:
            record.streams[at] = self.table(data)
        else:
            size = self.random.choice((4, 16, 40, len(data)))
            record.streams[at] = self.bytes(data[:size], 2) + data[size:]
        if coder == 5 and self.random.randrange(4):
            body = record.streams[at][:-1]  # the last byte checks the others
            record.streams[at] = body + bytes([255 - sum(body) % 255])
        if self.random.randrange(4):
            record.pad()

    def small_header(self, data):
        """Another form, with a byte more or less for its fields."""
        r, data = self.random, bytearray(data)
        at = 1 if data[0] >= 0x88 and r.randrange(4) else 0
        data[at] ^= 1 << r.randrange(8)
        place = r.randint(at + 1, at + 5)
        if r.randrange(3):
            data.insert(place, r.randrange(4))
        else:
            del data[place:place + 1]
        return bytes(data)

    def table(self, data):
        """The same code in another table, sometimes with symbols at its edges that do not occur."""
        r = self.random
        lengths, used = code_lengths(data)
        before, after = r.choice((0, 0, 1)), r.choice((0, 0, 1))
        count = data[1] + 1 + before + after
        if count > 256:
            return data
        return huffman_table(lengths, (data[0] - before) % 256, count, r) + data[used:]

    def kind(self, file):
        """Type, dimensions, form and parameters, field by field."""
        record = self.record(file)
        if record is None:
            return
        r, fields = self.random, []
        source = Bytes(record.kind)
        fields += [source.take(1), source.take(1)]
        fields += [varint(source.varint()) for _ in range(fields[1][0])]
        first_dimension = 2
        fields += [bytes([byte]) for byte in source.rest()]
        at = r.randrange(len(fields))
        what = r.randrange(8)
        if what <= 2:
            fields[at] = varint(self.edge()) if at >= first_dimension else bytes([r.randrange(256)])
        elif what <= 4:
            fields[at] = bytes([max(0, min(255, fields[at][0] + r.choice((-1, 1, -2, 2))))])
        elif what == 5 and fields[1][0] > 0:
            rank = fields[1][0]
            fields[2:2 + rank] = r.sample(fields[2:2 + rank], rank)
        elif what == 6:
            rank = r.choice((fields[1][0], fields[1][0], r.randrange(10)))
            dims = [r.choice((0, 1, 2, 3, 5, 60, 1 << 40, self.edge())) for _ in range(rank)]
            fields[1:2 + fields[1][0]] = [bytes([len(dims)])] + [varint(d) for d in dims]
        else:
            fields[at] = b"\x80\0" if r.randrange(2) else self.bytes(fields[at], 1)
        record.kind = b"".join(fields)
        record.pad()

    def coder(self, file):
        record = self.record(file)
        if record is None:
            return
        at = self.random.randrange(len(record.stored))
        record.stored[at] = [self.random.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, SAME, SAME, 10, 255)),
                             self.random.choice((0, 0, 1, self.edge()))]
        if record.stored[at][0] == 3 and self.random.randrange(2):
            record.streams[at] = record.streams[at][:1]
        record.pad()

    def layout(self, file):
        """Records, operators and chunks: left out, there twice, exchanged, renamed."""
        r = self.random
        lists = [file.records, file.operators, file.chunks]
        chosen = r.choice(lists)
        what = r.randrange(6)
        if what == 0 and chosen:
            chosen.pop(r.randrange(len(chosen)))
        elif what == 1:
            r.shuffle(chosen)
        elif what == 2:
            file.operators.insert(r.randrange(len(file.operators) + 1), r.choice(TEXTS))
        elif what == 3:
            number = r.choice((r.randrange(8), self.edge() ))
            file.chunks.append((number, bytes(r.randrange(20))))
        elif file.records:
            record = r.choice(file.records)
            if what == 4:
                record.name = r.choice((*TEXTS, b"n" * 200))
            else:
                self.copy(file, record)

    def copy(self, file, record):
        """The record once more, under another name, and mostly without streams of its own."""
        again = object.__new__(Record)
        again.__dict__.update(record.__dict__)
        again.name, again.stored = b"again", [list(pair) for pair in record.stored]
        again.streams = record.streams[:]
        number = file.records.index(record)
        for stored in again.stored:
            if self.random.randrange(4):
                stored[:] = [SAME, self.random.choice((number, number, number, 0, 1, len(file.records), self.edge()))]
        file.records.insert(self.random.choice((len(file.records), 0)), again)
        again.pad()

    def directory(self, file):
        file.spoil_directory = lambda data: self.bytes(data, 2)

    def graph(self, file):
        r = self.random
        what = r.randrange(5)
        if what == 0:
            file.graph = self.bytes(file.graph)
        elif what == 1:
            file.graph_padding = bytes(r.randrange(3)) + bytes([r.randrange(2)])
        elif what == 2:
            file.graph_size = r.choice((file.graph_size + r.choice((-1, 1)), self.edge()))
        elif what == 3:
            data = bytes(r.randrange(3)) * r.choice((1, 4000))
            file.graph, file.graph_size, file.graph_hash = zstd(data), len(data), xxh64(data)
            file.graph_padding = bytes(max(0, -(-len(data) // 4096) - len(file.graph)))
        else:
            file.graph_hash ^= 1

    def header(self, file):
        r = self.random
        what = r.randrange(6)
        if what == 0:
            file.version = r.choice(((1, 1), (1, 65535), (2, 0), (0, 0), (0, 4), (0, 3)))
        elif what == 1:
            file.features = 1 << r.randrange(32)
        elif what == 2:
            file.more = bytes(r.randint(1, 3))
        elif what == 3:
            file.offset = r.choice((0, 63, 65, self.edge()))
        elif what == 4:
            file.spoil_header = lambda data: self.same_size(data)
        else:
            file.spoil_file = lambda data: self.bytes(data, 1)

    def same_size(self, data):
        data = bytearray(data)
        at = self.random.randrange(len(data))
        data[at] ^= 1 << self.random.randrange(8)
        return bytes(data)

    def frame(self, file):
        file.spoil_frame = lambda data: self.bytes(data, 1)

    def draft(self, file):
        """The same file as a draft would have it."""
        file.version = (0, self.random.randint(1, 3))
        file.chunks = []
