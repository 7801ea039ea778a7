#!/usr/bin/env python3
"""How large libpith is: a table in docs/benchmarks.md.

    ~/.cache/pith/python/bin/python bench/library.py [--write] [BUILD]

BUILD: default build/release. What the test suite holds the library to is checked by the same functions, in
tests/libpith/check_library.py.
"""

import argparse
import pathlib
import re
import sys

from page import write_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/libpith"))
import check_library  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    shared, static = arguments.build / "libpith.so", arguments.build / "libpith.a"
    functions = check_library.declared_functions()
    needed = sorted(re.findall(r"NEEDED.*\[(.*?)\]", check_library.output("readelf", "-d", shared)))
    text = (
        "| what | bytes of code and data |\n|---|--:|\n"
        f"| what `libpith.a` adds to a program that can call all {len(functions)} functions | "
        f"{check_library.added(static, functions, 'cc', 'c++'):,} |\n"
        f"| `libpith.so`, which needs {', '.join(f'`{name}`' for name in needed)} | {check_library.code_and_data(shared):,} |\n")
    print(text)
    if arguments.write:
        write_table("library", text)


if __name__ == "__main__":
    main()
