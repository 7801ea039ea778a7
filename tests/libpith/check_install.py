"""Installs libpith, builds the example against the installed package, by CMake and by pkg-config, and runs it.

usage: check_install.py BUILD_FOLDER CMAKE CC MODEL.pith [FLAGS]

FLAGS are those that the library was built with, such as sanitizers.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "c-loader"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wstrict-prototypes", "-Werror"]


def run(*command, fails=False, **keywords):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **keywords)
    if (result.returncode != 0) != fails:
        sys.exit(f"{' '.join(map(str, command))}: exit code {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout + result.stderr


def check_program(program, model, folder, libraries):
    environment = {**os.environ, "LD_LIBRARY_PATH": str(libraries), "ASAN_OPTIONS": "verify_asan_link_order=0"}
    out = folder / "out.onnx"
    text = run(program, model, out, "Relu", "Identity", env=environment)
    assert "dense: " in text and out.stat().st_size > 0, text
    assert "operator 'Identity' is not allowed" in run(program, model, out, "Relu", fails=True, env=environment)
    assert "PITH_DAMAGED" in run(program, EXAMPLE / "load.c", fails=True, env=environment)
    assert "PITH_UNREADABLE" in run(program, EXAMPLE, fails=True, env=environment)
    return out.read_bytes()


def main():
    build, cmake, compiler, model = sys.argv[1:5]
    flags = " ".join(sys.argv[5:])
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        prefix = folder / "prefix"
        run(cmake, "--install", build, "--component", "libpith", "--prefix", prefix)
        run(cmake, "-S", EXAMPLE, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_COMPILER={compiler}",
            f"-DCMAKE_C_FLAGS={flags}", f"-DCMAKE_CXX_FLAGS={flags}")
        run(cmake, "--build", folder / "build")
        libraries = next(prefix.rglob("libpith.so")).parent
        models = {check_program(folder / "build" / name, model, folder, libraries) for name in ("load", "load_static")}

        environment = {**os.environ, "PKG_CONFIG_PATH": str(libraries / "pkgconfig")}
        words = run("pkg-config", "--define-prefix", "--cflags", "--libs", "pith", env=environment).split()
        for standard in ("c99", "c17"):
            by_hand = [*STRICT, f"-std={standard}", *flags.split()]
            run(compiler, *by_hand, EXAMPLE / "load.c", "-o", folder / "load", *words)
            models.add(check_program(folder / "load", model, folder, libraries))
        assert len(models) == 1, "the programs write different models"
    print("installed, found by CMake and by pkg-config, built as C99 and C17, and run")


if __name__ == "__main__":
    main()
