package gradcheck

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// TestGradientOfConstant is an error: nothing may flow to what is frozen.
func TestGradientOfConstant(t *testing.T) {
	b := cpu.New()
	w, tape := autograd.Param(engine.Filled(b, engine.Float64, 3, 2)), autograd.NewTape(b)
	defer tape.Close()
	tape.Backward(autograd.Sum(autograd.Mul(tape.Const(engine.Filled(b, engine.Float64, 5, 2)), w)))
	require.Equal(t, []float64{5, 5}, (&leaf{}).takeGradient(w))
	require.Nil(t, w.Grad(), "taken")

	tape.Backward(autograd.Sum(autograd.Mul(tape.Const(engine.Filled(b, engine.Float64, 5, 2)), w)))
	require.PanicsWithError(t, "w has a gradient, but is constant", func() {
		(&leaf{Tensor: Tensor{Name: "w"}, constant: true}).takeGradient(w)
	})
}
