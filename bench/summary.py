#!/usr/bin/env python3
"""What the codec, the container and the loader are held to, beside what was measured: a table in docs/benchmarks.md.

    ~/.cache/pith/python/bin/python bench/summary.py [--write] [--measure [NAME]...]

Reads the other tables of docs/benchmarks.md, so that both say the same. With --measure it runs first what writes them
(all, or the ones named: codec threads budget lossless session library), which takes about an hour on two idle cores. Wants
the release preset with -DPITH_BUILD_BENCH=ON.
"""

import argparse
import pathlib
import re
import subprocess
import sys

from page import PAGE, write_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRIPTS = {"codec": "codec.py", "threads": "threads.py", "library": "library.py", "budget": "budget.py", "lossless": "lossless.py", "session": "session.py"}
UNLABELLED = ("mobilenetv1_025_vww", "autoencoder_toycar")


def rows_of(name):
    """The rows of a table of the page, each as header -> cell; of equal headers the later ones get a number."""
    text = PAGE.read_text(encoding="utf-8")
    lines = [line for line in text.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    head = [title + (f" {cells[0][:i].count(title) + 1}" if title in cells[0][:i] else "") for i, title in enumerate(cells[0])]
    return [dict(zip(head, row)) for row in cells[2:]]


def number(cell):
    """The first number of a cell."""
    return float(re.search(r"[-+]?[\d,]*\.?\d+", cell).group().replace(",", ""))


def span(values, digits=2, unit=""):
    return f"{min(values):,.{digits}f} to {max(values):,.{digits}f}{unit}"


def bytes_at_equal_integers():
    rows = rows_of("codec-bytes")
    for coder, column, mean, most in (("fast", "of NNCodec", 0, 4), ("small", "of NNCodec 2", -3, 1)):
        values = {row["file"]: number(row[column]) for row in rows if row["file"] in ("mean", "max")}
        yield (f"bytes at equal integers, `{coder}`", f"mean <= {mean} %, none above +{most} %",
               f"mean {values['mean']:+.2f} %, max {values['max']:+.2f} %", values["mean"] <= mean and values["max"] <= most)


def whole_files():
    rows = rows_of("budget")
    held = [row for row in rows if "(" not in row["model"]]
    labelled = {row["model"]: number(row["of NNCodec"]) for row in held if row["of NNCodec"] != "-"}
    within = all(number(row["drop"]) <= 0.5 for row in held if row["model"] in labelled)
    yield ("whole files, drop <= 0.5 pt, of NNCodec's best", "<= 0.80",
           f"{span(labelled.values())} on {len(labelled)} models", within and max(labelled.values()) <= 0.8 and len(held) == len(rows))
    int8 = {row["model"]: number(row["of int8"]) for row in held if row["of int8"] != "-"}
    quality = {row["model"]: row["pith"] for row in held if row["model"] in UNLABELLED}
    yield ("whole files, of the publisher's int8 file", "<= 0.36; without labels, agreement >= 98 %, error <= 10.27",
           f"{span(int8.values())} on {len(int8)} models; {', '.join(quality.values())}",
           len(int8) == 4 and max(int8.values()) <= 0.36 and number(quality[UNLABELLED[0]]) >= 98
           and number(quality[UNLABELLED[1]]) <= 10.2652)


def lossless():
    rows = [row for row in rows_of("lossless") if "float16" not in row["model"]]
    shares = [number(row["weights"]) for row in rows]
    below = all(number(row["auto"]) < number(row["zstd -19"]) for row in rows)
    yield ("lossless float32", "<= 85 % of the weights, below `zstd -19`",
           f"{span(shares, 1, ' %')}, {'below' if below else 'not always below'} zstd on {len(rows)} models", max(shares) <= 85 and below)


def speeds():
    rows = rows_of("codec-speed")

    def of(coder, column):
        return [number(row[column]) for row in rows if row["coder"] == coder]

    if any(row["of htscodecs"] != "-" for row in rows):
        yield "decode, `fast` with SIMD, of htscodecs", ">= 0.8", span(of("fast", "of htscodecs")), min(of("fast", "of htscodecs")) >= 0.8
    for what, coder, column, bar in (("decode, `fast` scalar", "fast, scalar", "decode M/s", 250), ("decode, `small`", "small", "decode M/s", 10),
                                     ("decode, `huffman`", "huffman", "decode M/s", 600), ("encode, `fast`", "fast", "encode M/s", 100),
                                     ("encode, `small`", "small", "encode M/s", 5)):
        values = of(coder, column)
        yield what, f">= {bar} M weights/s", span(values, 0, " M"), min(values) >= bar


def threads():
    rows = rows_of("threads")
    for what, coders, tensors in (("20 tensors, all coders", ("huffman", "fast", "small"), "20"), ("one tensor, `fast`", ("fast",), "1"),
                                  ("one tensor, `huffman` and `small`", ("huffman", "small"), "1")):
        values = [number(row["ratio"]) for row in rows if row["coder"] in coders and row["tensors"] == tensors]
        yield f"two threads, 5.2 M weights in {what}", ">= 1.8 times as fast", span(values), min(values) >= 1.8


def library():
    values = [number(row["bytes of code and data"]) for row in rows_of("library")]
    yield "libpith, code and data", "<= 200 KB, needs nothing but zstd", f"{max(values) / 1000:.0f} KB", max(values) <= 200_000


def sessions():
    every = rows_of("session")
    for coder in ("fast", "small"):
        rows = [row for row in every if row["stored as"].endswith(coder)]
        if not rows:
            yield f"session from .pith, `{coder}`", "<= 1.2 times the time", "not measured", False
            continue
        ratios = [number(row["time ratio"]) for row in rows]
        above = [number(row["peak above .onnx"]) - number(row["decoded weights"]) for row in rows]
        yield (f"session from .pith, `{coder}`", "<= 1.2 times the time; peak above that of .onnx <= weights + 64 MiB",
               f"{span(ratios)}; weights {max(above):+.0f} MiB at most", max(ratios) <= 1.2 and max(above) <= 64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--measure", nargs="*", choices=SCRIPTS)
    arguments = parser.parse_args()
    if arguments.measure is not None:
        for name in arguments.measure or SCRIPTS:
            subprocess.run([sys.executable, ROOT / "bench" / SCRIPTS[name], "--write"], check=name != "lossless")
    lines = ["| what | bar | measured | |", "|---|---|---|---|"]
    for part in (bytes_at_equal_integers, whole_files, lossless, speeds, threads, sessions, library):
        for what, bar, measured, met in part():
            lines.append(f"| {what} | {bar} | {measured} | {'met' if met else '**missed**'} |")
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.write:
        write_table("summary", text)


if __name__ == "__main__":
    main()
