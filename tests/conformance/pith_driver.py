"""Takes many models through the C++ driver at once, and what the scripts that do so have in common."""

import argparse
import concurrent.futures
import multiprocessing
import os
import pathlib
import subprocess
import tempfile

# Tens of thousands of small files: in memory where the system has a folder for that.
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def argument_parser():
    """With what each script takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("driver", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("-v", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser


def pool(jobs):
    """Processes for work on models; to be made before the runtime makes threads, which do not survive a fork."""
    return concurrent.futures.ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"))


def passes(driver):
    """(name, effect, pipeline) of each pass that keeps outputs, and of the lossless preset."""
    lines = subprocess.run([driver, "--list"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [tuple(line.split("\t")) for line in lines]


def take_through(driver, models, variants):
    """What became of each of `models` under each of `variants`, (name, pipeline) pairs.

    Returns one dict a model: variant -> (what, message, bytes), `what` and `message` as the driver says,
    "crashed" where it died. A model that kills the driver is not tried again; the others are.
    """
    found = [{} for _ in models]
    left = set(range(len(models)))
    while left:
        with tempfile.TemporaryDirectory(prefix="pith-conformance-", dir=SCRATCH) as folder:
            place = pathlib.Path(folder)
            for i in left:
                (place / f"{i:05}.onnx").write_bytes(models[i])
            done = subprocess.run([driver, folder, *(f"{name}={text}" for name, text in variants)],
                                  capture_output=True, text=True, errors="replace")
            for line in done.stdout.splitlines():
                number, variant, what, message = line.split("\t", 3)
                file = place / f"{number}.{variant}"
                found[int(number)][variant] = (what, message, file.read_bytes() if what == "written" else None)
        finished = {i for i in left if len(found[i]) == len(variants)}
        if finished == left:
            break
        left -= finished
        died = min(left)
        message = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])
        found[died] = {name: ("crashed", message[0], None) for name, _ in variants}
        left.remove(died)
    return found
