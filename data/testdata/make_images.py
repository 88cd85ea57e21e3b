#!/usr/bin/env python3
"""Writes small images of every format to images/ and, as want_*.png, the RGB pixels that Pillow reads from them.

Run in this folder: python3 make_images.py. Written with Pillow 9.4.0.
"""
import numpy as np
from PIL import Image, ImageSequence

rng = np.random.default_rng(3)
H, W = 18, 25
y, x = np.mgrid[0:H, 0:W]
smooth = np.stack([x * 10, y * 14, 255 - 5 * (x + y)], axis=-1)
rgb = np.clip(smooth + rng.integers(-10, 10, (H, W, 3)), 0, 255).astype(np.uint8)
alpha = np.where(x < y, 0, 40 + 8 * x).astype(np.uint8)
colour = Image.fromarray(rgb, "RGB")
veiled = Image.fromarray(np.dstack([rgb, alpha]), "RGBA")
grey = colour.convert("L")


def write(name, image, **options):
    image.save(f"images/{name}", **options)
    Image.open(f"images/{name}").convert("RGB").save(f"images/want_{name}.png")


write("rgb.png", colour)
write("rgba.png", veiled)
write("grey.png", grey)
write("grey_alpha.png", Image.merge("LA", [grey, Image.fromarray(alpha)]))
write("palette.png", colour.quantize(20), transparency=3)
write("rgb.bmp", colour)
write("lossless.webp", colour, lossless=True)
write("lossless_alpha.webp", veiled, lossless=True, exact=True)
write("single.gif", colour.quantize(20))
# Lossy: decoders may differ a little.
write("lossy.webp", colour, quality=90)
write("rgb.jpg", colour, quality=90)
write("444.jpg", colour, quality=95, subsampling=0)
write("grey.jpg", grey, quality=95)
write("progressive.jpg", colour, quality=90, progressive=True)
cmyk = colour.convert("CMYK")
write("cmyk.jpg", cmyk, quality=95, subsampling=0)

# One upright image, stored in each of the eight EXIF orientations.
stored = [None, None, Image.FLIP_LEFT_RIGHT, Image.ROTATE_180, Image.FLIP_TOP_BOTTOM, Image.TRANSPOSE,
          Image.ROTATE_90, Image.TRANSVERSE, Image.ROTATE_270]
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = colour if orientation == 1 else colour.transpose(stored[orientation])
    turned.save(f"images/exif{orientation}.jpg", quality=95, subsampling=0, exif=exif)

# An animation with partial, transparent frames, as Pillow's optimiser writes it.
frames = []
for i in range(6):
    f = np.zeros((H, W, 3), np.uint8)
    f[:, :, 2] = 90
    f[3:9, 2 * i : 2 * i + 7] = (250, 40 * i, 20)
    frames.append(Image.fromarray(f, "RGB").quantize(8))
frames[0].save("images/animated.gif", save_all=True, append_images=frames[1:], duration=40)
strip = [np.asarray(f.convert("RGB")) for f in ImageSequence.Iterator(Image.open("images/animated.gif"))]
Image.fromarray(np.concatenate(strip), "RGB").save("images/want_animated.gif.png")
