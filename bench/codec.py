#!/usr/bin/env python3
"""Runs bench_codec and writes the tables of coders of docs/benchmarks.md.

    ~/.cache/pith/python/bin/python bench/codec.py [--write] [--only REGEX] [BENCH_CODEC]

BENCH_CODEC: default build/release/bench/bench_codec (scripts/setup.sh --bench; cmake --preset release
-DPITH_BUILD_BENCH=ON). Repetitions of all benchmarks take turns, and of each the quickest counts; time is processor time
on one thread. "bound" is the order-0 entropy of each tensor without tables: coders that look at neighbours go below.
"""

import argparse
import json
import os
import pathlib
import subprocess

from page import write_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
ASSETS = pathlib.Path(os.environ.get("PITH_ASSETS", ROOT / "../shared")).resolve()
NAMES = {"htscodecs": "htscodecs rANS 4x16, 32 lanes", "huffman": "huffman", "fast-scalar": "fast, scalar", "fast": "fast",
         "small": "small"}


def measure(bench, only):
    """Name -> counters of the quickest repetition."""
    command = [bench, "--benchmark_format=json", "--benchmark_enable_random_interleaving=true", f"--benchmark_filter={only}"]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, "PITH_ASSETS": str(ASSETS)})
    found = {}
    for entry in json.loads(run.stdout)["benchmarks"]:
        if entry.get("error_occurred"):
            raise SystemExit(f"codec.py: {entry['name']}: {entry['error_message']}")
        if entry["run_type"] != "iteration":
            continue
        name = "/".join(part for part in entry["name"].split("/") if ":" not in part)
        if name not in found or entry["weights/s"] > found[name]["weights/s"]:
            found[name] = entry
    return found


def bytes_table(found):
    lines = ["| file | bound | NNCodec | fast | of NNCodec | small | of NNCodec |", "|---|--:|--:|--:|--:|--:|--:|"]
    changes = {"fast": [], "small": []}
    for file in sorted(name.split("/")[2] for name in found if name.startswith("files/fast/")):
        cells = []
        for coder, all_changes in changes.items():
            entry = found[f"files/{coder}/{file}"]
            all_changes.append(100 * (entry["bytes"] / entry["nncodec"] - 1))
            cells += [f"{entry['bytes']:.0f}", f"{all_changes[-1]:+.2f} %"]
        lines.append(f"| {file} | {entry['bound']:.0f} | {entry['nncodec']:.0f} | {' | '.join(cells)} |")
    for name, of in (("mean", lambda values: sum(values) / len(values)), ("max", max)):
        lines.append(f"| {name} | | | | {of(changes['fast']):+.2f} % | | {of(changes['small']):+.2f} % |")
    return "\n".join(lines) + "\n"


def speed_table(found):
    lines = ["| int8 tensors of a level | coder | M weights | bits a weight | bound | encode M/s | decode M/s | of htscodecs |",
             "|---|---|--:|--:|--:|--:|--:|--:|"]
    sets = sorted({name.split("/")[1] for name in found if name.startswith("decode/")}, key=lambda of: (-float(of[1:4]), of))
    for of, coder in ((of, coder) for of in sets for coder in NAMES if f"decode/{of}/{coder}" in found):
        decode = found[f"decode/{of}/{coder}"]
        peer = found.get(f"decode/{of}/htscodecs")
        encode = found.get(f"encode/{of}/{coder}") or found.get(f"encode/{of}/fast")
        beside = f"{decode['weights/s'] / peer['weights/s']:.2f}" if peer else "-"
        lines.append(
            f"| {of.replace('-', ', ')} | {NAMES[coder]} | {decode['weights'] / 1e6:.1f} | {8 * decode['bytes'] / decode['weights']:.3f} | "
            f"{8 * decode['bound'] / decode['weights']:.3f} | {encode['weights/s'] / 1e6:.1f} | {decode['weights/s'] / 1e6:.0f} | "
            f"{beside} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", nargs="?", default=str(ROOT / "build/release/bench/bench_codec"))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default=".", help="benchmarks of these names; tables of others are left alone")
    arguments = parser.parse_args()
    found = measure(arguments.bench, arguments.only)
    for name, made in (("codec-bytes", bytes_table), ("codec-speed", speed_table)):
        start = "files/" if made is bytes_table else "decode/"
        if not any(key.startswith(start) for key in found):
            continue
        text = made(found)
        print(text)
        if arguments.write:
            write_table(name, text)


if __name__ == "__main__":
    main()
