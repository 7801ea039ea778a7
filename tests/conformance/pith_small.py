"""Coder 6 (small) of .pith files, as docs/coders.md describes it; see read_pith.py."""

import math

from pith_small_tables import CHANCE, clamp, log16, make_prior, ODDS, power16
from pith_streams import must, Bytes

FULL = 1 << 64


class Counter:
    def __init__(self, chance22, count):
        self.chance, self.rate = chance22 >> 6, 327680 // (5 * count + 8)

    def update(self, bit):
        distance = 65535 - self.chance if bit else self.chance
        distance -= distance * self.rate >> 16
        self.chance = 65535 - distance if bit else distance
        self.rate -= self.rate * self.rate >> 16


class Mixer:
    def __init__(self, *weights):
        self.weights, self.count = weights, 0

    def chance(self, odds):
        s = sum(a * b for a, b in zip(odds, self.weights))
        return CHANCE[(clamp(s >> 14, -3071, 3071) + 3072) >> 2]

    def teach(self, odds, chance, bit):
        step = ((65536 if bit else 0) - chance) * (176 + 14336 // (self.count + 64)) >> 10
        self.count = min(self.count + 1, 255)
        self.weights = [clamp(w + ((x * step + 32768) >> 16), -32768, 32767) for w, x in zip(self.weights, odds)]


class RangeDecoder:
    def __init__(self, data):
        self.data, self.at = data, 0
        self.range, self.code, self.window, self.missing = FULL - 1, 0, 0, 0
        self.take()
        self.take()
        must(self.code < self.range, "the range coder starts inside of its range")

    def take(self):
        taken = self.data[self.at:self.at + 4]
        self.at += len(taken)
        self.missing += 4 - len(taken)
        number = int.from_bytes(taken + bytes(4 - len(taken)), "big")
        self.code = self.code << 32 | number
        self.window = (self.window << 32 | number) % FULL

    def bit(self, chance):
        bound = (self.range >> 16) * chance
        if self.code < bound:
            bit, self.range = 1, bound
        else:
            bit, self.range, self.code = 0, self.range - bound, self.code - bound
        if self.range < 1 << 32:
            self.range <<= 32
            self.take()
        return bit

    def raw(self):
        return self.bit(32768)

    def mixed(self, mixer, counters, *more):
        odds = [ODDS[counter.chance >> 4] for counter in counters] + list(more)
        chance = mixer.chance(odds)
        bit = self.bit(chance)
        mixer.teach(odds, chance, bit)
        for counter in counters:
            counter.update(bit)
        return bit

    def alone(self, counter):
        bit = self.bit(clamp(counter.chance, 24, 65512))
        counter.update(bit)
        return bit

    def finish(self):
        low = self.window - self.code
        for zeros in range(8, 0, -1):
            up = -low % (1 << 8 * zeros)
            if up < self.range:
                break
        must(self.missing == zeros and self.at == len(self.data) and self.code == up, "the range coder uses its bytes")


def unzigzag(number):
    return -(number >> 1) - 1 if number & 1 else number >> 1


def row_width(dims):
    rest = list(dims)
    while rest and rest[0] == 1:
        rest.pop(0)
    if not rest:
        return 1
    if all(d == 1 for d in rest[1:]):
        return min(rest[0], 1024)
    return min(math.prod(rest[1:]), 65536)


def kernel_period(dims):
    size = math.prod(dims[2:])
    return size if len(dims) >= 3 and dims[0] != 1 and size <= 32 else 1


def means(x, limit):
    return clamp((x + 32) >> 6, -limit, limit)


def activity(x):
    return sum(least < x for least in (-20, -8, 0, 8, 16, 26))


class Trellis:
    """6.12: the states of the paths of a tensor."""

    def __init__(self, form, dims):
        start, axis = divmod(form - 0x88, 8)
        must(axis < len(dims), "paths run along an axis")
        self.start, self.length = start, dims[axis]
        self.states, self.at, self.done = [start] * math.prod(dims[axis + 1:]), 0, 0

    def state(self):
        return self.states[self.at]

    def take(self, index):
        """The integer that the index stands for."""
        state = self.state()
        a, b, c = state & 1, state >> 1 & 1, state >> 2
        self.states[self.at] = (a ^ b) + 2 * (c ^ index & 1) + 4 * a
        self.at += 1
        if self.at == len(self.states):
            self.at, self.done = 0, self.done + 1
            if self.done == self.length:
                self.states, self.done = [self.start] * len(self.states), 0
        return 2 * index - a * ((index > 0) - (index < 0))


class Nodes:
    """The counters and mixers of the nodes of a magnitude."""

    def __init__(self, prior, predict):
        self.level = counters_of(prior, 12)
        self.near = counters_of((prior[24 + 2 * (i % 8) - 6 if predict else 24] for i in range(64)), 4)
        self.pair, self.column = counters_of([prior[24]] * 49, 4), counters_of([prior[24]] * 128, 4)
        self.mixers = [Mixer(6000, 2500, 2500, 2500) for _ in range(24)]


def counters_of(sets, count):
    return [[Counter(chance, count) for chance in chances] for chances in sets]


class Model:
    """A stream after its first byte."""

    def __init__(self, form, stream, dims):
        self.trellis = None
        if form >= 0x88:
            self.trellis, form = Trellis(form, dims), stream.fixed(1)
            must(form & 0xB0 == 0, "a trellis has a known form, no center and no hole")
        self.width, self.period = row_width(dims), kernel_period(dims)
        shape, self.predict, self.model_signs, self.zero_first = form & 3, form & 4, form & 8, form >> 6
        mean16 = 4 * (stream.fixed(1) - 32)
        self.shift = stream.fixed(1) if self.zero_first else max(mean16 - 16 * bool(self.trellis), 0) // 16
        must(self.shift <= 31, "a shift is at most 31")
        self.first_lag = stream.fixed(1) + 1
        second_lag = stream.varint() + 1 if self.predict else 1
        must(max(self.first_lag, second_lag) <= self.width, "lags are inside of a row")
        self.center = unzigzag(stream.varint()) if form & 16 else 0
        must(-2**31 <= self.center < 2**31, "a center has 32 bits")
        self.hole = stream.fixed(1) if form & 32 else 0
        must(self.hole and not form & 16 or not form & 32, "a hole has a size and no center")
        self.coder = RangeDecoder(stream.rest())
        self.norm = power16(-mean16, 20)
        self.lags = [clamp(d, 1, self.width) for d in (1, 2, self.first_lag, self.first_lag + 1, self.first_lag - 1,
                                                       second_lag, self.width, 2 * self.first_lag)]
        self.nodes = [Nodes(make_prior(shape, mean16, self.shift, self.zero_first, grid), self.predict)
                      for grid in ((0, 0, 1) if self.trellis else (None,))]
        self.start_counters()
        self.log, self.column_norm = [0] * self.width, [self.norm] * self.width
        self.column_sum, self.column_sign = [1536] * self.width, [0] * self.width
        self.magnitudes, self.sizes = [256] * (2 * self.width), [0] * (2 * self.width)
        self.taps = [[0] * 8 for _ in range(self.period)]
        self.row_start = 0

    def start_counters(self):
        def counters(chances, count):
            return [Counter(chance, count) for chance in chances]

        even = 1 << 21
        self.sign_pair, self.sign_predicted, self.sign_trend = (counters([even] * n, 3) for n in (25, 100, 256))
        self.sign_mixers = [Mixer(5000, 5000, 5000, 5000) for _ in range(4)]
        self.escape_prefix, self.escape_top = counters([even] * 34, 2), counters([even] * 34, 2)
        self.low_bits = counters([even] * 96, 8)

    def row(self, number, columns):
        """The codes of a row."""
        must(self.coder.missing <= 8, "the range coder's bytes do not run out")
        start, codes = power16(self.row_start, 8), []
        self.sum, self.recent, self.row_sign = 8 * start, start, 0
        for column in range(columns):
            self.look(column)
            code = self.read_code(column)
            if self.trellis:
                code = self.trellis.take(code)
            self.learn(column, code)
            codes.append(code)
        if columns == self.width:
            self.finish_row(number)
        return codes

    def look(self, column):
        """What is known before a value."""
        at, phase = self.width + column, column % self.period
        row16 = log16(self.sum) - log16(column + 8) - 128
        scale16 = row16 + self.log[column]
        self.inverse = power16(-clamp(scale16, -192, 191), 12)
        self.west, self.lagged = self.sizes[at - 1], self.sizes[at - self.first_lag]
        self.prediction = self.predicted = 0
        if self.predict:
            self.seen = [self.sizes[at - lag] for lag in self.lags]
            self.prediction = sum(a * b for a, b in zip(self.seen, self.taps[phase])) >> 14
            self.predicted = clamp(self.prediction * self.inverse >> 10, -32767, 32767)
            near = 8 * min(abs(self.predicted) * 3 >> 8, 7) + clamp(((scale16 + 8) >> 3) + 3, 0, 7)
        else:
            around = 2 * self.magnitudes[column] + self.magnitudes[at - self.first_lag] + self.magnitudes[at - 1]
            near = 8 * activity(log16(self.recent + 8) - 128 - row16) + activity(log16(around + 8) - 160 - row16)
        pair = 7 * (means(self.west, 3) + 3) + means(self.lagged, 3) + 3
        log_context = clamp(int(self.log[column] / 2) + 64, 0, 127)
        context = phase if self.period > 1 else column if self.width <= 128 else log_context
        state = self.trellis.state() if self.trellis else 0
        self.grid = state & 1
        nodes = self.nodes[2 if self.grid else 1 if state else 0]
        self.sets = (nodes.level[clamp(((scale16 + 2) >> 2) + 24, 0, 47)], nodes.near[near], nodes.pair[pair],
                     nodes.column[context])
        self.mixers = nodes.mixers

    def node(self, i):
        return self.coder.mixed(self.mixers[i], [counters[i] for counters in self.sets])

    def read_code(self, column):
        if self.zero_first and not self.node(23):
            return 0
        high = self.read_high()
        size = (high << self.shift | self.read_low(min(high, 2))) + self.zero_first
        return -size if size and self.read_sign(column, size) else size

    def read_high(self):
        for i in range(14):
            if not self.node(i):
                return i
        bits, excess = 0, 1
        while bits < 33 and self.coder.alone(self.escape_prefix[bits]):
            bits += 1
        for i in range(bits):
            excess = excess << 1 | (self.coder.raw() if i else self.coder.alone(self.escape_top[bits]))
        return min(13 + excess, 2**33 >> self.shift)

    def read_low(self, high):
        low = 0
        for i in range(self.shift - 1, -1, -1):
            if i == self.shift - 1:
                bit = self.node(14 + 3 * high)
            elif i == self.shift - 2:
                bit = self.coder.alone(self.sets[0][15 + 3 * high + low])
            else:
                bit = self.coder.alone(self.low_bits[3 * i + high])
            low = low << 1 | bit
        return low

    def read_sign(self, column, size):
        if not self.model_signs:
            return self.coder.raw()
        size = 2 * size - self.grid if self.trellis else size
        in_means = min(size, 1 << 24) * self.norm >> 12
        relative = min(min(in_means, 1 << 24) * self.inverse >> 12, 32767)
        size_class = min(relative * 107 >> 14, 3)
        counters = (self.sign_pair[5 * (means(self.west, 2) + 2) + means(self.lagged, 2) + 2],
                    self.sign_predicted[4 * (clamp((5 * self.predicted + 128) >> 8, -12, 12) + 12) + size_class],
                    self.sign_trend[16 * (clamp(self.column_sign[column] >> 4, -8, 7) + 8)
                                    + clamp(self.row_sign >> 3, -8, 7) + 8])
        expected = clamp(-(self.predicted * relative * 838 >> 16), -2000, 2000)
        return self.coder.mixed(self.sign_mixers[size_class], counters, expected)

    def learn(self, column, code):
        at, size = self.width + column, min(abs(code), 1 << 24)
        magnitude = min(size * self.column_norm[column] >> 12, 32767)
        value = min(size * self.norm >> 14, 511) * (-1 if code < 0 else 1)
        self.magnitudes[at], self.sizes[at] = magnitude, value
        self.sum += magnitude
        self.recent += (magnitude - self.recent) >> 3
        self.row_sign += ((value >> 2) - self.row_sign) >> 4
        self.column_sign[column] += (value - self.column_sign[column]) >> 4
        if self.predict:
            phase, error = column % self.period, clamp(value - self.prediction, -511, 511)
            self.taps[phase] = [clamp(w + ((error * t + 64) >> 7), -32768, 32767)
                                for w, t in zip(self.taps[phase], self.seen)]

    def finish_row(self, number):
        width = self.width
        row16 = clamp(log16(self.sum) - log16(width + 8) - 128, -128, 112)
        self.row_start += (row16 - self.row_start) >> 2
        count = min(number, 4096) + 7
        for column in range(width):
            share = self.magnitudes[width + column] * power16(-row16, 12) >> 12
            share = min(share * power16(self.log[column], 12) >> 12, 65535)
            if number >= 4096:
                self.column_sum[column] -= self.column_sum[column] // count
            self.column_sum[column] += share
            log = clamp(log16(self.column_sum[column] + 1) - log16(count) - 128, -160, 112)
            self.log[column], self.column_norm[column] = log, min(self.norm * power16(-log, 12) >> 12, 2**32 - 1)
        self.magnitudes[:width], self.sizes[:width] = self.magnitudes[width:], self.sizes[width:]

    def value_of(self, code):
        if self.hole == 0:
            return code + self.center
        return code + self.hole + (code < 0) if code else 0


def decode_small(data, dims, low, high):
    """The values of a tensor of at least one, each of which lies in low .. high."""
    stream, count = Bytes(data), math.prod(dims)
    form = stream.fixed(1)
    if form == 0x80:
        value = unzigzag(stream.varint())
        must(low <= value <= high and not stream.rest(), "a constant has its type and ends its stream")
        return [value] * count
    must(form < 0x80 or 0x88 <= form < 0x98 and low < 0, "the form of a small stream is known")
    model, values = Model(form, stream, dims), []
    while len(values) < count:
        codes = model.row(len(values) // model.width, min(model.width, count - len(values)))
        values += [model.value_of(code) for code in codes]
        must(low <= min(values[-len(codes):]) and max(values[-len(codes):]) <= high, "values have their type")
    model.coder.finish()
    return values
