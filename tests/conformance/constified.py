"""Takes ONNX's backend suite with its inputs turned into constants through every pass that keeps outputs.

usage: constified.py DRIVER [-v] [--only TEXT] [--keep FOLDER] [--every N]

A case with inputs x, w, b becomes models in which only x, only w or only b stays an input, one in which none
does, and the case as it is: `node/test_gemm:a` is the one with the input a. Each goes through each pass alone
and through `--preset lossless`, and ONNX Runtime with its optimisations off compares: bit for bit after exact
passes, within 1e-5 of an output's largest magnitude after those that round. The preset must not make a model
larger. What the runtime cannot run before any pass is counted, not compared. --only takes the cases with TEXT
in their name, --every one in N of all; --keep saves the models of each failure.
"""

import collections
import itertools
import pathlib
import sys
import time

import numpy
import onnx
from onnx import numpy_helper

import backend_suite
import cases
import pith_driver
import runtime

ROUNDING = 1e-5
# An output of fewer bits is as far off as its type's own step.
STEPS = {numpy.dtype(numpy.float16): 2.0**-9}
PLAIN = ("plain", "")


def constified(case):
    """(name, model, inputs by name) of each variant."""
    message = onnx.load_model_from_string(case.model)
    given = dict(zip((value.name for value in message.graph.input), map(runtime.as_input, case.inputs)))
    constant = {value.name for value in message.graph.initializer}
    can = [name for name, value in given.items() if isinstance(value, numpy.ndarray) and name not in constant]
    yield case.name, case.model, given
    chosen = [[]] if len(can) < 2 else [[]] + [[name] for name in can]
    for left in chosen if can else []:
        model = onnx.ModelProto()
        model.CopyFrom(message)
        model.ir_version = max(model.ir_version, 4)  # before, initializers had to be inputs
        inputs = [value for value in message.graph.input if value.name in left or value.name not in can]
        del model.graph.input[:]
        model.graph.input.extend(inputs)
        model.graph.initializer.extend(numpy_helper.from_array(given[name], name) for name in can if name not in left)
        kept = {value.name: given[value.name] for value in inputs if value.name in given}
        yield f"{case.name}:{','.join(left)}", model.SerializeToString(), kept


def fault(effect, expected, model, inputs):
    """What is wrong with a result, or None."""
    try:
        actual = runtime.run(model, inputs)
    except runtime.CannotRun as error:
        return f"the runtime refuses the result: {error}"
    if runtime.same(expected, actual):
        return None
    if effect == "exact":
        return f"not equal bit for bit, off by {runtime.difference(expected, actual):.3g}"
    steps = [STEPS.get(value.dtype, 0) for value in expected if isinstance(value, numpy.ndarray)]
    off = runtime.difference(expected, actual)
    return None if off <= max(ROUNDING, *steps, 0) else f"off by {off:.3g}"


def judge(name, model, inputs, made, passes):
    """Pairs of a pass and an outcome: "unchanged", "changed", or a fault in words; None: it cannot be compared."""
    try:
        expected = runtime.run(model, inputs)
    except runtime.CannotRun:
        return None
    what, message, plain = made["plain"]
    if what != "written":
        return [("plain", f"{what}: {message}")]
    found = []
    for index, (pass_name, effect, _) in enumerate(passes):
        what, message, result = made[f"p{index}"]
        if what == "same":
            found.append((pass_name, "unchanged"))
        elif what != "written":
            found.append((pass_name, f"{what}: {message}"))
        elif effect == "preset" and len(result) > len(plain):
            found.append((pass_name, f"grew from {len(plain)} to {len(result)} bytes"))
        else:
            found.append((pass_name, fault(effect, expected, result, inputs) or "changed"))
    return found


def check(driver, passes, chunk, only, keep):
    """(name, what judge() says) of every variant of these cases."""
    variants = [variant for case in chunk for variant in constified(case) if only in variant[0]]
    if not variants:
        return []
    pipelines = [PLAIN, *((f"p{index}", text) for index, (_, _, text) in enumerate(passes))]
    results = pith_driver.take_through(driver, [model for _, model, _ in variants], pipelines)
    judged = []
    for (name, model, inputs), made in zip(variants, results):
        found = judge(name, model, inputs, made, passes)
        judged.append((name, found))
        for pass_name, outcome in found or []:
            if keep and outcome not in ("unchanged", "changed"):
                save(pathlib.Path(keep), name, pass_name, model, made, passes)
    return judged


def save(folder, name, pass_name, model, made, passes):
    stem = f"{name}--{pass_name}".replace("/", "_").replace(":", "-").replace(" ", "")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.onnx").write_bytes(model)
    results = [made[f"p{index}"][2] for index, (listed, _, _) in enumerate(passes) if listed == pass_name]
    if results and results[0]:
        (folder / f"{stem}.after.onnx").write_bytes(results[0])


def main():
    parser = pith_driver.argument_parser()
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", default="")
    parser.add_argument("--every", type=int, default=1, help="of so many cases the first")
    arguments = parser.parse_args()

    started = time.monotonic()
    passes = pith_driver.passes(arguments.driver)
    unrunnable = backend_suite.listed()
    counts = collections.Counter()
    of_pass = {name: collections.Counter() for name, _, _ in passes}
    failures = []
    with pith_driver.pool(arguments.jobs) as pool:
        pending = []
        everything = (case for _, found in cases.sources() for case in found if case.name not in unrunnable)
        for chunk in backend_suite.chunks(itertools.islice(cases.distinct(everything), 0, None, arguments.every)):
            pending.append(pool.submit(check, arguments.driver, passes, chunk, arguments.only, arguments.keep))
        for future in pending:
            for name, found in future.result():
                counts["not run" if found is None else "as recorded" if ":" not in name else "constified"] += 1
                for pass_name, outcome in found or []:
                    if outcome not in ("unchanged", "changed"):
                        failures.append(f"{name}: {pass_name}: {outcome}")
                        outcome = "FAILED"
                    if pass_name in of_pass:
                        of_pass[pass_name][outcome] += 1
                    if arguments.v:
                        print(f"{name}: {pass_name}: {outcome}")
    for failure in failures:
        print(failure)
    print(f"{counts['constified']} constified models and {counts['as recorded']} as recorded compared, "
          f"{counts['not run']} variants that the runtime cannot run, {time.monotonic() - started:.0f} s")
    for name, outcomes in of_pass.items():
        print(f"{name:32} changed {outcomes['changed']:5}, unchanged {outcomes['unchanged']:5}, failed {outcomes['FAILED']}")
    print(f"{len(failures)} failures")
    return 1 if failures or counts["constified"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
