#!/usr/bin/python3
"""Checks that mien and the PyTorch models of the comparison are the same function: same_function.py MIEN

Random weights, written by PyTorch under the published names and read by mien, must give the same probabilities for a
picture and for a clip of 16 of it.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image

import models

TOLERANCE = 1e-4  # on a probability; float32 sums in another order


def picture(path):
    """Writes smooth random colours, 160×160, and returns them normalised as [1, 3, 1, 160, 160]."""
    noise = np.random.default_rng(1).integers(0, 256, (10, 10, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((160, 160))
    image.save(path)
    x = torch.tensor(np.asarray(image)).float().permute(2, 0, 1)[None, :, None] / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (x - mean.view(3, 1, 1, 1)) / std.view(3, 1, 1, 1)


def main():
    torch.manual_seed(1)
    net = models.ViT("small").eval()
    for head in net.head.values():
        torch.nn.init.normal_(head.weight, std=0.2)  # answers far from uniform
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        torch.save(net.state_dict(), folder / "model.pth")
        x = picture(folder / "picture.png")
        (folder / "clip").mkdir()
        for i in range(64):
            (folder / "clip" / f"{i:03}.png").write_bytes((folder / "picture.png").read_bytes())
        worst = 0.0
        for path, pixels in (("picture.png", x), ("clip", x.expand(-1, -1, 16, -1, -1))):
            command = [sys.argv[1], "predict", "--model", folder / "model.pth", "--json", folder / path]
            answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            with torch.inference_mode():
                want = net(pixels).softmax(-1)[0].tolist()
            got = answer["probabilities"]
            difference = max(abs(g - w) for g, w in zip(got, want))
            print(f"{answer['modality']}: largest probability {max(want):.4f}, largest difference {difference:.1e}")
            worst = max(worst, difference)
    if worst > TOLERANCE:
        sys.exit(f"the models differ by more than {TOLERANCE}")


main()
