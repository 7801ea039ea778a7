"""Whole trained models survive: import, export, each pass that keeps outputs, and --preset lossless.

usage: models.py DRIVER [FILE.onnx...]        (default: every model in PITH_ASSETS/models)

Through import and export, as .onnx and as .pith, and through exact passes the outputs are equal bit for bit with
ONNX Runtime's optimisations off; after passes that round, within 1e-5 of an output's largest magnitude. No result
of import and export or of the preset is larger than the file. Exit code 77 (skipped) without models.
"""

import os
import pathlib
import sys

import onnx

import constified
import feeds
import pith_driver
import runtime

SKIPPED = 77
VARIANTS = [("onnx", "exact", ""), ("pith", "exact", "pith:")]


def check(driver, path, passes):
    """Faults of a model in words, and the number of variants that differ from its plain export."""
    data = path.read_bytes()
    inputs = feeds.feeds_of(onnx.load_model_from_string(data))
    expected = [runtime.run(data, feed) for feed in inputs]
    variants = [*VARIANTS, *passes]
    made, = pith_driver.take_through(driver, [data], [(f"v{i}", text) for i, (_, _, text) in enumerate(variants)])
    faults, changed = [], 0
    for index, (name, effect, _) in enumerate(variants):
        what, message, result = made[f"v{index}"]
        if what not in ("written", "same"):
            faults.append(f"{name}: {what}: {message}")
        if what != "written":
            continue
        changed += index > 0
        if len(result) > len(data) and (index == 0 or effect == "preset"):
            faults.append(f"{name}: grew from {len(data)} to {len(result)} bytes")
        wrong = [constified.fault(effect, want, result, feed) for want, feed in zip(expected, inputs)]
        faults += [f"{name}: {fault}" for fault in wrong if fault]
    return faults, changed


def main():
    driver, given = str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2:]
    assets = pathlib.Path(os.environ.get("PITH_ASSETS", ""), "models")
    paths = [pathlib.Path(path) for path in given] or sorted(assets.rglob("*.onnx"))
    if not paths:
        print(f"no models in {assets}; set PITH_ASSETS or name files")
        return SKIPPED
    passes = pith_driver.passes(driver)
    failed = 0
    for path in paths:
        faults, changed = check(driver, path, passes)
        failed += bool(faults)
        print(f"{path.name}: " + ("; ".join(faults) or f"equal, {changed} variants changed"))
    print(f"{len(paths)} models, {len(VARIANTS) + len(passes)} variants each, {failed} models with faults")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
