#!/usr/bin/env python3
"""Sessions from .pith files beside sessions from the same models as .onnx: time and peak memory.

    ~/.cache/pith/python/bin/python bench/session.py [--write] [PITH [BENCH_SESSION]]

Models of PITH_ASSETS/models above 1.5 MB and eight random matrices of 16 MiB: packed losslessly, and compressed with the
default preset by either coder. Prints a Markdown table; --write puts it into docs/benchmarks.md too.
"""

import argparse
import os
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from page import write_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
ASSETS = pathlib.Path(os.environ.get("PITH_ASSETS", ROOT / "../shared")).resolve()
PLANS = {"lossless, fast": ["pack", "--codec", "fast"], "8 bits, fast": ["compress", "--codec", "fast"],
         "8 bits, small": ["compress", "--codec", "small"]}
HEAD = ("| model | stored as | prepacking | decoded weights | from .onnx | from .pith | time ratio | peak above .onnx |\n"
        "|---|---|---|---:|---:|---:|---:|---:|\n")


def eight_matrices(path):
    """x times eight matrices of 2048 x 2048 random numbers, one after the other."""
    random = np.random.default_rng(1)
    nodes, weights = [], []
    for i in range(8):
        values = (0.02 * random.standard_normal((2048, 2048))).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"w{i}"))
        nodes.append(helper.make_node("MatMul", [f"x{i}", f"w{i}"], [f"x{i + 1}"]))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2048]) for name in ("x0", "x8")]
    graph = helper.make_graph(nodes, "eight-matrices", ends[:1], ends[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pith", nargs="?", default=str(ROOT / "build/release/pith"))
    parser.add_argument("bench", nargs="?", default=str(ROOT / "build/release/bench/bench_session"))
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        eight_matrices(work / "eight-matrices.onnx")
        models = [path for path in sorted((ASSETS / "models").rglob("*.onnx")) if path.stat().st_size > 1_500_000]
        for model in [work / "eight-matrices.onnx", *models]:
            for plan, command in PLANS.items():
                packed, plain = work / "packed.pith", work / "plain.onnx"
                subprocess.run([arguments.pith, *command, "-q", "-f", model, "-o", packed], check=True, stderr=subprocess.DEVNULL)
                subprocess.run([arguments.pith, "unpack", "-q", "-f", packed, "-o", plain], check=True)
                run = subprocess.run([arguments.bench, plain, packed, "30"], check=True, stdout=subprocess.PIPE, text=True)
                for line in run.stdout.splitlines():
                    rows.append(f"| {model.stem} | {plan} {line}")
                    print(rows[-1], flush=True)
    if arguments.write:
        write_table("session", HEAD + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
