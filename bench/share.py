#!/usr/bin/env python3
"""Shares the weights of labelled models in several ways and writes the table of docs/benchmarks.md.

    ~/.cache/pith/python/bin/python bench/share.py [--write] [--only NAME]... [PITH]

Models of PITH_ASSETS/models/fashion are each compressed with share-weights, entropy-coded, at 2 to 4 bits: one
codebook a tensor, an output channel, or 16 channels; weights that count alike, or by the power of their inputs
on 2,048 training images. Bytes are those of the .pith file, accuracy is top1 on all 10,000 test images.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from page import write_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
ASSETS = pathlib.Path(os.environ.get("PITH_ASSETS", ROOT.parent / "shared")).resolve()
DATA = ASSETS / "data" / "fashion"
MODELS = ["lenet-300-100", "mobilenet-small", "resnet-small", "squeezenet-small", "transformer"]
WAYS = [("tensor", "none"), ("tensor", "inputs"), ("group", "none"), ("group", "inputs"), ("channel", "none"),
        ("channel", "inputs")]


def share(pith, model, bits, granularity, weighting, folder):
    pipeline = ("eliminate-identity, fold-batch-norm, merge-equal-constants, "
                f"share-weights{{bits={bits} granularity={granularity} weighting={weighting}}}, entropy-code{{coder=small}}")
    run = subprocess.run(
        [pith, "compress", model, "-o", folder / "out.pith", "-f", "--format", "json", "--progress", "none",
         "--pipeline", pipeline, "--calib", f"{DATA}/train-2048.npz,scale=1/255", "--eval",
         f"{DATA}/t10k-images-idx3-ubyte.gz,labels={DATA}/t10k-labels-idx1-ubyte.gz,scale=1/255"],
        capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"share.py: {model.name}: {run.stderr}")
    report = json.loads(run.stdout)
    return report["model"]["after"]["bytes"], report["quality"]


def table(pith, only):
    lines = ["| model | bits | float | " + " | ".join(f"{g}, {w}" for g, w in WAYS) + " |",
             "| --- | ---: | ---: |" + " ---: |" * len(WAYS)]
    with tempfile.TemporaryDirectory() as folder:
        for name in MODELS:
            if only and name not in only:
                continue
            for bits in (2, 3, 4):
                cells, before = [], 0
                for granularity, weighting in WAYS:
                    size, quality = share(pith, ASSETS / "models" / "fashion" / f"{name}.onnx", bits, granularity,
                                          weighting, pathlib.Path(folder))
                    before = quality["before"]
                    cells.append(f"{100 * quality['after']:.2f} ({size:,})")
                lines.append(f"| {name} | {bits} | {100 * before:.2f} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pith", nargs="?", default=ROOT / "build" / "release" / "pith")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--only", action="append", help="a model to run; may be repeated")
    arguments = parser.parse_args()
    if not (ASSETS / "models").is_dir():
        sys.exit(f"share.py: PITH_ASSETS={ASSETS} has no folder 'models'")
    text = table(arguments.pith, arguments.only)
    print(text, end="")
    if arguments.write:
        write_table("share", text)


if __name__ == "__main__":
    main()
