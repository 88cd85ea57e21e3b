"""Runs MobileFaceNet with PyTorch and stores features and landmarks, from weights of a formula or from OpenVINO's file:
mobilefacenet_reference.py [MODEL.xml]

The images are numbers of a formula, which the test knows too. The weights are not stored here.
"""
import math
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


def formula(name, *shape, fan_in=0):
    """A tensor with mien's name and shape, convolutions folded and channels last: weights of a fan-in, slopes or biases."""
    i = torch.arange(math.prod(shape)) * 37 + 11 * sum(name.encode())
    v = ((i % 101 - 50) / 50).view(shape).double()
    return v * math.sqrt(3 / fan_in) if fan_in else 0.25 + v / 10 if name.endswith("slope") else v / 10


def convolve(x, name, out, k, stride=1, pad=None, depthwise=False, prelu=True):
    pad, channels = k // 2 if pad is None else pad, x.shape[1]
    if depthwise:
        w = formula(name + ".weight", 1, k, k, out, fan_in=k * k).permute(3, 0, 1, 2)
    else:
        w = formula(name + ".weight", out, 1, k, k, channels, fan_in=k * k * channels)[:, 0].permute(0, 3, 1, 2)
    x = F.conv2d(x, w, formula(name + ".bias", out), stride, pad, groups=out if depthwise else 1)
    return F.prelu(x, formula(name + ".slope", out)) if prelu else x


def unit(x, name, inside, out, stride):
    y = convolve(x, name + ".conv", inside, 1)
    y = convolve(y, name + ".conv_dw", inside, 3, stride, depthwise=True)
    y = convolve(y, name + ".project", out, 1, prelu=False)
    return x + y if stride == 1 else y


def network(x):
    """Features and points of images [n, 3, 112, 112]."""
    x = convolve(convolve(x, "conv1", 64, 3, 2), "conv2_dw", 64, 3, depthwise=True)
    for first, rest, out, down, inside, count in (("conv_23", "conv_3", 64, 128, 128, 4), ("conv_34", "conv_4", 128, 256, 256, 6),
                                                  ("conv_45", "conv_5", 128, 512, 256, 2)):
        x = unit(x, first, down, out, 2)
        for i in range(count):
            x = unit(x, f"{rest}.model.{i}", inside, out, 1)
        if first == "conv_34":
            features = x
    x = convolve(x, "conv_6_sep", 512, 1)
    x = convolve(x, "output_layer.conv_6_dw", 512, 7, pad=0, depthwise=True, prelu=False).flatten(1)
    return features, F.linear(x, formula("output_layer.linear.weight", 136, 512, fan_in=512), formula("output_layer.linear.bias", 136))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        features, points = network(images(2).double().permute(0, 3, 1, 2))
        save("mobilefacenet_formula.safetensors", {"features": features[:, :, 5].permute(0, 2, 1), "points": points.view(2, 68, 2)})
        print(features.std(), points.std())
    else:
        features, points = run(sys.argv[1], images(2))
        save("mobilefacenet.safetensors", {"features": features[1:].permute(0, 2, 3, 1), "points": points.view(2, 68, 2)})
