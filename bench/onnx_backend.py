"""Takes every case of ONNX's own backend suite through `pith` and compares what ONNX Runtime computes.

usage: onnx_backend.py PITH

Each model is read and written by an empty pipeline, once as .onnx and once as .pith that is unpacked again;
outputs have to be equal bit for bit, with the runtime's optimisations off. Cases that the runtime itself
cannot run are counted and, with -v, listed with its reason. Needs numpy, onnx and onnxruntime.
"""

import collections
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: the library reads it when loaded

import numpy
import onnxruntime
from onnx.backend.test.case.node import collect_testcases


def run(model, inputs):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip([i.name for i in session.get_inputs()], inputs)))


def same(a, b):
    if isinstance(a, numpy.ndarray):
        if not isinstance(b, numpy.ndarray) or (a.dtype, a.shape) != (b.dtype, b.shape):
            return False
        return bool((a == b).all()) if a.dtype == object else a.tobytes() == b.tobytes()
    if isinstance(a, (list, tuple)):
        return isinstance(b, (list, tuple)) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return a == b


def through_pith(pith, model, folder):
    """The model's bytes after .onnx -> .onnx and after .onnx -> .pith -> .onnx."""

    def call(*arguments):
        subprocess.run([pith, *arguments, "-f", "-q"], check=True, capture_output=True, text=True, cwd=folder)

    (folder / "in.onnx").write_bytes(model)
    call("compress", "in.onnx", "--pipeline", "", "-o", "out.onnx", "-o", "out.pith")
    call("unpack", "out.pith", "-o", "unpacked.onnx")
    return [(folder / name).read_bytes() for name in ("out.onnx", "unpacked.onnx")]


def check(pith, case, folder):
    """'equal', 'runtime cannot run it', 'not repeatable', or what is wrong; and a reason."""
    model = case.model.SerializeToString()
    try:
        results = through_pith(pith, model, folder)
    except subprocess.CalledProcessError as error:
        return "refused by pith", error.stderr.strip()
    inputs, _ = case.data_sets[0]
    try:
        expected = run(model, inputs)
    except Exception as error:  # the runtime's exceptions share no base class
        return "runtime cannot run it", str(error).splitlines()[0]
    for result in results:
        try:
            actual = run(result, inputs)
        except Exception as error:
            return "runtime refuses the result", str(error).splitlines()[0]
        if not same(expected, actual):
            return ("not repeatable", "") if not same(expected, run(model, inputs)) else ("DIFFERENT", "")
    return "equal", ""


def main():
    pith = str(pathlib.Path(sys.argv[1]).resolve())
    verbose = "-v" in sys.argv[2:]
    onnxruntime.set_default_logger_severity(4)
    warnings.simplefilter("ignore")  # the suite divides by zero on purpose
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for case in collect_testcases(None):
            outcome, reason = check(pith, case, pathlib.Path(folder))
            counts[outcome] += 1
            if verbose or outcome not in ("equal", "runtime cannot run it", "not repeatable"):
                print(f"{case.name}: {outcome} {reason}")
    print(f"onnxruntime {onnxruntime.__version__}: " + ", ".join(f"{n} {what}" for what, n in counts.most_common()))
    return 0 if set(counts) <= {"equal", "runtime cannot run it", "not repeatable"} else 1


if __name__ == "__main__":
    sys.exit(main())
