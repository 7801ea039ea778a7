#!/usr/bin/env python3
"""Two readers of .pith files, ours and read_pith.py, which is written from the documents alone, must say the same
to seeded mutants of small files: accept or refuse, and the same values where they accept.

two_parsers.py DRIVER [--mutants 4000] [--workers 1] [--seed 1] [--keep FOLDER]

DRIVER is reader_driver. --keep saves the files that the readers differ on. Hashes are mended (pith_mutants.py), also
those of decoded streams wherever the second reader decodes them; where it does not, our reader must refuse whatever
that hash may be. What is about the graph's contents (format.md, 2.3) is left to tests/must_fail.
"""

import argparse
import collections
import functools
import multiprocessing
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

import read_pith
from pith_mutants import Mutator, zstd
from pith_streams import Refused, decode, unzstd, xxh64

LIMIT = 16384  # decoded bytes of a file: how slow the second reader may be
BATCH = 500


@functools.lru_cache(20000)
def decoded_or_rule(coder, data, n, width, bits, signed, dims):
    try:
        return decode(coder, data, n, width, bits, signed, None if dims is None else list(dims)), None
    except Refused as rule:
        return None, str(rule)


def cached_decode(coder, data, n, width=1, bits=8, signed=False, dims=None):
    """Most streams of a mutant are those of its seed."""
    values, rule = decoded_or_rule(coder, data, n, width, bits, signed, None if dims is None else tuple(dims))
    if rule is not None:
        raise Refused(rule)
    return values


def second_reader(data):
    """Strict verdict, relaxed verdict, hash of the values, the rule that was broken, and the tensors."""
    tensors = []
    try:
        _, _, stored = read_pith.open_pith(data, LIMIT)
        tensors = [tensor for tensor, _ in stored]
        values = b"".join(tensor.read(payload, tensors, relaxed=True) for tensor, payload in stored)
    except Refused as rule:
        return "refused", "refused", 0, str(rule), tensors
    wrong = any(tensor.found_hash != tensor.decoded_hash for tensor in tensors)
    return "refused" if wrong else "ok", "ok", xxh64(values), "the hash of decoded streams" if wrong else "", tensors


def mend(data, tensors):
    """The file with the right hashes of decoded streams."""
    size, expanded = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<Q", data, 48)[0]
    plain = unzstd(data[64:64 + size], expanded) if expanded else data[64:64 + size]
    plain = bytearray(plain)
    for tensor in tensors:
        plain[tensor.hash_at:tensor.hash_at + 8] = struct.pack("<Q", tensor.found_hash)
    stored = zstd(bytes(plain)) if expanded else bytes(plain)
    header = data[:16] + struct.pack("<QQQQQ", len(data) - size + len(stored), 64, len(stored), xxh64(stored), expanded)
    return header + struct.pack("<Q", xxh64(header)) + stored + data[64 + size:]


def make(seeds, seed):
    """A mutant, its seed's name, and what the second reader says to it."""
    mutator = Mutator(random.Random(seed))
    name = mutator.random.choice(sorted(seeds))
    data = mutator.mutant(seeds[name])
    said = second_reader(data)
    # One time in ten the wrong hash stays.
    if said[0] != said[1] and mutator.random.randrange(10):
        data = mend(data, said[4])
        said = second_reader(data)
    return name, data, said


def first_reader(driver, files):
    """What our reader says to each file; less when it dies on one, and why."""
    stream = b"".join(struct.pack("<I", len(data)) + data for data in files)
    done = subprocess.run([driver, str(LIMIT)], input=stream, capture_output=True)
    lines = [line.split(" ", 3) for line in done.stdout.decode(errors="replace").split("\n")[:-1]]
    said = [(strict, relaxed, int(hash_, 16), message) for strict, relaxed, hash_, message in lines]
    return said, "" if done.returncode == 0 else done.stderr.decode(errors="replace")


def work(task):
    """Differences and counts of a range of seeds."""
    driver, seeds, first, count = task
    made = [make(seeds, seed) for seed in range(first, first + count)]
    said, died = first_reader(driver, [data for _, data, _ in made])
    counts, differences = collections.Counter(), []
    for i, (name, data, second) in enumerate(made):
        if i >= len(said):
            differences.append((first + i, name, data, "our reader died: " + died))
            break
        counts[second[0], name] += 1
        counts["rule", second[3]] += 1
        if said[i][:3] != second[:3]:
            differences.append((first + i, name, data, f"ours: {said[i]}, the second: {second[:4]}"))
    return counts, differences


def seeds_of(driver):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([driver, "--seeds", folder], check=True)
        return {path.stem: path.read_bytes() for path in pathlib.Path(folder).iterdir()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    for name, default in (("mutants", 4000), ("workers", 1), ("seed", 1)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--rules", action="store_true", help="say how many mutants broke which rule")
    arguments = parser.parse_args()
    seeds = seeds_of(arguments.driver)
    read_pith.decode = cached_decode
    for name, data in seeds.items():
        if second_reader(data)[0] != "ok":
            sys.exit(f"the second reader refuses the seed {name}: {second_reader(data)[3]}")
    end = arguments.seed + arguments.mutants
    tasks = [(arguments.driver, seeds, first, min(BATCH, end - first)) for first in range(arguments.seed, end, BATCH)]
    counts, differences = collections.Counter(), []
    with multiprocessing.Pool(arguments.workers) as pool:
        for some_counts, some in pool.imap_unordered(work, tasks):
            counts.update(some_counts)
            for seed, name, data, what in some:
                print(f"mutant {seed} of {name}: {what}")
                if arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    (arguments.keep / f"{seed}-{name}.pith").write_bytes(data)
            differences += some
    verdicts = {word: sum(n for (key, _), n in counts.items() if key == word) for word in ("ok", "refused")}
    if arguments.rules:
        for (_, rule), n in sorted((item for item in counts.items() if item[0][0] == "rule"), key=lambda item: -item[1]):
            print(f"{n:7} {rule or 'accepted'}")
    print(f"{sum(verdicts.values())} mutants of {len(seeds)} files: {verdicts['ok']} accepted, {verdicts['refused']} refused, "
          f"{len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
