#!/usr/bin/env python3
"""Writes sampling.json: frame indices by numpy's linspace, as the S4D reference code takes them.

Run in this folder: python3 make_sampling.py
"""
import json

import numpy as np


def whole(n, frames, stride):
    index = np.concatenate((np.linspace(0, n, num=n // stride), np.ones(frames - n // stride) * n))
    return np.clip(index, 0, n - 1).astype(np.int64).tolist()


def window(end, frames, stride):
    start = end - frames * stride
    return np.clip(np.linspace(start, end, num=frames), start, end - 1).astype(np.int64).tolist()


def pretrain(n, frames, stride, first):
    number = first + 1  # frames are counted from 1 there, and compared with n from 0: the last is never stepped to
    index = []
    for _ in range(frames):
        index.append(number - 1)
        if number + stride < n:
            number += stride
    return index


def test(n, frames, stride):
    index = list(range(0, n, stride))
    index += [index[-1]] * (frames - len(index))
    spare = max(len(index) - frames, 0)
    return [index[int(k * spare) : int(k * spare) + frames] for k in (0, 1)]


shapes = [(16, 4), (16, 1), (16, 3), (8, 2), (4, 1), (16, 7)]
golden = {
    "whole": [[n, f, s, whole(n, f, s)] for f, s in shapes for n in [1, 2, 3, 5, 7, 8, 20, 33, 63, 64, 111, 112] if n <= f * s],
    "window": [[e, f, s, window(e, f, s)] for f, s in shapes for e in [f * s, f * s + 1, f * s + 36, f * s + 101]],
    "pretrain": [[n, f, s, first, pretrain(n, f, s, first)] for f, s in shapes
                 for n in sorted({1, 2, 3, s, s + 1, s + 2, 2 * s + 1, (f - 1) * s, (f - 1) * s + 1, (f - 1) * s + 2, f * s - 1, f * s, f * s + 9})
                 for first in sorted({0, max(n - f * s, 0)})],
    "test": [[n, f, s, test(n, f, s)] for f, s in shapes for n in [1, 3, 4, 5, 16, 17, 61, 64, 65, 100, 300]],
}
with open("sampling.json", "w") as file:
    file.write("{\n")
    for i, (name, rows) in enumerate(golden.items()):
        lines = ",\n  ".join(json.dumps(row, separators=(",", ":")) for row in rows)
        file.write(f'"{name}": [\n  {lines}\n]{"," if i < 3 else ""}\n')
    file.write("}\n")
