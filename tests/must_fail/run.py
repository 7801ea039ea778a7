"""Runs pith on every file that it must refuse, and on valid ones that ask for much.

usage: run.py COMMAND [--measure COMMAND_WITHOUT_SANITIZERS]

Refused means: exit code 3, stdout empty, one line on stderr that names the file and the rule, nothing written. With
--measure (or PITH_TRACED_COMMAND set) also within 100 ms and 64 MiB, the best of three runs. The files are those of
this folder (see generate.py), and some that only a running test can make: links, pipes, and files that are larger.
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import time

import generate

FOLDER = pathlib.Path(__file__).parent
SECONDS = 0.1
KIBIBYTES = 64 * 1024
LONGEST = 400


def run(command, folder, arguments):
    """(exit code or minus a signal, stdout, stderr, seconds, peak KiB)"""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, err.fileno(), 2)]
        started = time.monotonic()
        here = os.open(".", os.O_RDONLY)
        os.chdir(folder)
        try:
            child = os.posix_spawn(command, [command, *arguments], os.environ, file_actions=actions)
        finally:
            os.fchdir(here)
            os.close(here)
        _, status, usage = os.wait4(child, 0)
        seconds = time.monotonic() - started
        out.seek(0)
        err.seek(0)
        return os.waitstatus_to_exitcode(status), out.read(), err.read().decode(errors="replace"), seconds, usage.ru_maxrss


def contents(folder):
    return {str(p.relative_to(folder)): p.stat(follow_symlinks=False).st_size if p.is_file() else None
            for p in folder.rglob("*")}


def within_limits(measure, folder, arguments):
    best = [min(three) for three in zip(*(run(measure, folder, arguments)[3:] for _ in range(3)))]
    if best[0] > SECONDS:
        yield f"takes {best[0] * 1000:.0f} ms"
    if best[1] > KIBIBYTES:
        yield f"takes {best[1] / 1024:.0f} MiB"


def refused(command, measure, folder, name, says):
    """What is wrong with how this file is refused."""
    for arguments in (["inspect", "-q", name], ["compress", "-q", name, "-o", "out.pith"], ["pack", "-q", name, "-o", "out.pith"]):
        before = contents(folder)
        code, out, err, _, _ = run(command, folder, arguments)
        if code != 3:
            yield f"{arguments[0]}: exit code {code}: {err[-300:]}"
            continue
        if out or err.count("\n") != 1 or not err.startswith(f"error: {name}: ") or says not in err or len(err) > LONGEST:
            yield f"{arguments[0]}: says {err!r} and {out!r}, not '{says}'"
        if contents(folder) != before:
            yield f"{arguments[0]}: the folder changed"
    if measure:
        yield from within_limits(measure, folder, ["compress", "-q", name, "-o", "out.pith"])


def accepted(command, measure, folder, name):
    for arguments in (["inspect", "-q", name], ["compress", "-q", "-f", "--preset", "lossless", name, "-o", "out.pith"]):
        code, _, err, _, _ = run(command, folder, arguments)
        if code != 0:
            yield f"{arguments[0]}: exit code {code}: {err[-300:]}"
        if measure:
            yield from within_limits(measure, folder, arguments)


def made_here(folder):
    """(name, what the message says) of files that are made now."""
    data = bytes(8)
    (folder / "real.bin").write_bytes(data)
    (folder / "sub").mkdir()
    (folder / "sub" / "inner.bin").write_bytes(data)
    os.symlink("real.bin", folder / "link.bin")
    os.symlink("sub", folder / "linked-sub")
    os.symlink("/etc", folder / "linked-root")
    os.mkfifo(folder / "pipe.bin")
    os.link(folder / "sub" / "inner.bin", folder / "hard.bin")
    for name, location in {"external-is-a-link": "link.bin", "external-through-a-link": "linked-sub/inner.bin",
                           "external-through-a-link-out": "linked-root/hostname", "external-is-a-pipe": "pipe.bin",
                           "external-has-two-links": "hard.bin", "external-is-a-folder": "sub"}.items():
        (folder / f"{name}.onnx").write_bytes(generate.with_external(("location", location)))
        yield f"{name}.onnx", location if location in ("pipe.bin", "sub") else "external data"
    (folder / "external-too-short.onnx").write_bytes(generate.with_external(("location", "real.bin"), ("offset", "4")))
    yield "external-too-short.onnx", "external data"

    (folder / "name-too-long.onnx").write_bytes(generate.with_node(generate.node("Relu", ["x"], ["y" * 65537]), outputs=("y" * 65537,)))
    yield "name-too-long.onnx", "longer than 64 KiB"
    (folder / "messages-20000-deep.onnx").write_bytes(generate.deep_messages(20000))
    yield "messages-20000-deep.onnx", "nested deeper than"
    (folder / "functions-10001.onnx").write_bytes(generate.with_functions(
        *(generate.function(f"f{i}", []) for i in range(10001))))
    yield "functions-10001.onnx", "10001 functions"
    (folder / "functions-101-in-a-chain.onnx").write_bytes(generate.with_functions(
        *(generate.function(f"f{i}" if i else "first", [generate.node(f"f{i + 1}", ["a"], ["b"], domain="f")]) for i in range(101)),
        generate.function("f101", [generate.node("Neg", ["a"], ["b"])])))
    yield "functions-101-in-a-chain.onnx", "chain of more than 100"
    (folder / "folder.onnx").mkdir()
    yield "folder.onnx", ""
    os.mkfifo(folder / "pipe.onnx")
    yield "pipe.onnx", ""


def check_generated():
    """The files are what generate.py writes."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        sys.argv = ["generate.py", folder]
        generate.main()
        for path in (*place.rglob("*.onnx"), *place.rglob("*.pith"), place / "rules.txt"):
            kept = FOLDER / path.relative_to(place)
            if not kept.exists() or kept.read_bytes() != path.read_bytes():
                yield f"{kept.name} is not what generate.py writes"
        for kept in (*FOLDER.rglob("*.onnx"), *FOLDER.rglob("*.pith")):
            if not (place / kept.relative_to(FOLDER)).exists():
                yield f"{kept.name} is not written by generate.py"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("--measure", default=os.environ.get("PITH_TRACED_COMMAND"))
    arguments = parser.parse_args()
    arguments.command = str(pathlib.Path(arguments.command).resolve())
    failures = list(check_generated())
    count = 0
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        cases = []
        for line in (FOLDER / "rules.txt").read_text(encoding="utf-8").splitlines()[1:]:
            _, name, says = line.split("\t")
            cases.append((name, says))
            shutil.copy(FOLDER / name, folder)
        shutil.copy(FOLDER / "rules.txt", folder)
        cases += made_here(folder)
        for name, says in cases:
            failures += [f"{name}: {wrong}" for wrong in refused(arguments.command, arguments.measure, folder, name, says)]
            count += 1
        for path in sorted((FOLDER / "bounded").iterdir()):
            shutil.copy(path, folder)
            failures += [f"bounded/{path.name}: {wrong}" for wrong in accepted(arguments.command, arguments.measure, folder, path.name)]
            count += 1
    for failure in failures:
        print(failure)
    print(f"{count} files, {len(failures)} failures" + ("" if arguments.measure else "; time and memory were not measured"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
