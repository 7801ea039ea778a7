"""Writes the files of this folder that pith must refuse, and rules.txt: what each message has to say.

usage: generate.py [FOLDER]     (default: the folder of this script)

The bytes are put together by hand, without protobuf, because protobuf would not write most of them. Names of rules
are those of the table in docs/testing.md. Files under bounded/ are valid: they must be handled within the same limits.
"""

import pathlib
import struct
import sys

# --- protobuf's wire format ---------------------------------------------------------------------


def varint(value):
    out = b""
    value &= (1 << 64) - 1
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """A field: int as varint, bytes or str with their length, float as 32 bits, a list as several fields."""
    if isinstance(value, list):
        return b"".join(field(number, one) for one in value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(**fields):
    """Fields named f1, f2, ...; those that are None are left out."""
    return b"".join(field(int(name[1:]), value) for name, value in fields.items() if value is not None)


# --- ONNX's messages ----------------------------------------------------------------------------


def attribute(name, *, i=None, s=None, t=None, g=None, ints=None, f=None):
    kind = 1 if f is not None else 2 if i is not None else 3 if s is not None else 4 if t is not None else 5 if g else 7
    return message(f1=name, f2=f, f3=i, f4=s, f5=t, f6=g, f8=ints, f20=kind)


def node(op, inputs, outputs, attributes=(), name=None, domain=None):
    return message(f1=list(inputs), f2=list(outputs), f3=name, f4=op, f5=list(attributes), f7=domain)


def tensor(name, dims, raw=None, dtype=1, floats=None, int32s=None, strings=None, external=None):
    entries = None if external is None else [message(f1=key, f2=value) for key, value in external]
    return message(f1=list(dims), f2=dtype, f4=None if floats is None else struct.pack(f"<{len(floats)}f", *floats),
                   f5=None if int32s is None else b"".join(map(varint, int32s)), f6=strings, f8=name, f9=raw,
                   f13=entries, f14=None if external is None else 1)


def value(name, dims=(2,), dtype=1):
    shape = b"".join(field(1, message(f1=d) if isinstance(d, int) else message(f2=d)) for d in dims)
    return message(f1=name, f2=message(f1=message(f1=dtype, f2=shape)))


def graph(nodes, initializers=(), inputs=("x",), outputs=("y",), name="g", sparse=None):
    return message(f1=list(nodes), f2=name, f5=list(initializers), f11=[value(i) for i in inputs],
                   f12=[value(o) for o in outputs], f15=sparse)


def opset(version=17, domain=""):
    return message(f1=domain or None, f2=version)


def model(body, opsets=(opset(),), functions=None, extra=b""):
    return message(f1=8, f7=body, f8=list(opsets), f25=functions) + extra


def function(name, nodes, domain="f"):
    return message(f1=name, f4="a", f5="b", f7=list(nodes), f9=[opset(), opset(1, "f")], f10=domain)


RELU = node("Relu", ["x"], ["y"])


def with_node(*nodes, initializers=(), **more):
    return model(graph(nodes, initializers, **more))


def with_tensor(data):
    return with_node(node("Add", ["x", "w"], ["y"]), initializers=[data])


def with_external(*entries):
    return with_tensor(tensor("w", [2], external=list(entries)))


def with_functions(*functions):
    call = node("first", ["x"], ["y"], domain="f")
    return model(graph([call]), (opset(), opset(1, "f")), list(functions))


# --- files --------------------------------------------------------------------------------------


def nested(op, depth):
    """`depth` subgraphs, one in the other."""
    body = graph([node("Identity", ["x"], ["y0"])], inputs=(), outputs=("y0",))
    for i in range(1, depth + 1):
        if op == "If":
            inner = node("If", ["c"], [f"y{i}"], [attribute("then_branch", g=body), attribute("else_branch", g=body)]) \
                if depth < 4 else node("If", ["c"], [f"y{i}"], [attribute("then_branch", g=body)])
        else:
            inner = node("Loop", ["n", "c"], [f"y{i}"], [attribute("body", g=body)])
        body = graph([inner], inputs=() if i < depth else ("x", "c", "n"), outputs=(f"y{i}",))
    return model(body)


def group(inner=b""):
    return varint(50 << 3 | 3) + inner + varint(50 << 3 | 4)


def call_in(attribute_name, op, inputs):
    """A function that calls itself from the body of another operator."""
    body = graph([node("first", ["a"], ["t"], domain="f")], inputs=(), outputs=("t",))
    return function("first", [node(op, inputs, ["b"], [attribute(attribute_name, g=body)])])


def files():
    """(rule, name, what the message says, bytes)"""
    # R1: external data stays in the model's folder
    for name, location in {
        "external-parent": "../secret", "external-parent-inside": "a/../../secret", "external-absolute": "/etc/hostname",
        "external-empty-location": "", "external-backslash": "..\\secret", "external-nul-in-location": "a\0b",
        "external-dot-dot-only": "..", "external-device": "/dev/zero", "external-proc": "/proc/self/environ",
        "external-missing": "no-such-file.bin", "external-missing-deep": "a/" * 40 + "b",
        "external-double-slash-parent": "a//../../secret",
    }.items():
        yield "R1", name, "external data", with_external(("location", location))
    yield "R1", "external-folder", "is not a regular file", with_external(("location", "."))
    yield "R1", "external-without-location", "external data", with_external(("offset", "0"))

    # R2: no archives
    yield "R2", "archive-zip", "", b"PK\x03\x04" + bytes(26) + b"../model.onnx"
    yield "R2", "archive-gzip", "", b"\x1f\x8b\x08\x00" + bytes(20)
    yield "R2", "archive-tar", "", b"../../model.onnx".ljust(100, b"\0") + b"0000644\0".ljust(412, b"\0")

    # R3: no magic values in strings
    mark = "*/_ORT_MEM_ADDR_/*"
    address = [("location", mark), ("offset", "4096"), ("length", "8")]
    yield "R3", "address-in-initializer", "address in memory", with_external(*address)
    yield "R3", "address-in-constant-node", "address in memory", with_node(
        node("Constant", [], ["w"], [attribute("value", t=tensor("", [2], external=address))]), node("Add", ["x", "w"], ["y"]))
    yield "R3", "address-in-sparse-initializer", "address in memory", with_node(
        node("Add", ["x", "w"], ["y"]),
        sparse=[message(f1=tensor("w", [1], external=address), f2=tensor("", [1], struct.pack("<q", 0), 7), f3=[2])])
    yield "R3", "address-in-function", "address in memory", with_functions(function("first", [
        node("Constant", [], ["w"], [attribute("value", t=tensor("", [2], external=address))]), node("Add", ["a", "w"], ["b"])]))
    yield "R3", "external-key-unknown", "unknown key", with_external(("location", "w.bin"), ("__class__", "os"))
    yield "R3", "external-key-basepath", "unknown key", with_external(("location", "w.bin"), ("basepath", "/"))
    yield "R3", "external-key-twice", "twice", with_external(("location", "w.bin"), ("location", "v.bin"))
    yield "R3", "external-offset-negative", "no number", with_external(("location", "w.bin"), ("offset", "-1"))
    yield "R3", "external-offset-hexadecimal", "no number", with_external(("location", "w.bin"), ("offset", "0x10"))
    yield "R3", "external-length-with-space", "no number", with_external(("location", "w.bin"), ("length", " 8"))
    yield "R3", "external-length-too-large", "no number", with_external(("location", "w.bin"), ("length", "9" * 40))

    # R4: shapes and sizes
    for name, dims, says in (("dim-negative", [-1], "negative"), ("dim-smallest", [-(2**63)], "negative"),
                             ("dims-overflow-64-bits", [2**32, 2**32], "too many"),
                             ("dims-wrap-to-raw-size", [2**62, 4, 2], "too many"), ("dims-overflow-bytes", [2**62], ""),
                             ("dims-negative-pair", [-2, -1], "negative"), ("dim-largest", [2**63 - 1], "")):
        yield "R4", name, says, with_tensor(tensor("w", dims, bytes(8)))
    for name, size in (("raw-data-one-short", 7), ("raw-data-one-long", 9), ("raw-data-empty", 0), ("raw-data-half", 4)):
        yield "R4", name, "tensor 'w'", with_tensor(tensor("w", [2], bytes(size)))
    yield "R4", "raw-data-of-four-bits-one-long", "tensor 'w'", with_tensor(tensor("w", [3], bytes(3), 22))
    yield "R4", "two-data-fields", "more than one field", with_tensor(tensor("w", [2], bytes(8), floats=[1, 2]))
    yield "R4", "raw-and-external-data", "more than one field", with_tensor(tensor("w", [2], bytes(8), external=[("location", "w")]))
    yield "R4", "data-in-the-wrong-field", "field that float32 does not use", with_tensor(tensor("w", [2], int32s=[1, 2]))
    yield "R4", "type-unknown", "data type 99", with_tensor(tensor("w", [2], bytes(8), 99))
    yield "R4", "type-undefined", "tensor 'w'", with_tensor(tensor("w", [2], bytes(8), 0))
    yield "R4", "strings-as-raw-data", "strings", with_tensor(tensor("w", [2], bytes(8), 8))
    yield "R4", "strings-too-few", "2 strings but 1", with_tensor(tensor("w", [2], None, 8, strings=["a"]))
    yield "R4", "rank-65", "65 dimensions", with_tensor(tensor("w", [1] * 65, bytes(4)))
    sparse = lambda positions, dims, values=1: with_node(node("Add", ["x", "w"], ["y"]), sparse=[message(
        f1=tensor("w", [values], bytes(4 * values)), f2=tensor("", [len(positions)], struct.pack(f"<{len(positions)}q", *positions), 7), f3=dims)])
    yield "R4", "sparse-position-outside", "sparse tensor 'w'", sparse([2], [2])
    yield "R4", "sparse-position-negative", "sparse tensor 'w'", sparse([-1], [2])
    yield "R4", "sparse-positions-falling", "sparse tensor 'w'", sparse([1, 0], [2], 2)
    yield "R4", "sparse-more-values-than-positions", "sparse tensor 'w'", sparse([0], [2], 2)
    yield "R4", "sparse-dims-overflow", "sparse tensor 'w'", sparse([0], [2**40, 2**40])

    # R5: no memory for numbers that nothing stands behind
    yield "R5", "huge-tensor-of-eight-bytes", "tensor 'w'", with_tensor(tensor("w", [2**40], bytes(8)))
    yield "R5", "huge-tensor-without-data", "tensor 'w'", with_tensor(tensor("w", [2**40]))
    yield "R5", "huge-constant-node", "node Constant of 'w'", with_node(
        node("Constant", [], ["w"], [attribute("value", t=tensor("", [2**40], bytes(8)))]), node("Add", ["x", "w"], ["y"]))
    yield "R5", "huge-length-of-a-field", "longer than what is left", varint(7 << 3 | 2) + varint(2**62) + b"x"
    yield "R5", "huge-external-length", "external data", with_external(("location", "rules.txt"), ("length", str(2**60)))
    yield "R5", "external-offset-plus-length-wraps", "external data", with_external(
        ("location", "rules.txt"), ("offset", str(2**64 - 4)), ("length", "8"))

    # R6: lengths, names, wire format
    sound = with_node(RELU)
    yield "R6", "cut-within-a-field", "", sound[:-3]
    yield "R6", "group", "group", sound + group()
    yield "R6", "group-within-a-node", "group", with_node(RELU + group(field(1, 1)))
    yield "R6", "group-that-does-not-end", "group", sound + varint(50 << 3 | 3)
    yield "R6", "varint-of-eleven-bytes", "damaged", sound + varint(1 << 3) + b"\xff" * 10 + b"\x01"
    yield "R6", "tag-with-padding", "damaged", sound + b"\x88\x80\x00" + b"\x01"
    yield "R6", "field-number-zero", "damaged", sound + b"\x02\x00"
    yield "R6", "wire-type-seven", "damaged", sound + b"\x0f"
    yield "R6", "graph-twice", "'graph' twice", sound + field(7, graph([RELU]))
    yield "R6", "raw-data-twice", "'raw_data' twice", with_tensor(tensor("w", [2], bytes(8)) + field(9, bytes(8)))
    yield "R6", "name-with-nul", "NUL", with_node(node("Relu", ["x"], ["y\0z"]), outputs=("y\0z",))
    yield "R6", "name-not-utf-8", "UTF-8", with_node(RELU, initializers=[field(8, b"\xff\xfe") + tensor(None, [1], bytes(4))])
    yield "R6", "name-with-a-surrogate", "UTF-8", with_node(RELU, initializers=[field(8, b"\xed\xa0\x80") + tensor(None, [1], bytes(4))])
    yield "R6", "operator-with-nul", "NUL", with_node(node("Relu\0", ["x"], ["y"]))
    yield "R6", "no-graph", "", message(f1=8, f8=opset())
    yield "R6", "empty", "empty", b""
    yield "R6", "text", "", b"this is a text about a model\n"

    # R7: recursion
    for depth in (33, 34):
        yield "R7", f"subgraphs-{depth}-deep", "nested deeper than", nested("Loop", depth)
    yield "R7", "messages-600-deep", "nested deeper than", deep_messages(600)
    yield "R7", "function-calls-itself", "calls itself", with_functions(function("first", [node("first", ["a"], ["b"], domain="f")]))
    yield "R7", "functions-call-each-other", "calls itself", with_functions(
        function("first", [node("second", ["a"], ["b"], domain="f")]), function("second", [node("first", ["a"], ["b"], domain="f")]))
    yield "R7", "function-calls-itself-through-if", "calls itself", with_functions(call_in("then_branch", "If", ["a"]))
    yield "R7", "function-calls-itself-through-loop", "calls itself", with_functions(call_in("body", "Loop", ["a", "a"]))
    yield "R7", "function-calls-itself-through-scan", "calls itself", with_functions(call_in("body", "Scan", ["a"]))
    yield "R7", "function-twice", "defined twice", with_functions(*[function("first", [node("Neg", ["a"], ["b"])])] * 2)

    # R8: graphs
    yield "R8", "cycle-of-one", "circle", with_node(node("Add", ["x", "y"], ["y"]))
    yield "R8", "cycle-of-two", "circle", with_node(node("Add", ["x", "t"], ["y"]), node("Neg", ["y"], ["t"]))
    yield "R8", "value-twice", "'y' is defined twice", with_node(RELU, node("Neg", ["x"], ["y"]))
    yield "R8", "output-is-an-input-again", "circle", with_node(node("Relu", ["x"], ["x"]), outputs=("x",))
    yield "R8", "input-twice", "'x' is defined twice", with_node(RELU, inputs=("x", "x"))
    yield "R8", "initializer-twice", "'w' is defined twice", with_node(
        node("Add", ["x", "w"], ["y"]), initializers=[tensor("w", [2], bytes(8))] * 2)
    yield "R8", "initializer-and-node", "'y' is defined twice", with_node(RELU, initializers=[tensor("y", [2], bytes(8))])
    yield "R8", "initializer-without-name", "no name", with_node(RELU, initializers=[tensor(None, [2], bytes(8))])
    yield "R8", "reads-what-nothing-defines", "'z', which nothing defines", with_node(node("Add", ["x", "z"], ["y"]))
    yield "R8", "returns-what-nothing-defines", "'y', which nothing defines", with_node(node("Relu", ["x"], ["t"]))
    body = graph([node("Neg", ["later"], ["t"])], inputs=(), outputs=("t",))
    yield "R8", "subgraph-reads-what-nothing-defines", "'later', which nothing defines", with_node(
        node("If", ["x"], ["y"], [attribute("then_branch", g=body), attribute("else_branch", g=body)]))
    yield "R8", "attribute-twice", "'alpha' is given twice", with_node(
        node("Elu", ["x"], ["y"], [attribute("alpha", f=1.0), attribute("alpha", f=2.0)]))
    for op, inputs in (("Conv", ["x"]), ("ConvTranspose", ["x", ""]), ("Gemm", ["x"]), ("MatMul", ["", "x"]),
                       ("BatchNormalization", ["x", "x", "x"]), ("Gather", ["x"])):
        yield "R8", f"{op.lower()}-without-input", "no input", with_node(node(op, inputs, ["y"]))
    for op, name, number in (("Conv", "strides", 0), ("Conv", "dilations", 0), ("Conv", "kernel_shape", -1), ("MaxPool", "strides", -2),
                             ("ConvTranspose", "strides", 0), ("AveragePool", "kernel_shape", 0)):
        yield "R8", f"{op.lower()}-{name.replace('_', '-')}-{'zero' if number == 0 else 'negative'}", "must be positive", with_node(
            node(op, ["x", "x"], ["y"], [attribute(name, ints=[1, number])]))
    for op, name, number in (("Conv", "group", 0), ("Conv", "group", -1), ("ConvTranspose", "group", 0), ("DepthToSpace", "blocksize", 0)):
        yield "R8", f"{op.lower()}-{name}-{'zero' if number == 0 else 'negative'}", "must be positive", with_node(
            node(op, ["x", "x"], ["y"], [attribute(name, i=number)]))


def deep_messages(depth):
    """Attributes with graphs with nodes, without end."""
    inner = b""
    for _ in range(depth // 3):
        inner = field(1, field(5, field(6, inner)))
    return model(inner)


def bounded():
    """Valid files that ask for much: the 152 bytes of a ConstantOfShape, and its like."""
    def ints(name, numbers):
        return tensor(name, [len(numbers)], struct.pack(f"<{len(numbers)}q", *numbers), 7)

    def scalar(name, number):
        return tensor(name, [], struct.pack("<q", number), 7)

    yield "subgraphs-31-deep", nested("Loop", 31)
    yield "subgraphs-32-deep", nested("Loop", 32)
    yield "ifs-30-deep", nested("If", 30)
    yield "bomb-constant-of-shape", with_node(node("ConstantOfShape", ["s"], ["y"]), initializers=[ints("s", [2**20, 2**20])])
    yield "bomb-expand", with_node(node("Expand", ["c", "s"], ["y"]), initializers=[scalar("c", 1), ints("s", [2**31, 2**31])])
    yield "bomb-tile", with_node(node("Tile", ["c", "s"], ["y"]), initializers=[ints("c", [1, 2]), ints("s", [2**40])])
    yield "bomb-range", with_node(node("Range", ["a", "b", "d"], ["r"]), node("Add", ["r", "r"], ["y"]),
                                  initializers=[scalar("a", 0), scalar("b", 10**12), scalar("d", 1)])
    yield "bomb-resize", with_node(node("Resize", ["c", "", "s"], ["y"], [attribute("mode", s="nearest")]), initializers=[
        tensor("c", [1, 1, 1, 1], bytes(4)), tensor("s", [4], struct.pack("<4f", 1, 1, 1e6, 1e6))])
    yield "bomb-pad", with_node(node("Pad", ["c", "p"], ["y"]), initializers=[tensor("c", [1], bytes(4)), ints("p", [2**40, 2**40])])
    yield "bomb-one-hot", with_node(node("OneHot", ["c", "d", "v"], ["y"]), initializers=[ints("c", [1, 2]), scalar("d", 2**40), ints("v", [0, 1])])
    calls = [function("first", [node("f1", ["a"], ["t"], domain="f"), node("f1", ["t"], ["b"], domain="f")])]
    calls += [function(f"f{i}", [node(f"f{i + 1}", ["a"], ["t"], domain="f"), node(f"f{i + 1}", ["t"], ["b"], domain="f")]) for i in range(1, 18)]
    yield "functions-that-double", with_functions(*calls, function("f18", [node("Neg", ["a"], ["b"])]))
    yield "declared-rank-and-dims", model(message(f1=RELU, f2="g", f11=value("x", [2**62] * 40), f12=value("y", [-5])))


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    (folder / "bounded").mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("*.onnx"), *folder.glob("*.pith"), *folder.glob("bounded/*.onnx")):
        old.unlink()
    lines = ["# Rule, file, and what the message has to hold. Written by generate.py."]
    import containers  # which uses the functions above
    cases = [(*case, ".onnx") for case in files()] + [(*case, ".pith") for case in containers.files()]
    for rule, name, says, data, suffix in cases:
        path = folder / f"{name}{suffix}"
        assert len(data) < 2048 and not path.exists(), (name, len(data))
        path.write_bytes(data)
        lines.append(f"{rule}\t{path.name}\t{says}")
    for name, data in bounded():
        (folder / "bounded" / f"{name}.onnx").write_bytes(data)
    (folder / "rules.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
