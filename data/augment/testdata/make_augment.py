#!/usr/bin/env python3
"""Writes what Pillow, PyTorch and torchvision make of a small picture: operations.png and operations.json (every operation of
RandAugment), resized.png and resized.json (crops resized in bytes and in floats), boxes.json (crops that do not fit) and views.json
(whole views as published).

Run in this folder: python3 make_augment.py. Written with Pillow 9.4.0, PyTorch 1.13.0, torchvision 0.14.1.
"""
import json

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps
from torch.nn.functional import interpolate
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms import functional as F

W, H = 37, 29
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
METHODS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}


def write(name, value):
    with open(name, "w") as file:
        json.dump(value, file, separators=(",", ":"))
        file.write("\n")


def picture(seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:H, 0:W]
    pixels = np.stack([4 * x + 2 * y + 9 * seed, (x * y) // 4 + 20, 230 - 5 * y - x], axis=-1) + rng.integers(-9, 9, (H, W, 3))
    pixels[3:9, 4:14] += 60
    return Image.fromarray(np.clip(pixels, 5, 248).astype(np.uint8), "RGB")


def table(image, f):
    return image.point([min(255, max(0, f(v))) for v in range(256)] * 3)


def affine(image, matrix, how):
    return image.transform(image.size, Image.AFFINE, matrix, resample=METHODS[how], fillcolor=(128, 128, 128))


OPERATIONS = {
    "AutoContrast": lambda image, a, how: ImageOps.autocontrast(image),
    "Equalize": lambda image, a, how: ImageOps.equalize(image),
    "Invert": lambda image, a, how: ImageOps.invert(image),
    "Rotate": lambda image, a, how: image.rotate(a, resample=METHODS[how], fillcolor=(128, 128, 128)),
    "Posterize": lambda image, a, how: ImageOps.posterize(image, int(a)),
    "Solarize": lambda image, a, how: ImageOps.solarize(image, int(a)),
    "SolarizeAdd": lambda image, a, how: table(image, lambda v: v + int(a) if v < 128 else v),
    "Color": lambda image, a, how: ImageEnhance.Color(image).enhance(a),
    "Contrast": lambda image, a, how: ImageEnhance.Contrast(image).enhance(a),
    "Brightness": lambda image, a, how: ImageEnhance.Brightness(image).enhance(a),
    "Sharpness": lambda image, a, how: ImageEnhance.Sharpness(image).enhance(a),
    "ShearX": lambda image, a, how: affine(image, (1, a, 0, 0, 1, 0), how),
    "ShearY": lambda image, a, how: affine(image, (1, 0, 0, a, 1, 0), how),
    "TranslateX": lambda image, a, how: affine(image, (1, 0, a * image.size[0], 0, 1, 0), how),
    "TranslateY": lambda image, a, how: affine(image, (1, 0, 0, 0, 1, a * image.size[1]), how),
}
ARGUMENTS = {
    "AutoContrast": [0], "Equalize": [0], "Invert": [0], "Rotate": [17.3, -25.0, 0.0, 90.0, -4.625], "Posterize": [0, 1, 3, 4],
    "Solarize": [0, 77, 128, 256], "SolarizeAdd": [0, 42, 110], "Color": [0.1, 0.63, 1.0, 1.71], "Contrast": [0.1, 0.63, 1.0, 1.71],
    "Brightness": [0.1, 0.63, 1.0, 1.71], "Sharpness": [0.1, 0.63, 1.0, 1.71], "ShearX": [0.21, -0.3], "ShearY": [0.21, -0.3],
    "TranslateX": [0.13, -0.45], "TranslateY": [0.13, -0.45],
}
MOVES = ["Rotate", "ShearX", "ShearY", "TranslateX", "TranslateY"]


def strip(images):
    """All images below each other, each at the left."""
    width = max(image.size[0] for image in images)
    out = Image.new("RGB", (width, sum(image.size[1] for image in images)))
    top = 0
    for image in images:
        out.paste(image, (0, top))
        top += image.size[1]
    return out


def operations():
    image, cases, results = picture(1), [], []
    narrow = Image.fromarray(np.asarray(image) // 7 + 100)  # few levels: equalizing them leaves gaps
    for name, arguments in ARGUMENTS.items():
        for how in ["bilinear", "bicubic"] if name in MOVES else ["bilinear"]:
            for a in arguments:
                for source in ["picture", "narrow"] if name in ["AutoContrast", "Equalize", "Contrast"] else ["picture"]:
                    cases.append({"source": source, "name": name, "argument": a, "interpolation": how})
                    results.append(OPERATIONS[name](image if source == "picture" else narrow, a, how))
    image.save("picture.png")
    strip(results).save("operations.png", optimize=True)
    write("operations.json", cases)


def tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def floats(t):
    return [round(float(v), 7) for v in t.flatten()]


BOXES = [(0, 0, W, H, 10, 12), (5, 3, 21, 17, 24, 14), (2, 1, 30, 27, 13, 9), (9, 4, 6, 5, 6, 5), (9, 4, 6, 5, 11, 16), (30, 25, 1, 1, 3, 2)]


def resized():
    image, cases, results = picture(2), [], []
    image.save("second.png")
    for x, y, w, h, to_w, to_h in BOXES:
        for how in METHODS:
            results.append(image.crop((x, y, x + w, y + h)).resize((to_w, to_h), METHODS[how]))
            cases.append({"box": [x, y, w, h], "w": to_w, "h": to_h, "interpolation": how})
            part = tensor(image)[:, :, y : y + h, x : x + w]
            cases.append({"box": [x, y, w, h], "w": to_w, "h": to_h, "interpolation": "tensor-" + how,
                          "floats": floats(Interpolate(part, (to_h, to_w), mode=how, align_corners=False))})
    strip(results).save("resized.png", optimize=True)
    write("resized.json", cases)


def boxes():
    """Frames in which no crop of 90 to 100 % fits: torchvision then takes one in the middle."""
    cases = []
    for h, w in [(10, 400), (400, 10), (7, 64), (33, 9)]:
        top, left, height, width = RandomResizedCrop.get_params(torch.empty(3, h, w), (0.9, 1.0), (3 / 4, 4 / 3))
        cases.append({"h": h, "w": w, "box": [left, top, width, height]})
    write("boxes.json", cases)


def normalised(t):
    return (t - torch.tensor(MEAN).float().view(3, 1, 1)) / torch.tensor(STD).float().view(3, 1, 1)


def finetuned_video(frames):
    """Resized by Pillow, RandAugment, then crop, flip and noise in normalised floats."""
    out, noise = [], torch.from_numpy(np.random.default_rng(5).standard_normal((3, 3, 4, 6)).astype(np.float32))  # [C, T, h, w]
    for t, image in enumerate(frames):
        image = image.resize((20, 20), Image.BILINEAR)
        image = OPERATIONS["Rotate"](image, -13.5, "bicubic")
        image = OPERATIONS["Color"](image, 1.5, "bicubic")
        x = normalised(tensor(image)[0])
        x = Interpolate(x[None, :, 2:15, 5:16], (16, 16), mode="bilinear", align_corners=False)[0].flip(-1)
        x[:, 9:13, 1:7] = noise[:, t]
        out.append(x)
    return torch.stack(out, 1), noise


def pretrained_video(frames):
    """The part of a frame, scaled to 19, then cropped: both in floats."""
    out = []
    for image in frames:
        x = tensor(image)[:, :, 0:16, 3:19]
        x = Interpolate(x, (19, 19), mode="bilinear", align_corners=False)
        out.append(Interpolate(x[:, :, 1:12, 4:18], (16, 16), mode="bilinear", align_corners=False)[0])
    return torch.stack(out, 1)


def finetuned_image(image):
    """Resized, cropped, mirrored, RandAugment, erased with zeros."""
    image = image.resize((19, 19), Image.BILINEAR).crop((2, 1, 18, 17)).transpose(Image.FLIP_LEFT_RIGHT)
    image = OPERATIONS["ShearY"](image, 0.2, "bilinear")
    image = OPERATIONS["Equalize"](image, 0, "bilinear")
    return F.erase(tensor(image)[0], 3, 5, 7, 4, torch.zeros(1))


def pretrained_image(image):
    return tensor(image.crop((4, 3, 30, 25)).resize((16, 16), Image.BICUBIC).transpose(Image.FLIP_LEFT_RIGHT))[0]


def views():
    frames = [picture(seed) for seed in (3, 4, 5)]
    strip(frames).save("video.png", optimize=True)
    video, noise = finetuned_video(frames)
    write("views.json", {
        "noise": floats(noise),
        "finetuned_video": floats(video),
        "pretrained_video": floats(pretrained_video(frames)),
        "finetuned_image": floats(finetuned_image(frames[0])),
        "pretrained_image": floats(pretrained_image(frames[0])),
    })


operations()
resized()
boxes()
views()
