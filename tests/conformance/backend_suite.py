"""Takes every case of ONNX's backend suite through pith and compares what ONNX Runtime computes, bit for bit.

usage: backend_suite.py DRIVER [--update] [-v]

Each model is read and written, once as plain ONNX and once through a container. What the runtime cannot run
itself is listed in runtime_cannot_run.txt, with its reason; the test fails when that set changes, and
--update writes it anew. Both processors are used; --jobs N for another number.
"""

import collections
import pathlib
import sys
import time

import onnx

import cases
import pith_driver
import runtime

LIST = pathlib.Path(__file__).parent / "runtime_cannot_run.txt"
VARIANTS = [("plain", ""), ("pith", "pith:")]
CHUNK = 100
# Runs after which an output that was the same each time counts as repeatable.
REPEATS = 20


def named_inputs(case):
    model = onnx.load_model_from_string(case.model)
    return dict(zip((value.name for value in model.graph.input), case.inputs))


def is_repeatable(case, inputs, expected):
    return all(runtime.same(expected, runtime.run(case.model, inputs)) for _ in range(REPEATS))


def judge(case, made):
    """(outcome, message) of a case."""
    for what, message, _ in made.values():
        if what in ("refused", "broken", "crashed"):
            return f"{what} by pith", message
    inputs = named_inputs(case)
    try:
        expected = runtime.run(case.model, inputs)
    except runtime.CannotRun as error:
        return "the runtime cannot run it", str(error)
    for variant, (what, _, model) in made.items():
        if what == "same":
            continue
        try:
            actual = runtime.run(model, inputs)
        except runtime.CannotRun as error:
            return "the runtime refuses the result", f"{variant}: {error}"
        if not runtime.same(expected, actual):
            if not is_repeatable(case, inputs, expected):
                return "not repeatable", "the runtime gives other numbers each time"
            return "DIFFERENT", variant
    return "equal", ""


def check(driver, chunk):
    made = pith_driver.take_through(driver, [case.model for case in chunk], VARIANTS)
    return [(case.name, *judge(case, variants)) for case, variants in zip(chunk, made)]


def chunks(source):
    chunk = []
    for case in source:
        chunk.append(case)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def run_all(driver, jobs):
    """The outcomes as (source, name, outcome, message)."""
    # Workers start while cases are still being generated.
    with pith_driver.pool(jobs) as pool:
        pending = [(source, pool.submit(check, driver, chunk)) for source, found in cases.sources()
                   for chunk in chunks(found)]
        for source, future in pending:
            for name, outcome, message in future.result():
                yield source, name, outcome, message


def listed():
    """Reasons by case, from the file."""
    lines = LIST.read_text(encoding="utf-8").splitlines() if LIST.exists() else []
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def write_list(unrunnable):
    head = ["# Cases of ONNX's backend suite that are not compared, and why: what ONNX Runtime itself cannot run, in its own",
            "# words, and what it computes differently each time (said so). Written by",
            "#     tests/conformance/backend_suite.py DRIVER --update",
            f"# with onnxruntime {runtime.onnxruntime.__version__} and onnx {onnx.__version__}."]
    lines = [f"{name}: {outcome}: {message}" if outcome == "not repeatable" else f"{name}: {message}"
             for name, (outcome, message) in sorted(unrunnable.items())]
    LIST.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


def main():
    parser = pith_driver.argument_parser()
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()

    started = time.monotonic()
    counts = collections.defaultdict(collections.Counter)
    unrunnable, failures = {}, []
    for source, name, outcome, message in run_all(arguments.driver, arguments.jobs):
        counts[source][outcome] += 1
        if outcome in ("the runtime cannot run it", "not repeatable"):
            unrunnable[name] = (outcome, message)
        elif outcome != "equal":
            failures.append(f"{name}: {outcome}: {message}")
        if arguments.v:
            print(f"{name}: {outcome} {message}")

    if arguments.update:
        write_list(unrunnable)
    before = listed()
    failures += [f"{name}: is not in {LIST.name}, but {': '.join(why)}" for name, why in sorted(unrunnable.items())
                 if name not in before]
    # Which locales a system has is its own affair.
    failures += [f"{name}: is in {LIST.name}, but runs" for name, reason in sorted(before.items())
                 if name not in unrunnable and "locale" not in reason]
    for failure in failures:
        print(failure)
    print(f"onnxruntime {runtime.onnxruntime.__version__}, onnx {onnx.__version__}, {time.monotonic() - started:.0f} s")
    for source, of_source in counts.items():
        print(f"{of_source.total():5} {source}: " + ", ".join(f"{n} {what}" for what, n in of_source.most_common()))
    print(f"{sum(of_source.total() for of_source in counts.values()):5} cases, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
