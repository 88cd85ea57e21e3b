package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"runtime"
	"time"

	"mien/asm"
	"mien/engine"
)

type devicesCmd struct {
	JSON bool `help:"Print JSON."`
}

const devicesFormat = "mien-devices-1"

// deviceList is what devices prints.
type deviceList struct {
	Format  string      `json:"format"`
	Devices []deviceRow `json:"devices"`
}

// deviceRow describes a device that --device names.
type deviceRow struct {
	Device    string  `json:"device"` // as --device takes it
	Name      string  `json:"name"`
	Type      string  `json:"type"`
	Driver    string  `json:"driver"`
	MemoryMiB int     `json:"memory_mib"`
	SharedKiB int     `json:"shared_kib"` // memory of a workgroup, 0 on the CPU
	Matrices  string  `json:"matrices"`
	SelfTest  float64 `json:"self_test_ms"` // 0 if it failed
	Error     string  `json:"error"`
}

// Run lists devices, each with a self-test.
func (c *devicesCmd) Run(out *console) error {
	rows := append([]deviceRow{{Device: "cpu", Name: fmt.Sprintf("%d threads, %s kernels", runtime.GOMAXPROCS(0), asm.F32().Name), Type: "cpu",
		Driver: runtime.GOOS + "/" + runtime.GOARCH, MemoryMiB: int(memory("/") >> 20)}}, vulkanDevices()...)
	for i := range rows {
		if rows[i].Error == "" {
			rows[i].test()
		}
	}
	header := cells("device\tname\ttype\tdriver\tmemory MiB\tshared KiB\tmatrices\tself-test")
	var table [][]string
	for _, r := range rows {
		result := cmp.Or(r.Error, fmt.Sprintf("ok, %.0f ms", r.SelfTest))
		table = append(table, cells("%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s", r.Device, r.Name, r.Type, r.Driver, r.MemoryMiB, r.SharedKiB, r.Matrices, result))
	}
	return out.print(c.JSON, deviceList{devicesFormat, rows}, header, table...)
}

// test computes on the device what is known.
func (r *deviceRow) test() {
	start := time.Now()
	b, err := openDevice(r.Device, io.Discard)
	if err == nil {
		if err = selfTest(b); err == nil {
			r.probe(b)
		}
		err = cmp.Or(err, b.Close())
	}
	if err != nil {
		r.Error = err.Error()
		return
	}
	r.SelfTest = time.Since(start).Seconds() * 1e3
}

// probe notes whether matrices, where there are any, compute rightly.
func (r *deviceRow) probe(b engine.Backend) {
	if probed, ok := b.(interface{ Matrices() string }); ok && r.Matrices != "" {
		r.Matrices += "; " + probed.Matrices()
	}
}

// selfTest tests a backend, which may have no memory for it.
func selfTest(b engine.Backend) (err error) {
	defer engine.Catch(&err)
	return cmp.Or(testProduct(b), testNormal(b))
}

// testNormal compares random numbers with the host's, bit for bit: a device that rounds in another way has others, and so other models.
func testNormal(b engine.Backend) error {
	const n = 4096
	key := engine.Key{Seed: 1, Stream: 2}
	x := engine.New(b, engine.Float32, n)
	defer x.Free()
	b.RandomNormal(x, key)
	got, err := engine.Read[float32](x)
	if err != nil {
		return err
	}
	for i := range got {
		if want := engine.Normal(key.Block(uint64(i / 4))[i%4]); got[i] != want {
			return fmt.Errorf("its random numbers are not the CPU's: %v where %v is right", got[i], want)
		}
	}
	return nil
}

// testProduct compares a product and a softmax with those of plain loops.
func testProduct(b engine.Backend) error {
	const m, n, k = 33, 47, 65
	x, w := make([]float64, m*k), make([]float64, n*k)
	for i := range x {
		x[i] = float64(i%13-6) / 8
	}
	for i := range w {
		w[i] = float64(i%11-5) / 16
	}
	tx, tw := engine.FromSlice(b, engine.Float32, x, m, k), engine.FromSlice(b, engine.Float32, w, n, k)
	ty := engine.New(b, engine.Float32, m, n)
	defer func() { tx.Free(); tw.Free(); ty.Free() }()
	b.Gemm(engine.GemmArgs{C: ty, A: tx, B: tw, M: m, N: n, K: k, TransB: true, LDA: k, LDB: k, LDC: n, Batch: 1})
	b.Softmax(ty, ty)
	got, err := engine.Read[float64](ty)
	if err != nil {
		return err
	}
	for i := range m {
		sum := 0.0
		row := make([]float64, n)
		for j := range n {
			for c := range k {
				row[j] += x[i*k+c] * w[j*k+c]
			}
			row[j] = math.Exp(row[j])
			sum += row[j]
		}
		for j := range n {
			if want := row[j] / sum; !(math.Abs(got[i*n+j]-want) <= 1e-5*want) {
				return fmt.Errorf("it computes wrongly: %v where %v is right", got[i*n+j], want)
			}
		}
	}
	return nil
}
