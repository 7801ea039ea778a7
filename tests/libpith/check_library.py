"""What the built libraries are: their size, their symbols and what they need.

usage: check_library.py LIBPITH.SO LIBPITH.A
"""

import pathlib
import re
import subprocess
import sys

LARGEST = 400 * 1000  # bytes of code and data; a release build has 329,000
NEEDED = {"libzstd", "libstdc++", "libgcc_s", "libm", "libc", "ld-linux-x86-64", "ld-linux-aarch64"}
SANITIZERS = {"libasan", "libubsan"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check(shared, static):
    """What is wrong."""
    names = {line.split()[-1].split("@")[0] for line in output("nm", "-D", "--defined-only", shared).splitlines()}
    header = (pathlib.Path(__file__).parents[2] / "loader" / "pith.h").read_text(encoding="utf-8")
    declared = set(re.findall(r"^PITH_API .*?(pith_\w+)\(", header, re.MULTILINE))
    if names != declared:
        yield f"exports {sorted(names ^ declared)} differ from pith.h"
    needed = {re.match(r"[^.]*", name)[0].removesuffix("-x86-64.so") for name in
              re.findall(r"NEEDED.*\[(.*?)\]", output("readelf", "-d", shared))}
    sanitized = bool(needed & SANITIZERS)
    if not needed - SANITIZERS <= NEEDED:
        yield f"needs {sorted(needed - SANITIZERS - NEEDED)}"
    undefined = output("nm", "-C", "--undefined-only", static)
    for foreign in ("hwy::", "google::", "Ort"):
        if foreign in undefined:
            yield f"the static library wants {foreign}"
    size = sum(map(int, output("size", shared).splitlines()[1].split()[:2]))
    print(f"{pathlib.Path(shared).name}: {size} bytes of code and data; {len(names)} functions; needs {', '.join(sorted(needed))}")
    if not sanitized and size > LARGEST:
        yield f"code and data have {size} bytes, more than {LARGEST}"


def main():
    failures = list(check(*sys.argv[1:]))
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
