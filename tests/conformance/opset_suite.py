"""Converts every case of ONNX's backend suite to other operator sets and compares what ONNX Runtime computes, bit for bit.

usage: opset_suite.py DRIVER [-v] [--jobs N] [--targets 13,17,...]

Each model of ONNX's own domain is taken to each target. What is converted must pass ONNX's checker where the
original does, and give the same outputs. What is refused is counted, and with -v listed with the reason; so is
what the runtime has no implementation of in the newer set. From set 19 on, ONNX Runtime sums an AveragePool in
another order, so that alone may differ by rounding.
"""

import collections
import sys
import time

import onnx

import backend_suite
import cases
import pith_driver
import runtime

ROUNDING = 1e-6  # relative
# Each change of an operator since set 7 lies between two of them; 26 is the newest that the runtime knows.
TARGETS = [9, 10, 11, 13, 14, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26]


def opset_of(model):
    return max((used.version for used in model.opset_import if used.domain in ("", "ai.onnx")), default=1)


def passes_checker(data):
    try:
        onnx.checker.check_model(data)
    except onnx.checker.ValidationError:
        return False
    return True


def judge(case, made):
    """(target, outcome, message) for each target."""
    opset = opset_of(onnx.load_model_from_string(case.model))
    inputs = backend_suite.named_inputs(case)
    try:
        expected = runtime.run(case.model, inputs)
    except runtime.CannotRun:
        return
    valid = passes_checker(case.model)
    for variant, (what, message, model) in made.items():
        if variant == "same" or what == "same":
            continue
        target = int(variant)
        direction = "up" if target > opset else "down" if target < opset else "same"
        if what != "written":
            yield variant, f"{direction}: {what}", f"from {opset}: {message}"
            continue
        if valid and not passes_checker(model):
            yield variant, f"{direction}: INVALID", f"from {opset}"
            continue
        try:
            actual = runtime.run(model, inputs)
        except runtime.CannotRun as error:
            missing = "NOT_IMPLEMENTED" in str(error)
            what = "not implemented by the runtime" if missing else "the runtime refuses the result"
            yield variant, f"{direction}: {what}", f"from {opset}: {error}"
            continue
        if "averagepool" in case.name and 0 < runtime.difference(expected, actual) <= ROUNDING:
            yield variant, f"{direction}: equal but for rounding", ""
            continue
        if not runtime.same(expected, actual) and backend_suite.is_repeatable(case, inputs, expected):
            yield variant, f"{direction}: DIFFERENT", f"from {opset}, by {runtime.difference(expected, actual):.3g}"
        else:
            yield variant, f"{direction}: equal", ""


def check(driver, chunk, targets):
    variants = [("same", ""), *((str(target), f"opset{target}:") for target in targets)]
    made = pith_driver.take_through(driver, [case.model for case in chunk], variants)
    return [(case.name, list(judge(case, variants))) for case, variants in zip(chunk, made)]


def main():
    parser = pith_driver.argument_parser()
    parser.add_argument("--targets", type=lambda text: [int(n) for n in text.split(",")], default=TARGETS)
    arguments = parser.parse_args()

    started = time.monotonic()
    counts, failures = collections.Counter(), []
    with pith_driver.pool(arguments.jobs) as pool:
        pending = [pool.submit(check, arguments.driver, chunk, arguments.targets)
                   for _, found in cases.sources() for chunk in backend_suite.chunks(found)]
        for future in pending:
            for name, outcomes in future.result():
                for target, outcome, message in outcomes:
                    counts[outcome] += 1
                    direction, what = outcome.split(": ")
                    if what in ("refused", "equal", "equal but for rounding", "not implemented by the runtime"):
                        if arguments.v and not what.startswith("equal") and direction == "up":
                            print(f"{name} to {target}: {what} {message}")
                    else:
                        failures.append(f"{name} to {target}: {outcome}: {message}")
    for failure in failures:
        print(failure)
    print(f"onnxruntime {runtime.onnxruntime.__version__}, onnx {onnx.__version__}, {time.monotonic() - started:.0f} s")
    print(", ".join(f"{n} {outcome}" for outcome, n in sorted(counts.items())))
    print(f"{sum(counts.values())} conversions, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
