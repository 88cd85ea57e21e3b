"""Runs MobileFaceNet from its OpenVINO file with PyTorch and stores features and landmarks: mobilefacenet_reference.py MODEL.xml

The images are numbers of a formula, which the test knows too. The weights are not stored here.
"""
import sys
import xml.etree.ElementTree as ET
import numpy as np
import torch
import torch.nn.functional as F
from make_golden import save


def images(n):
    f, y, x, c = np.meshgrid(np.arange(n), np.arange(112), np.arange(112), np.arange(3), indexing="ij")
    return torch.tensor(((f * 29 + y * (3 + c) + x * (5 + f) + c * 11) % 97) / 97).float()  # [n, 112, 112, 3]


def run(path, x):
    net, raw = ET.parse(path).getroot(), open(path.replace(".xml", ".bin"), "rb").read()
    inputs = {}
    for e in net.find("edges"):
        inputs.setdefault(int(e.get("to-layer")), {})[int(e.get("to-port"))] = int(e.get("from-layer"))
    out, tap = {}, None
    for layer in net.find("layers"):
        at, kind, data = int(layer.get("id")), layer.get("type"), layer.find("data")
        a = [out[i] for _, i in sorted(inputs.get(at, {}).items())]
        numbers = lambda key: [int(v) for v in data.get(key).split(",")]
        if kind == "Parameter":
            out[at] = x.permute(0, 3, 1, 2)
        elif kind == "Const":
            dtype = {"f16": "<f2", "f32": "<f4", "i64": "<i8"}[data.get("element_type")]
            start, size = int(data.get("offset")), int(data.get("size"))
            shape = numbers("shape") if data.get("shape") else []
            value = torch.tensor(np.frombuffer(raw[start:start + size], dtype).reshape(shape).copy())
            out[at] = value if value.dtype == torch.int64 else value.float()
        elif kind == "Convolution":
            out[at] = F.conv2d(a[0], a[1], None, numbers("strides"), numbers("pads_begin"))
        elif kind == "GroupConvolution":
            out[at] = F.conv2d(a[0], a[1].flatten(0, 1), None, numbers("strides"), numbers("pads_begin"), groups=len(a[1]))
        elif kind == "PReLU":
            out[at] = F.prelu(a[0], a[1].flatten())
        elif kind in ("Add", "Multiply"):
            out[at] = a[0] + a[1] if kind == "Add" else a[0] * a[1]
            if out[at].shape[1:] == (128, 14, 14):
                tap = out[at]  # the last of this size: behind a unit's residual
        elif kind == "MatMul":
            out[at] = a[0] @ a[1].t()
        elif kind in ("Reshape", "Squeeze", "Unsqueeze"):
            out[at] = a[0].flatten(1) if kind == "Reshape" else a[0]
            if kind == "Unsqueeze":
                out[at] = a[0][..., None]
            if kind == "Squeeze":
                out[at] = a[0].flatten(1)
        elif kind == "Result":
            return tap, a[0].flatten(1)


if __name__ == "__main__":
    features, points = run(sys.argv[1], images(2))
    save("mobilefacenet.safetensors", {"features": features[1:].permute(0, 2, 3, 1), "points": points.view(2, 68, 2)})
