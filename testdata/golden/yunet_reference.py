"""What OpenCV makes of the pictures in face/testdata with a published YuNet, and the faces in it: python3 yunet_reference.py yunet_s.onnx

Needs OpenCV, NumPy and Pillow (Debian's python3-opencv, python3-numpy and python3-pil). OpenCV runs the file as it is; decoding follows
libfacedetection."""

import glob
import json
import math
import os
import struct
import sys
import cv2
import numpy as np
from PIL import Image

SCORE, OVERLAP = 0.6, 0.4


def save(path, tensors):
    """safetensors, float32"""
    head, data = {}, b""
    for name, t in tensors.items():
        raw = np.ascontiguousarray(t, "<f4").tobytes()
        head[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def outputs(net, picture):
    """What the cells of each level say, [rows, columns, 16]: face, box, object, points; the first and the sixth between 0 and 1."""
    h, w = (math.ceil(side / 32) * 32 for side in picture.shape[:2])
    padded = np.zeros((h, w, 3), np.float32)
    padded[: picture.shape[0], : picture.shape[1]] = picture[..., ::-1]
    net.setInput(padded.transpose(2, 0, 1)[None])
    for stride in 8, 16, 32:
        names = [f"{kind}_{stride}" for kind in ("cls", "bbox", "obj", "kps")]
        yield stride, np.concatenate([o[0] for o in net.forward(names)], 1).reshape(h // stride, w // stride, 16)


def decode(levels):
    """Faces [n, 15]: x, y, width, height, five points, score."""
    found = []
    for stride, cells in levels:
        for (row, column), score in np.ndenumerate(np.sqrt(cells[..., 0] * cells[..., 5])):
            if score < SCORE:
                continue
            c = cells[row, column]
            x, y = (column + c[1]) * stride, (row + c[2]) * stride
            w, h = np.exp(c[3:5]) * stride
            points = (c[6:].reshape(5, 2) + [column, row]) * stride
            found.append([x - w / 2, y - h / 2, w, h, *points.ravel(), score])
    keep = cv2.dnn.NMSBoxes([f[:4] for f in found], [float(f[14]) for f in found], SCORE, OVERLAP)
    return np.array([found[i] for i in np.ravel(keep).astype(int)], np.float32).reshape(-1, 15)


net = cv2.dnn.readNetFromONNX(sys.argv[1])
tensors = {}
for path in sorted(glob.glob("../../face/testdata/*.png")):
    name = os.path.splitext(os.path.basename(path))[0]
    levels = list(outputs(net, np.array(Image.open(path).convert("RGB"))))
    tensors |= {f"{name}.{stride}": cells for stride, cells in levels}
    tensors[f"{name}.faces"] = decode(levels)
    print(name, len(tensors[f"{name}.faces"]), tensors[f"{name}.faces"][:, [0, 1, 2, 3, 14]].round(2).tolist())
save("yunet.safetensors", tensors)
