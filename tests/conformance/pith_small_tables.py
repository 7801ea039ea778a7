"""Tables of coder 6 (small), as docs/coders.md, 6.4 and 6.6, describes them; see pith_small.py."""

import functools
import math


def clamp(x, low, high):
    return low if x < low else high if x > high else x


def make_power():
    power, root = [2**30] * 256, 2**31
    roots = [root := math.isqrt(root * 2**30) for _ in range(8)][::-1]
    for i in range(1, 256):
        top = i.bit_length() - 1
        power[i] = power[i - (1 << top)] * roots[top] >> 30
    return power


POWER = make_power()


def power30(e):
    return POWER[e & 255] >> min(-(e >> 8), 40)


def power16(e, fraction):
    s, m = (e >> 4) + fraction, POWER[16 * (e & 15)]
    if s >= 32:
        return 2**32 - 1
    if s >= 0:
        return m * 2**s >> 30
    return m >> (30 - s) if s >= -31 else 0


def chance_of(x):
    likely = 2**46 // (2**30 + power30(-abs(x)))
    return clamp(65536 - likely if x < 0 else likely, 24, 65512)


def make_odds():
    odds, x = [], -3071
    for i in range(4096):
        while x < 3071 and chance_of(x) < 16 * i + 8:
            x += 1
        odds.append(x)
    return odds


CHANCE = [chance_of(4 * i - 3070) for i in range(1536)]
ODDS = make_odds()
LOG_STEP = [sum(POWER[16 * s + 8] <= (2 * i + 129) * 2**23 for s in range(16)) for i in range(64)]


def log16(v):
    h = v.bit_length() - 1
    return 16 * h + LOG_STEP[(v << 31 - h >> 25) & 63]


def tail(survival, inverse, m, grid=None):
    """`grid` of a trellis, where m is an index's magnitude."""
    if m == 0:
        return 2**30 + 1
    twice = 2 * m - 1 if grid is None else 4 * m - 2 if grid == 0 else max(4 * m - 4, 1)
    a = twice * inverse >> 8
    q, f = a >> 8, a & 255
    return 1 if q >= 512 else ((256 - f) * survival[q] + f * survival[q + 1]) // 256 + 1


@functools.cache
def distribution(shape):
    """Survival, and the continuous scale by e."""
    mixed = [0] * 513
    middles = range(1, 1024, 2)
    laplace = [power30(-(t * 1477 >> 8)) for t in middles]
    gauss = [power30(-min(t * t * 1881 >> 16, 10000)) for t in middles]
    for share, densities in ((3 - shape, laplace), (shape, gauss)):
        total, so_far = sum(densities) // 64, 0
        for q in range(511, -1, -1):
            so_far += densities[q]
            mixed[q] += share * (so_far * 2**24 // total)
    survival = [s // 3 for s in mixed]
    continuous, x, mean = {}, -80, 0
    for e in range(-128, 32, 4):
        while mean >> 6 < power16(e, 24) and x < 32:
            x, mean = x + 1, 0
            for m in range(1, 64):
                chance = tail(survival, power16(-x, 20), m)
                if chance < 1024:
                    break
                mean += chance
        continuous[e] = x
    return survival, continuous


def ratio(a, b):
    return clamp(a * 2**22 // b, 512, 2**22 - 512)


@functools.lru_cache(256)
def make_prior(shape, mean16, shift, zero_first, grid):
    """Chances by level and node."""
    survival, continuous = distribution(shape)
    prior, step, first = [], 1 << shift, int(zero_first)
    for level in range(48):
        e = max(mean16 + 4 * (level - 24), -128)
        inverse = power16(-continuous.get(e, e), 20)
        at_least = functools.partial(tail, survival, inverse, grid=grid)
        nodes = [ratio(at_least(first + (i + 1) * step), at_least(first + i * step)) for i in range(14)]
        for h in range(3):
            q = [at_least(first + h * step + j * step // 4) for j in range(5)]
            nodes += [ratio(q[a] - q[b] + 1, q[c] - q[b] + 2) for a, b, c in ((2, 4, 0), (1, 2, 0), (3, 4, 2))]
        prior.append(nodes + [ratio(at_least(1), at_least(0))])
    return prior
