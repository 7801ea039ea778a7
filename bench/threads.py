#!/usr/bin/env python3
"""Runs bench_threads and writes its table into docs/benchmarks.md.

    ~/.cache/pith/python/bin/python bench/threads.py [--write] [BENCH_THREADS]

BENCH_THREADS: default build/release/bench/bench_threads (scripts/setup.sh --bench; cmake --preset release
-DPITH_BUILD_BENCH=ON). The clock is the one on the wall: the ratios mean something only on a machine with two idle cores.
"""

import argparse
import pathlib
import subprocess

from page import write_table

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", nargs="?", default=str(ROOT / "build/release/bench/bench_threads"))
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    text = subprocess.run([arguments.bench], check=True, stdout=subprocess.PIPE, text=True).stdout
    print(text)
    if arguments.write:
        write_table("threads", text)


if __name__ == "__main__":
    main()
