package data

// Mirror swaps left and right in place.
func Mirror(f *Frames) {
	for start := 0; start < len(f.Pix); start += f.W * 3 {
		reversePixels(f.Pix[start : start+f.W*3])
	}
}

func reversePixels(pix []uint8) {
	for i, j := 0, len(pix)-3; i < j; i, j = i+3, j-3 {
		for c := range 3 {
			pix[i+c], pix[j+c] = pix[j+c], pix[i+c]
		}
	}
}
