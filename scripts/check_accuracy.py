"""Checks pith's accuracy against an independent reader: the compressed example is unpacked and
run by ONNX Runtime in Python over all test images, and the count of correct images has to be the
one that `pith evaluate` reports for the compressed file.

usage: check_accuracy.py PITH [FILE.pith]

PITH is the command. Without FILE.pith the example is compressed first, by a pipeline that prunes,
shares weights and codes them. Needs numpy, onnx and onnxruntime (scripts/setup.sh installs them).
"""

import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: the library reads it when loaded

import numpy
import onnx
import onnxruntime

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent / "examples" / "fashion-mnist"
IMAGES = EXAMPLE / "t10k-images-idx3-ubyte.gz"
LABELS = EXAMPLE / "t10k-labels-idx1-ubyte.gz"
PIPELINE = "prune{sparsity=0.3 scope=global}, share-weights{bits=4}, entropy-code{coder=huffman}"


def read_idx(path):
    data = gzip.decompress(path.read_bytes())
    rank = data[3]
    shape = numpy.frombuffer(data, ">u4", rank, 4)
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(shape)


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE).stdout


def count_correct(model):
    onnx.checker.check_model(str(model), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    images = read_idx(IMAGES).astype(numpy.float32)[:, None] / numpy.float32(255)
    labels = read_idx(LABELS)
    correct = 0
    for first in range(0, len(images), 1000):
        (logits,) = session.run(None, {session.get_inputs()[0].name: images[first : first + 1000]})
        correct += int((logits.argmax(axis=1) == labels[first : first + 1000]).sum())
    return correct, len(images)


def main():
    pith = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        packed = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(folder) / "lenet.pith"
        if len(sys.argv) <= 2:
            run(pith, "compress", EXAMPLE / "lenet-300-100.onnx", "-o", packed, "--pipeline", PIPELINE)
        unpacked = pathlib.Path(folder) / "unpacked.onnx"
        run(pith, "unpack", packed, "-o", unpacked)
        spec = f"{IMAGES},labels={LABELS},scale=1/255"
        quality = json.loads(run(pith, "evaluate", packed, "--eval", spec, "--format", "json"))["quality"]
        correct, total = count_correct(unpacked)
    reported = round(quality["after"] * quality["samples"])
    print(f"onnxruntime {onnxruntime.__version__} in Python: {correct} of {total} correct; pith: {reported} of {quality['samples']}")
    return 0 if (correct, total) == (reported, quality["samples"]) else 1


if __name__ == "__main__":
    sys.exit(main())
