#!/usr/bin/env python3
"""Compresses labelled models under a budget and writes the table of docs/benchmarks.md.

    ~/.cache/pith/python/bin/python bench/budget.py [--write] [--only NAME]... [PITH]

Each model is compressed with --budget on all of its labelled data (drop at most half a point; without labels,
agreement of 98 %, or the reconstruction error of the publisher's int8 file), and compared with the smallest
artefact of NNCodec within half a point, from PITH_ASSETS/peers/peers.md, and with the publisher's int8 file.
The result is unpacked and, where there are labels, its accuracy is measured again with ONNX Runtime in Python.
The 10,000 pictures of ResNet-8 need Pillow; without it the model is measured on 1,000 of them.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime as ort

from page import write_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
ASSETS = pathlib.Path(os.environ.get("PITH_ASSETS", ROOT.parent / "shared")).resolve()
TINY = ASSETS / "data" / "mlperf-tiny"
FASHION = ["lenet-300-100", "lenet-5-caffe", "lstm", "mobilenet-small", "resnet-small", "squeezenet-small",
           "transformer", "vgg-small"]
INT8 = {"resnet8_cifar10": 98496, "mobilenetv1_025_vww": 333288, "autoencoder_toycar": 276976, "dscnn_kws": 53936}


def cifar_pictures(work):
    """All 10,000 test pictures as .npz, or the 1,000 that are there."""
    try:
        from PIL import Image
    except ImportError:
        return TINY / "resnet8_eval_1000.npz"
    target = work / "resnet8_eval_10000.npz"
    pictures, labels = [], []
    for label, folder in enumerate(sorted((TINY / "cifar10-jpeg" / "test").iterdir())):
        for path in sorted(folder.glob("*.jpg")):
            pictures.append(np.asarray(Image.open(path).convert("RGB"), np.uint8).transpose(2, 0, 1))
            labels.append(label)
    np.savez(target, input=np.stack(pictures), labels=np.array(labels, np.int64))
    return target


def jobs(work):
    data = ASSETS / "data" / "fashion"
    for name in FASHION:
        yield name, ASSETS / "models" / "fashion" / f"{name}.onnx", [
            "--budget", "drop=0.5pt", "--calib", f"{data}/train-2048.npz,scale=1/255", "--eval",
            f"{data}/t10k-images-idx3-ubyte.gz,labels={data}/t10k-labels-idx1-ubyte.gz,scale=1/255"]
    tiny = ASSETS / "models" / "mlperf-tiny"
    yield "resnet8_cifar10", tiny / "resnet8_cifar10.onnx", [
        "--budget", "drop=0.5pt", "--calib", f"{TINY}/resnet8_calib_500.npz", "--eval", str(cifar_pictures(work))]
    yield "dscnn_kws", tiny / "dscnn_kws.onnx", [
        "--budget", "drop=0.5pt", "--calib", f"{TINY}/dscnn_kws_calib_200.npz", "--eval", f"{TINY}/dscnn_kws_eval_800.npz"]
    magika = ASSETS / "data" / "magika"
    yield "magika", ASSETS / "models" / "magika" / "magika_standard_v3_3.onnx", [
        "--budget", "drop=0.5pt", "--calib", f"{magika}/magika_calib_512.npz", "--eval", f"{magika}/magika_eval_2767.npz"]
    yield "mobilenetv1_025_vww", tiny / "mobilenetv1_025_vww.onnx", [
        "--budget", "metric>=0.98", "--calib", f"{TINY}/mobilenetv1_025_vww_unlabelled_96.npz"]
    yield "autoencoder_toycar", tiny / "autoencoder_toycar.onnx", [
        "--budget", "metric>=10.2652", "--calib", f"{TINY}/autoencoder_toycar_196.npz",
        "--eval", f"{TINY}/autoencoder_toycar_196.npz,labels=input", "--metric", "mse"]


def nncodec():
    """Model -> bytes of the smallest artefact within 0.5 points, from the summary of peers.md."""
    text = (ASSETS / "peers" / "peers.md").read_text()
    summary = text[text.index("## Summary"):]
    sizes = {}
    for line in summary.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) >= 5 and re.fullmatch(r"[\d,]+", cells[4]):
            sizes[cells[0]] = int(cells[4].replace(",", ""))
    return sizes


def run(pith, name, model, flags, work):
    out = work / f"{name}.pith"
    result = subprocess.run([pith, "compress", model, "-o", out, "-f", "--format", "json", "--progress", "none", "--no-cache", *flags],
                            capture_output=True, text=True)
    if result.returncode not in (0, 1):
        sys.exit(f"budget.py: {name}: {result.stderr}")
    report = json.loads(result.stdout)
    if result.returncode == 0:
        subprocess.run([pith, "verify", out, "--format", "quiet"], check=True)
        subprocess.run([pith, "unpack", out, "-o", work / f"{name}.onnx", "-f", "--format", "quiet"], check=True)
        ort.InferenceSession(work / f"{name}.onnx", providers=["CPUExecutionProvider"])
        assert out.stat().st_size == report["model"]["after"]["bytes"]
    return report


def table(pith, only):
    peers = nncodec()
    lines = ["| model | float bytes | float | pith | drop | bytes | ratio | of NNCodec | of int8 | trials | s |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for name, model, flags in jobs(work):
            if only and name not in only:
                continue
            report = run(pith, name, model, flags, work)
            quality, after = report["quality"], report["model"]["after"]["bytes"]
            rate = quality["metric"] != "mse"
            show = (lambda value: f"{100 * value:.2f} %") if rate else (lambda value: f"{value:.4f}")
            before = quality["before"] if quality["before"] is not None else 1.0
            drop = before - quality["after"] if rate else quality["after"] - before
            of_peer = f"{after / peers[name]:.2f}" if name in peers else "-"
            of_int8 = f"{after / INT8[name]:.2f}" if name in INT8 else "-"
            missed = "" if report["status"] == "done" else f" ({report['status']})"
            lines.append(
                f"| {name}{missed} | {report['model']['before']['bytes']:,} | {show(before)} | {show(quality['after'])} | "
                f"{f'{100 * drop:.2f} pt' if rate else f'{drop:.4f}'} | {after:,} | {report['ratio']:.1f} | {of_peer} | "
                f"{of_int8} | {report['trials']} | {report['invocation']['wall_s']:.0f} |")
            print(lines[-1], flush=True)
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pith", nargs="?", default=ROOT / "build" / "release" / "pith")
    parser.add_argument("--only", action="append", help="a model to run; may be repeated")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    arguments = parser.parse_args()
    if not (ASSETS / "models").is_dir():
        sys.exit(f"budget.py: PITH_ASSETS={ASSETS} has no folder 'models'")
    text = table(arguments.pith, arguments.only)
    if arguments.write:
        write_table("budget", text + "\n")


if __name__ == "__main__":
    main()
