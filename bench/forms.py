#!/usr/bin/env python3
"""Layers as codebooks beside rate-distortion grids; prints a table.

    ~/.cache/pith/python/bin/python bench/forms.py [PITH]

Each layer of some models is compressed alone: by share-weights of 1 to 5 bits, weighted by its inputs, and by
rd-quantize with a row of steps. Printed is, of each width, the least and the median of the codebook's bytes through
those of the grid with equal mean squared error of the outputs (interpolated between steps; a
codebook beyond the last step on either side is left out).
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import tempfile

import numpy as np

from budget import ASSETS, ROOT, jobs

MODELS = ["lenet-300-100", "dscnn_kws"]
STEPS = [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.4, 2, 2.8, 4]


def compressed(pith, model, flags, out):
    result = subprocess.run([pith, "compress", model, "-o", out, "-f", "--format", "json", "--progress", "none",
                             "--no-cache", *flags], capture_output=True, text=True)
    return json.loads(result.stdout)


def point(pith, model, data, layer, text, out):
    """Bytes and error of a layer that alone goes through this pass."""
    report = compressed(pith, model, ["--calib", data, "--metric", "mse", "--max-samples", "192", "--include",
                                      f"^{re.escape(layer)}$", "--pipeline", f"{text}, entropy-code{{coder=small}}"], out)
    tensor = next(one for one in report["tensors"] if one["name"] == layer)
    return tensor["bytes_after"], report["quality"]["after"]


def forms(pith, name, model, data, out):
    listed = compressed(pith, model, ["--calib", data, "--max-samples", "16", "--pipeline", "rd-quantize"], out)
    layers = [one["name"] for one in listed["tensors"] if one["form"] == "affine" and len(one["shape"]) > 1]
    ratios = {bits: [] for bits in range(1, 6)}
    for layer in layers:
        grid = sorted((error, size) for size, error in
                      (point(pith, model, data, layer, f"rd-quantize{{step={step}}}", out) for step in STEPS) if error > 0)
        errors, sizes = zip(*grid)
        for bits in ratios:
            size, error = point(pith, model, data, layer, f"share-weights{{bits={bits} weighting=inputs}}", out)
            if errors[0] <= error <= errors[-1]:
                ratios[bits].append(size / np.exp(np.interp(np.log(error), np.log(errors), np.log(sizes))))
    cells = [f"{min(found):.2f}, {statistics.median(found):.2f}" if found else "-" for found in ratios.values()]
    print(f"| {name} | {len(layers)} | " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pith", nargs="?", default=ROOT / "build" / "release" / "pith")
    pith = parser.parse_args().pith
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        known = {name: (model, flags) for name, model, flags in jobs(work)}
        print("| model | layers | 1 bit | 2 bits | 3 bits | 4 bits | 5 bits |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        for name in MODELS:
            model, flags = known[name]
            forms(pith, name, model, flags[flags.index("--calib") + 1], work / "a.pith")


if __name__ == "__main__":
    main()
