"""What the built libraries are: their size, their symbols and what they need.

usage: check_library.py LIBPITH.SO LIBPITH.A [CC CXX]

With compilers it also says what the static library adds to a program.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

LARGEST = 200 * 1000  # bytes of code and data of the shared library, and what the static one adds to a program
NEEDED = {"libzstd", "libstdc++", "libgcc_s", "libm", "libc", "ld-linux-x86-64", "ld-linux-aarch64"}
SANITIZERS = {"libasan", "libubsan"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def code_and_data(file):
    return sum(map(int, output("size", file).splitlines()[1].split()[:2]))


def added(static, functions, compiler, linker):
    """Bytes of code and data of a stripped program that can call all functions, above those of one that calls none."""
    header = pathlib.Path(__file__).parents[2] / "loader"
    table = "".join(f"(function)&{name}, " for name in sorted(functions))
    sizes = []
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        for includes, entries, libraries in (
            ("#include <pith.h>\n", table, [static, "-lzstd", "-pthread"]),
            ("", "(function)&puts, ", []),
        ):
            source, program = folder / "program.c", folder / "program"
            source.write_text(
                f"#include <stdio.h>\n{includes}typedef void (*function)(void);\n"
                f"int main(int count, char** arguments) {{\n  static const function all[] = {{{entries}}};\n"
                "  (void)arguments;\n  return all[count] == 0;\n}\n", encoding="utf-8")
            output(compiler, "-O2", "-ffunction-sections", f"-I{header}", "-c", source, "-o", folder / "program.o")
            output(linker, folder / "program.o", *libraries, "-Wl,--gc-sections", "-s", "-o", program)
            sizes.append(code_and_data(program))
    return sizes[0] - sizes[1]


def declared_functions():
    """The names in pith.h."""
    header = (pathlib.Path(__file__).parents[2] / "loader" / "pith.h").read_text(encoding="utf-8")
    return set(re.findall(r"^PITH_API .*?(pith_\w+)\(", header, re.MULTILINE))


def check(shared, static, *compilers):
    """What is wrong."""
    names = {line.split()[-1].split("@")[0] for line in output("nm", "-D", "--defined-only", shared).splitlines()}
    declared = declared_functions()
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
    size = code_and_data(shared)
    print(f"{pathlib.Path(shared).name}: {size} bytes of code and data; {len(names)} functions; needs {', '.join(sorted(needed))}")
    if not sanitized and size > LARGEST:
        yield f"code and data have {size} bytes, more than {LARGEST}"
    if compilers and not sanitized:
        more = added(static, declared, *compilers)
        print(f"{pathlib.Path(static).name}: adds {more} bytes of code and data to a program")
        if more > LARGEST:
            yield f"the static library adds {more} bytes to a program, more than {LARGEST}"


def main():
    failures = list(check(*sys.argv[1:]))
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
