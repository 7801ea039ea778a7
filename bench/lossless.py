"""`pith pack` beside zstd on every model of PITH_ASSETS/models and examples: bytes, what is left of the weights, speed.

usage: lossless.py [PITH] [--runs N] [--write] [--only TEXT]       PITH: default build/release/pith

Prints a Markdown table; --write also puts it into docs/benchmarks.md, between its marks. Each model is packed with every
--codec, unpacked, and every tensor of the result compared with the original's, bit by bit. "Weights" is what the
float weights beside the graph take of the bytes that they have in the .onnx file. Speed is megabytes of the .onnx file over
processor time of the whole process, start and reading back included, the quickest of N runs. ISNet (float16) takes part
where bench/simplify.py has put it into the cache. Run it with the cache's Python; needs the zstd command. Ends with 1
when the default is above 85 % of the float32 weights or not below `zstd -19` of the file, when any output is larger than the
file, or when a tensor comes back changed.
"""

import argparse
import collections
import hashlib
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import onnx
from onnx import numpy_helper

from page import write_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("PITH_CACHE", pathlib.Path.home() / ".cache/pith"))
ASSETS = pathlib.Path(os.environ.get("PITH_ASSETS", ROOT / "../shared")).resolve()
CODECS = ("auto", "huffman", "fast", "small")
SHARE = 0.85
BYTES = {"float32": 4, "float64": 8, "float16": 2, "bfloat16": 2}


def processor_seconds(command):
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        raise SystemExit(f"failed: {' '.join(map(str, command))}")
    return usage.ru_utime + usage.ru_stime


def quickest(runs, command):
    return min(processor_seconds(command) for _ in range(runs))


def tensors(path):
    """Every tensor of a model, as (type, dimensions, hash of the bytes), counted."""
    found = collections.Counter()

    def add(tensor):
        values = numpy_helper.to_array(tensor)
        if values.nbytes >= 16:  # below, forms of nodes may hold them as attributes
            found[tensor.data_type, values.shape, hashlib.sha256(values.tobytes()).hexdigest()] += 1

    def walk(nodes):
        for node in nodes:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    add(attribute.t)
                for graph in [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]:
                    walk_graph(graph)

    def walk_graph(graph):
        for tensor in graph.initializer:
            add(tensor)
        walk(graph.node)

    model = onnx.load(path)
    walk_graph(model.graph)
    for function in model.functions:
        walk(function.node)
    return found


class Packed:
    """What one codec makes of a model."""

    def __init__(self, pith, path, codec, runs, folder):
        packed, unpacked = folder / "x.pith", folder / "x.onnx"
        pack = [pith, "pack", str(path), "-o", str(packed), "-f", "-q", "--codec", codec]
        self.pack = quickest(runs, pack)
        self.unpack = quickest(runs, [pith, "unpack", str(packed), "-o", str(unpacked), "-f", "-q"])
        self.bytes = packed.stat().st_size
        self.exact = tensors(path) == tensors(unpacked)
        listed = subprocess.run([pith, "unpack", str(packed), "--list", "--format", "json"], check=True,
                                capture_output=True, text=True).stdout
        stored = [entry for entry in json.loads(listed)["tensors"]
                  if entry["coder"] != "none" and entry["dtype"] in BYTES]
        before = sum(math.prod(entry["shape"]) * BYTES[entry["dtype"]] for entry in stored)
        self.share = sum(entry["bytes_after"] for entry in stored) / before if before else 0


def models(only):
    found = [(str(path.relative_to(ASSETS / "models")), path) for path in sorted((ASSETS / "models").rglob("*.onnx"))]
    found += [(str(path.relative_to(ROOT)), path) for path in sorted((ROOT / "examples").rglob("*.onnx"))]
    found += [("ISNet (float16)", path) for path in sorted(CACHE.glob("isnet-*/isnet.onnx"))]
    return [(name, path) for name, path in found if only in name]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pith", nargs="?", default=str(ROOT / "build/release/pith"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()

    head = ["model", "onnx", "zstd -19", *CODECS, "weights", "huffman", "pack MB/s", "unpack MB/s"]
    table = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    short = []
    for name, path in models(arguments.only):
        size = path.stat().st_size
        zstd = len(subprocess.run(["zstd", "-19", "-q", "-c", str(path)], capture_output=True, check=True).stdout)
        with tempfile.TemporaryDirectory() as folder:
            packed = {codec: Packed(arguments.pith, path, codec, arguments.runs, pathlib.Path(folder)) for codec in CODECS}
        best = packed["auto"]
        table.append("| " + " | ".join([
            name, f"{size:,}", f"{zstd:,}", *(f"{packed[codec].bytes:,}" for codec in CODECS), f"{best.share:.2%}",
            f"{packed['huffman'].share:.2%}", f"{size / best.pack / 1e6:.0f}", f"{size / best.unpack / 1e6:.0f}"]) + " |")
        print(table[-1], file=sys.stderr)
        short += [f"{name}: {best.share:.2%} of the float32 weights"] if best.share > SHARE and "float16" not in name else []
        short += [f"{name}: {best.bytes:,} bytes, zstd {zstd:,}"] if best.bytes >= zstd else []
        short += [f"{name}: {codec} is larger than the file" for codec in CODECS if packed[codec].bytes > size]
        short += [f"{name}: {codec} changes a tensor" for codec in CODECS if not packed[codec].exact]
    notes = ["The first column of weights is that of `auto`. Processor time of whole processes, "
             f"the quickest of {arguments.runs} runs."]
    notes += ["", "Where pith falls short:", "", *(f"- {line}" for line in short)] if short else []
    text = "\n".join([*table, "", *notes]) + "\n"
    print(text)
    if arguments.write:
        write_table("lossless", text)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
