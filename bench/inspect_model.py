"""Makes a model of 1 GB for bench/inspect.sh: weights drawn from normal distributions whose width
differs from tensor to tensor, as trained ones are. Usage: inspect_model.py FOLDER"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

WIDTH = 4096
LAYERS = 15  # of 4096 x 4096 float32: 64 MiB each


def main() -> None:
    folder = Path(sys.argv[1])
    random = np.random.default_rng(1)
    nodes, weights, value = [], [], "x"
    for layer in range(LAYERS):
        scale = np.float32(0.02 * (1 + layer % 4))
        weight = random.standard_normal((WIDTH, WIDTH), dtype=np.float32) * scale
        weights.append(helper.make_tensor(f"w{layer}", TensorProto.FLOAT, weight.shape, weight.tobytes(), raw=True))
        nodes.append(helper.make_node("MatMul", [value, f"w{layer}"], [f"h{layer}"], name=f"dense{layer}"))
        value = f"h{layer}"
    shape = ["batch", WIDTH]
    graph = helper.make_graph(
        nodes,
        "inspect",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, shape)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, folder / "one-file.onnx")
    (folder / "external").mkdir(exist_ok=True)
    onnx.save(model, folder / "external" / "model.onnx", save_as_external_data=True, location="weights.bin")


main()
