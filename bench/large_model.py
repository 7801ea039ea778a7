"""Makes a model with external data, shaped like a language model: an embedding and MatMul layers.

usage: large_model.py MODEL.onnx GIGABYTES [HIDDEN]

Weights are drawn from heavy-tailed bell curves with a scale of their own for each channel, as trained
weights are; the seed is fixed. Weights that runtimes would read are float32. Needs numpy and onnx.
"""

import pathlib
import sys

import numpy
import onnx
from onnx import TensorProto, helper


def main():
    path = pathlib.Path(sys.argv[1])
    budget = int(float(sys.argv[2]) * 1e9)
    hidden = int(sys.argv[3]) if len(sys.argv) > 3 else 2048
    random = numpy.random.default_rng(7)
    # One long draw that every tensor takes its own window of: a fresh one for each would take minutes.
    values = random.standard_t(8, size=1 << 24).astype(numpy.float32)
    data_name = path.name + ".data"
    initializers, nodes = [], []

    with open(path.parent / data_name, "wb") as data:

        def weight(name, rows, columns):
            offset = data.tell()
            step = max(1, (1 << 22) // columns)  # rows at a time
            scale = numpy.exp(random.normal(-4, 0.3, size=columns)).astype(numpy.float32)
            for first in range(0, rows, step):
                count = min(step, rows - first)
                start = int(random.integers(0, len(values) - count * columns))
                data.write((values[start : start + count * columns].reshape(count, columns) * scale).tobytes())
            tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[rows, columns])
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", data_name), ("offset", offset), ("length", data.tell() - offset)):
                tensor.external_data.add(key=key, value=str(value))
            initializers.append(tensor)

        weight("embedding", 32 * hidden, hidden)
        nodes.append(helper.make_node("Gather", ["embedding", "tokens"], ["h0"]))
        layer = 0
        while data.tell() < budget:
            last = f"h{layer}"
            for part in "qkvo":
                weight(f"layer{layer}.{part}", hidden, hidden)
                nodes.append(helper.make_node("MatMul", [last, f"layer{layer}.{part}"], [f"h{layer}{part}"]))
                last = f"h{layer}{part}"
            weight(f"layer{layer}.up", hidden, 4 * hidden)
            weight(f"layer{layer}.down", 4 * hidden, hidden)
            nodes.append(helper.make_node("MatMul", [last, f"layer{layer}.up"], [f"up{layer}"]))
            nodes.append(helper.make_node("Relu", [f"up{layer}"], [f"relu{layer}"]))
            nodes.append(helper.make_node("MatMul", [f"relu{layer}", f"layer{layer}.down"], [f"h{layer + 1}"]))
            layer += 1

    graph = helper.make_graph(
        nodes,
        "large",
        [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["n"])],
        [helper.make_tensor_value_info(f"h{layer}", TensorProto.FLOAT, ["n", hidden])],
        initializers,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


main()
