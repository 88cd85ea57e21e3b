package augment

import "math"

// The operations of RandAugment on colours, as Pillow's ImageOps and ImageEnhance carry them out.

// table is the new value of each value of a channel.
type table [256]uint8

// tableOf returns the table of a function, rounded towards zero and kept in 0 to 255.
func tableOf(f func(v int) float64) (t table) {
	for v := range t {
		t[v] = uint8(min(max(f(v), 0), 255))
	}
	return t
}

// mapped looks up all pixels, each channel in its own table.
func mapped(pix []uint8, r, g, b *table) []uint8 {
	for i := 0; i+2 < len(pix); i += 3 {
		pix[i], pix[i+1], pix[i+2] = r[pix[i]], g[pix[i+1]], b[pix[i+2]]
	}
	return pix
}

// perChannel looks up all pixels in tables that are made of each channel's histogram.
func perChannel(pix []uint8, of func(histogram *[256]int) table) []uint8 {
	var histograms [3][256]int
	for i := 0; i+2 < len(pix); i += 3 {
		histograms[0][pix[i]]++
		histograms[1][pix[i+1]]++
		histograms[2][pix[i+2]]++
	}
	r, g, b := of(&histograms[0]), of(&histograms[1]), of(&histograms[2])
	return mapped(pix, &r, &g, &b)
}

// autoContrast spreads each channel from 0 to 255.
func autoContrast(pix, _ []uint8, _, _ int, _ Operation) []uint8 {
	return perChannel(pix, func(histogram *[256]int) table {
		lo, hi := 0, 255
		for histogram[lo] == 0 {
			lo++
		}
		for histogram[hi] == 0 {
			hi--
		}
		if hi == lo {
			return tableOf(same)
		}
		scale := 255 / float64(hi-lo)
		return tableOf(func(v int) float64 { return float64(float64(v)*scale) - float64(float64(lo)*scale) })
	})
}

func same(v int) float64 { return float64(v) }

// equalize flattens the histogram of each channel.
func equalize(pix, _ []uint8, _, _ int, _ Operation) []uint8 {
	return perChannel(pix, func(histogram *[256]int) table {
		sum, last := 0, 0
		for _, n := range histogram {
			if n > 0 {
				sum, last = sum+n, n
			}
		}
		step := (sum - last) / 255
		if step == 0 {
			return tableOf(same)
		}
		n := step / 2
		return tableOf(func(v int) float64 {
			value := n / step
			n += histogram[v]
			return float64(value)
		})
	})
}

func invert(pix, _ []uint8, _, _ int, _ Operation) []uint8 {
	for i, v := range pix {
		pix[i] = 255 - v
	}
	return pix
}

// posterize keeps the given number of upper bits.
func posterize(pix, _ []uint8, _, _ int, o Operation) []uint8 {
	mask := ^uint8(0xFF >> int(o.Argument))
	for i, v := range pix {
		pix[i] = v & mask
	}
	return pix
}

// solarize inverts what is not below a threshold.
func solarize(pix, _ []uint8, _, _ int, o Operation) []uint8 {
	for i, v := range pix {
		if int(v) >= int(o.Argument) {
			pix[i] = 255 - v
		}
	}
	return pix
}

// solarizeAdd makes what is below 128 brighter.
func solarizeAdd(pix, _ []uint8, _, _ int, o Operation) []uint8 {
	for i, v := range pix {
		if v < 128 {
			pix[i] = uint8(min(int(v)+int(o.Argument), 255))
		}
	}
	return pix
}

// blend is a + factor·(v − a) in float32, rounded towards zero: Pillow's Image.blend.
func blend(a, v uint8, factor float32) uint8 {
	x := float32(a) + float32(factor*float32(int(v)-int(a)))
	return uint8(min(max(x, 0), 255))
}

// luma is Pillow's grey: ITU-R 601 with 16 fractional bits.
func luma(pix []uint8) uint8 {
	return uint8((19595*uint32(pix[0]) + 38470*uint32(pix[1]) + 7471*uint32(pix[2]) + 0x8000) >> 16)
}

// color moves each pixel away from its grey.
func color(pix, _ []uint8, _, _ int, o Operation) []uint8 {
	factor := float32(o.Argument)
	for i := 0; i+2 < len(pix); i += 3 {
		grey := luma(pix[i:])
		for c := range 3 {
			pix[i+c] = blend(grey, pix[i+c], factor)
		}
	}
	return pix
}

// contrast moves all values away from the frame's mean grey.
func contrast(pix, _ []uint8, _, _ int, o Operation) []uint8 {
	sum := 0
	for i := 0; i+2 < len(pix); i += 3 {
		sum += int(luma(pix[i:]))
	}
	return away(pix, uint8(math.Floor(float64(sum)/float64(len(pix)/3)+0.5)), o)
}

// brightness moves all values away from black.
func brightness(pix, _ []uint8, _, _ int, o Operation) []uint8 { return away(pix, 0, o) }

func away(pix []uint8, from uint8, o Operation) []uint8 {
	t := tableOf(func(v int) float64 { return float64(blend(from, uint8(v), float32(o.Argument))) })
	return mapped(pix, &t, &t, &t)
}

// sharpness moves each pixel away from a blurred one: the mean of nine, the middle one five times. The outermost stay.
func sharpness(pix, spare []uint8, h, w int, o Operation) []uint8 {
	copy(spare, pix)
	factor := float32(o.Argument)
	for y := 1; y < h-1; y++ {
		above, row, below := pix[(y-1)*w*3:][:w*3], pix[y*w*3:][:w*3], pix[(y+1)*w*3:][:w*3]
		out := spare[y*w*3:][:w*3]
		for i := 3; i < len(row)-3; i++ {
			sum := int(above[i-3]) + int(above[i]) + int(above[i+3]) + int(row[i-3]) + 5*int(row[i]) + int(row[i+3]) +
				int(below[i-3]) + int(below[i]) + int(below[i+3])
			out[i] = blend(uint8((2*sum+13)/26), row[i], factor) // Pillow rounds the mean to the nearest
		}
	}
	return spare
}
