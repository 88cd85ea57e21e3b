package annotated

import (
	"math"
	"math/cmplx"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every portrait of the 80 sitters is there, with eyes that are eyes: corners from left to right, each eye half as wide as the eyes are apart,
// and the same in all passes but for 3.3 % of that distance, and for 0.7 % in the mean.
func TestPortraits(t *testing.T) {
	all, err := Portraits()
	require.NoError(t, err)
	require.Len(t, all, 160)
	seen := map[string]int{}
	for _, e := range all {
		require.Regexp(t, `^portraits/(neutral|happiness)/\d{3}\.jpg$`, e.Picture)
		seen[e.Sitter()]++
		c, apart := e.Corners, e.Apart()
		require.InDelta(t, 67, apart, 12, e.Picture)
		for i := range 3 {
			require.Less(t, real(c[i]), real(c[i+1]), e.Picture)
		}
		for _, width := range []complex128{c[1] - c[0], c[3] - c[2]} {
			require.InDelta(t, 0.47, cmplx.Abs(width)/apart, 0.12, e.Picture)
		}
	}
	require.Len(t, seen, 80)
	each, err := parse(file)
	require.NoError(t, err)
	var off [passes]complex128
	for i, e := range each {
		l, r := e.Middles()
		left, right := all[i/passes].Middles()
		off[i%passes] += (l + r - left - right) / complex(2*all[i/passes].Apart()*float64(len(all)), 0)
		require.Less(t, max(cmplx.Abs(l-left), cmplx.Abs(r-right))/all[i/passes].Apart(), 0.033, "%s, pass %d", e.Picture, i%passes+1)
	}
	for i, z := range off {
		require.Less(t, max(math.Abs(real(z)), math.Abs(imag(z))), 0.007, "pass %d", i+1)
	}
}

// The middles are halfway between the corners.
func TestMiddles(t *testing.T) {
	each, err := parse(strings.Join([]string{"picture,pass,x1,y1,x2,y2,x3,y3,x4,y4",
		"a/1.jpg,1,10,20,14,22,30,20,36,20", "a/1.jpg,2,10.5,20,14,22,30,20,36,20"}, "\n"))
	require.NoError(t, err)
	left, right := each[0].Middles()
	require.Equal(t, []complex128{12 + 21i, 33 + 20i}, []complex128{left, right})
	require.Equal(t, "1.jpg", each[0].Sitter())
	require.InDelta(t, cmplx.Abs(21-1i), each[0].Apart(), 1e-12)
}

func TestParseRefuses(t *testing.T) {
	const header = "picture,pass,x1,y1,x2,y2,x3,y3,x4,y4\n"
	for text, want := range map[string]string{
		"a,2,1,1,1,1,1,1,1,1":                      "line 2: not pass 1 of its picture",
		"a,1,1,1,1,1,1,1,1,1\nb,2,1,1,1,1,1,1,1,1": "line 3: not pass 2 of its picture",
		"a,1,1,1,1,1,1,1,x,1":                      "line 2: ",
		"a,1,1":                                    "wrong number of fields",
	} {
		_, err := parse(header + text)
		require.ErrorContains(t, err, want)
	}
}
