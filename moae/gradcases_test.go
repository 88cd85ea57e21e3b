package moae

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/gradcheck"
)

func TestGradients(t *testing.T) {
	for _, c := range GradCases() {
		t.Run(c.Name, func(t *testing.T) {
			r, err := gradcheck.Check(c, gradcheck.Options{})
			require.NoError(t, err)
			require.Positive(t, r.Checked)
			_, err = gradcheck.CheckFloat32(c)
			require.NoError(t, err)
		})
	}
}
