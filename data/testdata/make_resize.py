#!/usr/bin/env python3
"""Writes resize/*.png: an image and what Pillow's resize(..., BILINEAR) makes of it. PNG, as it is lossless.

Run in this folder: python3 make_resize.py. Written with Pillow 9.4.0; any version since 3.x gives the same bytes.
"""
import numpy as np
from PIL import Image

rng = np.random.default_rng(7)
y, x = np.mgrid[0:61, 0:47]
pixels = np.stack([x * 5 + y, (x * y) // 3, 255 - 4 * y], axis=-1) + rng.integers(-60, 60, (61, 47, 3))
pixels[:8, :8] = 255  # saturated corners: rounded weights may sum to more than 1
pixels[-8:, -8:] = 0
source = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8), "RGB")
source.save("resize/source.png")

for w, h in [(16, 16), (47, 20), (20, 61), (46, 60), (48, 62), (80, 96), (1, 1), (3, 130), (200, 2)]:
    source.resize((w, h), Image.BILINEAR).save(f"resize/{w}x{h}.png")
# crop box (x0, y0, x1, y1), then resize
source.crop((5, 9, 36, 50)).resize((24, 24), Image.BILINEAR).save("resize/crop_5_9_31_41_24x24.png")
