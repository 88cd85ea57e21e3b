#!/bin/sh
# Writes to external/ small files of the formats that ffmpeg decodes. Run in this folder, after make_images.py. Written with ffmpeg 5.1.
make() { ffmpeg -y -v error "$@"; }
make -i images/rgb.png -c:v libaom-av1 -still-picture 1 external/picture.avif
make -i images/rgb.png -c:v libjxl -distance 0 external/picture.jxl
make -i images/rgb.png external/picture.tif
make -f lavfi -i testsrc=size=32x32:rate=5:duration=1 -c:v libwebp_anim -loop 0 external/animated.webp
make -f lavfi -i testsrc=size=32x32:rate=5:duration=1 -c:v mpeg2video external/video.ts
