//go:build vulkan

package vulkan_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/vulkan"
)

// TestRouteMany routes many times more choices than a workgroup has threads, and to more experts, as the CPU does.
func TestRouteMany(t *testing.T) {
	b, err := vulkan.New(vulkan.Config{Slab: 8 << 20})
	require.NoError(t, err)
	defer b.Close()
	for _, c := range []struct{ tokens, k, experts, capacity, group int }{
		{30_000, 2, 8, 900, 4000}, {20_000, 1, 1, 5000, 0}, {3000, 3, 100, 20, 1000}, {2000, 2, 256, 9, 0}, {2000, 2, 700, 1, 500},
	} {
		rng := rand.New(rand.NewPCG(1, uint64(c.experts)))
		var choice, order []int32
		for i := range c.tokens {
			for _, e := range rng.Perm(max(c.k, c.experts>>(i%3)))[:c.k] { // the lower ones more often
				choice = append(choice, int32(i*c.experts+e))
			}
		}
		for _, i := range rng.Perm(c.tokens) {
			order = append(order, int32(i))
		}
		a := engine.RouteArgs{K: c.k, Experts: c.experts, Capacity: c.capacity, Group: c.group}
		for _, order := range [][]int32{nil, order} {
			want, got := routed(t, cpu.New(), a, choice, order), routed(t, b, a, choice, order)
			for i, name := range []string{"Slot", "Place", "Token", "Chosen", "Offsets", "Keep"} {
				require.True(t, slices.Equal(want[i], got[i]), "%s of %+v, in an order: %v", name, c, order != nil)
			}
		}
	}
}

// routed returns everything that Route writes.
func routed(t *testing.T, b engine.Backend, a engine.RouteArgs, choice, order []int32) (out [][]int32) {
	n, tokens := len(choice), len(choice)/a.K
	a.Choice = engine.FromSlice(b, engine.Int32, choice, n)
	if order != nil {
		a.Order = engine.FromSlice(b, engine.Int32, order, tokens)
	}
	for _, to := range []struct {
		t **engine.Tensor
		n int
	}{{&a.Slot, n}, {&a.Place, n}, {&a.Token, n}, {&a.Chosen, tokens * a.Experts}, {&a.Offsets, a.Experts + 1}} {
		*to.t = engine.New(b, engine.Int32, to.n)
	}
	a.Keep = engine.New(b, engine.Float32, n)
	b.Route(a)
	for _, from := range []*engine.Tensor{a.Slot, a.Place, a.Token, a.Chosen, a.Offsets, a.Keep} {
		values, err := engine.Read[int32](from)
		require.NoError(t, err)
		out = append(out, values)
		from.Free()
	}
	a.Choice.Free()
	a.Order.Free()
	return out
}
