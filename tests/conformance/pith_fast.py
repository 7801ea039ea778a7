"""Coder 5 (fast) of .pith files, as docs/coders.md describes it; see read_pith.py."""

import math
import struct

from pith_streams import must

SEGMENT = 65536
LOW_STATE = 65536
POWERS = (4096, 4467, 4871, 5312, 5793, 6317, 6889, 7512)


class BitModel:
    """The chance that a bit is 1, in 65536ths, and the bits seen."""

    def __init__(self):
        self.p, self.k = 32768, 0

    def update(self, bit):
        self.p += ((65535 if bit else 0) - self.p) * (65536 // (2 * self.k + 3)) >> 15
        self.k = min(self.k + 1, 62)


def bit_models(count):
    return [BitModel() for _ in range(count)]


class Side:
    """A side stream that begins at a place of the bytes."""

    def __init__(self, data, at):
        self.data, self.at = data, at + 3
        must(self.at <= len(data), "a side stream has a state")
        self.x = int.from_bytes(data[at:self.at], "little")
        must(self.x >= LOW_STATE, "the state of a side stream is at least 2^16")

    def refill(self):
        while self.x < LOW_STATE:
            must(self.at < len(self.data), "a side stream does not end early")
            self.x = self.x * 256 + self.data[self.at]
            self.at += 1

    def plain(self, count):
        result = self.x & ((1 << count) - 1)
        self.x >>= count
        self.refill()
        return result

    def bit(self, model):
        share, slot, rest = max(1, model.p >> 4), self.x % 4096, self.x >> 12
        bit = slot < share
        self.x = share * rest + slot if bit else (4096 - share) * rest + slot - share
        self.refill()
        model.update(bit)
        return int(bit)

    def finish(self):
        """The place after its last byte."""
        must(self.x == LOW_STATE, "a side stream ends in the state 2^16")
        return self.at


class Numbers:
    """A number model."""

    def __init__(self):
        self.width, self.top = bit_models(32), [bit_models(3) for _ in range(33)]

    def rest(self, side, bits):
        if bits == 0:
            return 0
        result, left = 1, bits - 1
        for place in range(min(left, 2)):
            result = 2 * result + side.bit(self.top[bits][1 + result % 2 if place else 0])
            left -= 1
        while left > 0:
            count = min(left, 12)
            left -= count
            result = (result << count) + side.plain(count)
        return result

    def signed(self, side):
        bits = 0
        while bits < 32 and side.bit(self.width[bits]):
            bits += 1
        number = self.rest(side, bits)
        return -(number >> 1) - 1 if number % 2 else number >> 1


class Differences:
    """A difference model."""

    def __init__(self):
        self.nonzero, self.negative, self.more = bit_models(3), bit_models(3), bit_models(13)

    def read(self, side, previous):
        context = 0 if previous == 0 else 1 if previous < 0 else 2
        if not side.bit(self.nonzero[context]):
            return 0
        negative, size = side.bit(self.negative[context]), 1
        while size < 128 and side.bit(self.more[min(size, 12)]):
            size += 1
        return -size if negative else size


class Header:
    """All that precedes the segments."""

    def __init__(self, side, dims, low, high):
        self.count = math.prod(dims)
        self.layout(side, low, high)
        self.classes(side, dims)
        self.tables(side)
        self.sizes = []
        for _ in range((self.count - 1) // SEGMENT):
            size = side.plain(10)
            self.sizes.append(size + 1024 * side.plain(10))

    def layout(self, side, low, high):
        self.low, self.direct = Numbers().signed(side), side.plain(7)
        self.below, self.above = side.plain(6), side.plain(6)
        must(self.direct > 0 and self.below <= 32 and self.above <= 32, "an alphabet has values and distances of 32 bits")
        self.alphabet = self.below + self.direct + self.above
        must(2 <= self.alphabet <= 128, "an alphabet has 2 to 128 tokens")
        must(low <= self.low and self.low + self.direct - 1 <= high, "direct values have the type")
        exponent = side.plain(3)
        must(exponent <= 5, "there are at most 32 lanes")
        self.lanes = 1 << exponent
        self.levels, self.offset, self.level = [1, 1], [1, 1], []
        for i in range(2):
            self.levels[i] = 1 + side.plain(3)
            must(self.levels[i] <= 5, "a neighbour has at most 5 levels")
            thresholds = []
            if self.levels[i] > 1:
                self.offset[i] = 1 + side.plain(9)
                thresholds = [side.plain(7) for _ in range(self.levels[i] - 1)]
            self.level.append([sum(token >= least for least in thresholds) for token in range(128)])
        self.neutral = self.below + min(max(-self.low, 0), self.direct - 1)

    def classes(self, side, dims):
        self.class_count, self.class_of = 1, lambda w: 0
        if not side.plain(1):
            return
        row_axis, column_axis = side.plain(4), side.plain(4)
        must(row_axis <= column_axis <= len(dims), "the axes of classes are in order")
        columns, run = math.prod(dims[row_axis:column_axis]), math.prod(dims[column_axis:])

        def read_levels(count):
            if not side.plain(1):
                return [0] * count
            models, result = bit_models(16), []
            for _ in range(count):
                node = 1
                for _ in range(4):
                    node = 2 * node + side.bit(models[node])
                result.append(node - 16)
            return result

        row_levels = read_levels(math.prod(dims[:row_axis]))
        column_levels = read_levels(columns)
        by_sum = [0]
        for _ in range(max(row_levels) + max(column_levels)):
            by_sum.append(by_sum[-1] + side.plain(1))
        self.class_count = by_sum[-1] + 1
        self.class_of = lambda w: by_sum[row_levels[w // (columns * run)] + column_levels[w // run % columns]]

    def tables(self, side):
        count = self.levels[0] * self.levels[1] * self.class_count
        bits = max(3, (self.alphabet - 1).bit_length())
        must(count <= 32 and count << bits <= 4096, "frequency tables are at most 32 with 4096 buckets")
        steps = 1 << side.plain(2)
        ends, first_levels, other_levels = Differences(), Differences(), Differences()
        base, self.slots = None, []
        for _ in range(count):
            levels = self.table(side, 15 * steps, ends, other_levels if base else first_levels, base)
            base = base or levels
            self.slots.append(slots_of(frequencies_of(levels, steps, bits), bits))

    def table(self, side, top, ends, differences, base):
        """Levels by token, for those with one."""
        first = (min(base) if base else 0) + ends.read(side, 0)
        end = (max(base) + 1 if base else self.alphabet) + ends.read(side, 1)
        must(0 <= first and end <= self.alphabet and end - first >= 2, "a frequency table is inside of the alphabet")
        levels, difference = {}, 0
        for token in range(first, end):
            if base is None:
                guess = top // 2 if token == first else levels[token - 1]
            else:
                guess = base.get(token, 0)
                if token > first:
                    guess = min(max(guess + levels[token - 1] - base.get(token - 1, 0), 0), top)
            difference = differences.read(side, difference)
            levels[token] = guess + difference
            must(0 <= levels[token] <= top, "levels of frequencies are in range")
        return levels

    def far_bits(self, token):
        """The bits of the distance that a token stands for; 0 for a direct value."""
        return max(self.below - token, token - self.below - self.direct + 1, 0)


def frequencies_of(levels, steps, bits):
    weights = {token: POWERS[level % steps * 8 // steps] << level // steps for token, level in levels.items()}
    total, frequencies = sum(weights.values()), [0] * (1 << bits)
    for token, weight in weights.items():
        frequencies[token] = 1 + weight * (4096 - len(levels)) // total
    frequencies[frequencies.index(max(frequencies))] += 4096 - sum(frequencies)
    return frequencies


def slots_of(frequencies, bits):
    """(token, frequency, rank) of each of the 4096 slots, in their alias layout."""
    size, buckets = 4096 >> bits, 1 << bits
    left, over, under = frequencies[:], [], []
    divider, other, start = [size] * buckets, [0] * buckets, [0] * buckets

    def sort_in(token):
        if left[token] > size:
            over.append(token)
        elif left[token] < size:
            under.append(token)

    for token in range(buckets):
        sort_in(token)
    while over:
        giver, taker = over.pop(), under.pop()
        divider[taker], other[taker] = left[taker], giver
        left[giver] -= size - left[taker]
        start[taker] = left[giver]
        sort_in(giver)
    slots = []
    for bucket in range(buckets):
        for place in range(size):
            token, rank = bucket, place
            if place >= divider[bucket]:
                token, rank = other[bucket], place - divider[bucket] + start[bucket]
            slots.append((token, frequencies[token], rank))
    return slots


def read_tokens(header, data, begin, count):
    """The tokens of a segment, in the order of its values, and the place after its words."""
    lanes, at = header.lanes, 4 * header.lanes
    must(len(data) >= at, "a segment has its states")
    states = list(struct.unpack_from(f"<{lanes}I", data))
    must(min(states) >= LOW_STATE, "the states of lanes are at least 2^16")
    steps, extra = divmod(count, lanes)
    tokens = [[] for _ in range(lanes)]
    places = [(t, lane, begin + lane * steps + t) for t in range(steps) for lane in range(lanes)]
    places += [(steps, lane, begin + lanes * steps + lane) for lane in range(extra)]
    for t, lane, w in places:
        table = 0
        for i in range(2):
            seen = tokens[lane][t - header.offset[i]] if t >= header.offset[i] else header.neutral
            table = table * header.levels[i] + header.level[i][seen]
        state = states[lane]
        token, frequency, rank = header.slots[table * header.class_count + header.class_of(w)][state % 4096]
        state = frequency * (state >> 12) + rank
        if state < LOW_STATE:
            must(at + 2 <= len(data), "the words of a segment do not end early")
            state = state * 65536 + int.from_bytes(data[at:at + 2], "little")
            at += 2
        states[lane] = state
        tokens[lane].append(token)
    must(all(state == LOW_STATE for state in states), "lanes end in the state 2^16")
    return [token for lane in tokens for token in lane[:steps]] + [lane[-1] for lane in tokens[:extra]], at


def read_segment(header, data, begin, count):
    tokens, at = read_tokens(header, data, begin, count)
    side = numbers = None
    if any(header.far_bits(token) > 1 for token in tokens):
        side, numbers = Side(data, at), Numbers()
    values = []
    for token in tokens:
        bits = header.far_bits(token)
        distance = numbers.rest(side, bits) if bits > 1 else bits
        if bits == 0:
            values.append(header.low + token - header.below)
        elif token < header.below:
            values.append(header.low - distance)
        else:
            values.append(header.low + header.direct - 1 + distance)
    must((side.finish() if side else at) == len(data), "a segment uses its bytes")
    return values


def read_segments(header, data):
    values = []
    for size in [*header.sizes, None]:
        if size is None:
            size = len(data)
        must(size <= len(data), "segments are inside of the stream")
        values += read_segment(header, data[:size], len(values), min(SEGMENT, header.count - len(values)))
        data = data[size:]
    return values


def read_few(side, count):
    must(count <= 2048, "at most 2048 values have no tables")
    near, signs, far = side.plain(1), side.plain(1), side.plain(1)
    offset = 1 + side.plain(9) if far else 0
    wide, width = bit_models(32), [bit_models(32) for _ in range(9)]
    sign_models, numbers, values = bit_models(9), Numbers(), []

    def sign(value):
        return 0 if value == 0 else 1 if value < 0 else 2

    for i in range(count):
        previous = values[i - 1] if i else 0
        further = values[i - offset] if far and i >= offset else 0
        context = bits = 0
        if near:
            context = min(8, (abs(previous) + abs(further if far else previous)).bit_length())
        while bits < 32:
            model = width[context][bits]
            if model.k == 0:
                model.p, model.k = wide[bits].p, min(3, wide[bits].k)
            more = side.bit(model)
            wide[bits].update(more)
            if not more:
                break
            bits += 1
        negative = side.bit(sign_models[3 * sign(previous) + sign(further) if signs else 0]) if bits else 0
        size = numbers.rest(side, bits)
        values.append(-size if negative else size)
    return values


def decode_fast(data, dims, low, high):
    """The values of a tensor of at least one, each of which lies in low .. high."""
    must(data and sum(data) % 255 == 0, "the check byte is right")
    body = data[:-1]
    side = Side(body, 0)
    kind = side.plain(2)
    must(kind <= 2, "the kind of a fast stream is known")
    if kind == 1:
        header = Header(side, dims, low, high)
        values = read_segments(header, body[side.finish():])
    else:
        count = math.prod(dims)
        values = read_few(side, count) if kind == 0 else [Numbers().signed(side)] * count
        must(side.finish() == len(body), "a side stream uses its bytes")
    must(low <= min(values) and max(values) <= high, "values have their type")
    return values
