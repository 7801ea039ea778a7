"""Seeded inputs for whole models, from the shapes that they declare."""

import numpy
import onnx
from onnx import helper

BATCH = 2  # what a size that the model leaves open becomes
# The speech models of the assets take a rate, and a window that belongs to it.
WINDOWS = {16000: 576, 8000: 288}


def make(value, rate, random):
    declared = value.type.tensor_type
    dtype = helper.tensor_dtype_to_np_dtype(declared.elem_type)
    if value.name == "sr":
        return numpy.array(rate, dtype)
    shape = [dim.dim_value or BATCH for dim in declared.shape.dim]
    if value.name == "input" and len(shape) == 2 and not declared.shape.dim[1].dim_value:
        shape[1] = WINDOWS[rate]
    if numpy.issubdtype(dtype, numpy.integer):
        return random.integers(0, 256, shape).astype(dtype)
    return random.standard_normal(shape).astype(dtype) / 2


def feeds_of(model):
    """Inputs by name for an onnx.ModelProto, twice where the model takes a rate."""
    random = numpy.random.default_rng(4)
    initialized = {value.name for value in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in initialized]
    rates = list(WINDOWS) if any(value.name == "sr" for value in inputs) else [16000]
    return [{value.name: make(value, rate, random) for value in inputs} for rate in rates]
