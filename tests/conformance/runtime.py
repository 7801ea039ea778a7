"""Runs models in ONNX Runtime with its optimisations off, and compares what they give."""

import ctypes
import os
import re

# Before the import: the library reads them when loaded. The second admits operator sets that are not yet released.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["ALLOW_RELEASED_ONNX_OPSET_ONLY"] = "0"

import numpy
import onnx
import onnxruntime
from onnx import numpy_helper
from onnxruntime.capi import onnxruntime_pybind11_state as native

onnxruntime.set_default_logger_severity(4)
OLDER = [(13, 28), (13, 27), (13, 26)]  # releases of the file format and operator set, for models newer than the runtime
SEED = 20  # of random operators that have none of their own
NUMPY_TYPES = {"float", "double", "float16", "string", "bool"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


class CannotRun(Exception):
    """The runtime refuses a model or its inputs; the message is its reason, without what is of one machine."""


def reason_of(error):
    text = " ".join(str(error).split())
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : ", "", text)
    text = re.sub(r"/\S*/", "", text)  # folders of the machine that built the runtime
    text = re.sub(r"\S+\.(cc|h):\d+ .*?\)(::<lambda\(\)>)?( const)? (?=[A-Z\w])", "", text)  # and its functions
    text = re.sub(r"This is an invalid model. In Node, .*?, Error ", "", text)
    return text[:120].strip()


def numpy_can_hold(declared):
    """False for types like tensor(bfloat16), which Python's binding gives out as raw memory only."""
    return all(name in NUMPY_TYPES for name in re.findall(r"\((\w+)\)", declared))


def session_of(model):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    onnxruntime.set_seed(SEED)
    attempts = [lambda: model, *(lambda older=older: marked(model, *older) for older in OLDER)]
    for attempt in attempts:
        try:
            return onnxruntime.InferenceSession(attempt(), options, providers=["CPUExecutionProvider"])
        except (native.Fail, native.InvalidGraph) as error:
            refusal = error
            if not of_later_release(model):
                break
    raise refusal


def of_later_release(model):
    message = onnx.load_model_from_string(model)
    return message.ir_version > 13 or any(used.domain == "" and used.version > 26 for used in message.opset_import)


def marked(model, ir_version, opset):
    """A model newer than the runtime, marked with an older release that the runtime knows.

    Original and result are marked alike, so what is computed may be of an older definition, but of the same one.
    """
    message = onnx.load_model_from_string(model)
    message.ir_version = min(message.ir_version, ir_version)
    for used in message.opset_import:
        if used.domain == "":
            used.version = min(used.version, opset)
    return message.SerializeToString()


def as_input(value):
    """An input as the suite gives it, messages and bare numbers included, as an array, a list of arrays, or None."""
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return [as_input(v) for v in value] if isinstance(value, list) else value if value is None else numpy.asarray(value)


def as_value(array):
    """An array as a tensor of the runtime, through its memory: this works for every type."""
    tensor = numpy_helper.from_array(array)
    if tensor.data_type == tensor.STRING:
        return onnxruntime.OrtValue.ortvalue_from_numpy(array)
    value = onnxruntime.OrtValue.ortvalue_from_shape_and_type(list(array.shape), tensor.data_type)
    if value.tensor_size_in_bytes() != len(tensor.raw_data):
        raise CannotRun(f"takes tensors of type {tensor.data_type} with another size")
    ctypes.memmove(value.data_ptr(), tensor.raw_data, len(tensor.raw_data))
    return value


def from_value(value):
    if value.is_tensor() and not numpy_can_hold(value.data_type()):
        return (value.data_type(), tuple(value.shape()), ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes()))
    return value.numpy()


def run(model, inputs):
    """The outputs of a model on inputs by name (a name that the model does not have is left out)."""
    try:
        session = session_of(model)
        feeds = {i.name: as_input(inputs[i.name]) for i in session.get_inputs() if i.name in inputs}
        types = [value.type for value in (*session.get_inputs(), *session.get_outputs())]
        if all(map(numpy_can_hold, types)):
            return session.run(None, feeds)
        return [from_value(v) for v in session.run_with_ort_values(None, {k: as_value(v) for k, v in feeds.items()})]
    except CannotRun:
        raise
    except Exception as error:  # the runtime's exceptions share no base class
        raise CannotRun(reason_of(error)) from None


def same(a, b):
    """Equal bit for bit."""
    if isinstance(a, numpy.ndarray):
        if not isinstance(b, numpy.ndarray) or (a.dtype, a.shape) != (b.dtype, b.shape):
            return False
        return bool((a == b).all()) if a.dtype == object else a.tobytes() == b.tobytes()
    if isinstance(a, (list, tuple)):
        return isinstance(b, (list, tuple)) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return type(a) is type(b) and a == b


def difference(a, b):
    """The largest difference of two lists of outputs, relative to the largest magnitude of its output.

    inf when types, shapes, non-finite numbers, or anything but floats differ.
    """
    worst = 0.0
    for x, y in zip(a, b, strict=True):
        if same(x, y):
            continue
        floats = isinstance(x, numpy.ndarray) and isinstance(y, numpy.ndarray) and x.dtype.kind == "f"
        if not floats or (x.dtype, x.shape) != (y.dtype, y.shape):
            return float("inf")
        x, y = x.astype(numpy.float64), y.astype(numpy.float64)
        finite = numpy.isfinite(x)
        if not numpy.array_equal(x[~finite], y[~finite], equal_nan=True) or not numpy.isfinite(y[finite]).all():
            return float("inf")
        scale = numpy.abs(x[finite]).max(initial=0.0)
        gap = numpy.abs(x[finite] - y[finite]).max(initial=0.0)
        worst = max(worst, gap / scale if scale else float("inf") if gap else 0.0)
    return float(worst)
