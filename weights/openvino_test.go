package weights

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// network has two convolutions, of which the second reads two constants, and a reshape whose constant is no weight.
const network = `<?xml version="1.0" ?>
<net name="small" version="10"><layers>
<layer id="0" name="in" type="Parameter"><data element_type="f16" shape="1,2"/></layer>
<layer id="5" name="w" type="Const"><data element_type="f16" offset="4" shape="3,1" size="6"/></layer>
<layer id="2" name="a" type="Convolution"><data strides="1,1"/></layer>
<layer id="7" name="v" type="Const"><data element_type="f32" offset="12" shape="1,2" size="8"/></layer>
<layer id="8" name="b" type="Const"><data element_type="f32" offset="0" shape="" size="4"/></layer>
<layer id="3" name="c" type="Convolution"/>
<layer id="9" name="s" type="Const"><data element_type="i64" offset="12" shape="1" size="8"/></layer>
<layer id="4" name="r" type="Reshape"/>
</layers><edges>
<edge from-layer="0" from-port="0" to-layer="2" to-port="0"/><edge from-layer="5" from-port="0" to-layer="2" to-port="1"/>
<edge from-layer="2" from-port="2" to-layer="3" to-port="0"/><edge from-layer="7" from-port="0" to-layer="3" to-port="1"/>
<edge from-layer="8" from-port="0" to-layer="3" to-port="2"/><edge from-layer="9" from-port="0" to-layer="4" to-port="1"/>
</edges></net>`

// constants are 1.5; 1, −2 and 0.5 as f16; a gap; 3 and −0.25.
const constants = "\x00\x00\xc0\x3f" + "\x00\x3c\x00\xc0\x00\x38" + "\x00\x00" + "\x00\x00\x40\x40\x00\x00\x80\xbe"

// openNetwork writes a network and its constants and opens it.
func openNetwork(t *testing.T, description, bin string) (*File, error) {
	path := filepath.Join(t.TempDir(), "net.xml")
	require.NoError(t, os.WriteFile(path, []byte(description), 0o600))
	if bin != "" {
		require.NoError(t, os.WriteFile(strings.TrimSuffix(path, "xml")+"bin", []byte(bin), 0o600))
	}
	f, err := Open(path)
	if err == nil {
		t.Cleanup(func() { require.NoError(t, f.Close()) })
	}
	return f, err
}

// Constants are called after the layers that read them.
func TestOpenVINO(t *testing.T) {
	f, err := openNetwork(t, network, constants)
	require.NoError(t, err)
	require.Equal(t, []string{"Convolution.0", "Convolution.1", "Convolution.1.1"}, f.Names())
	for name, want := range map[string][]float32{"Convolution.0": {1, -2, 0.5}, "Convolution.1": {3, -0.25}, "Convolution.1.1": {1.5}} {
		got := make([]float32, len(want))
		require.NoError(t, f.Read(name, got))
		require.Equal(t, want, got, name)
	}
	shape, ok := f.Shape("Convolution.0")
	require.True(t, ok)
	require.Equal(t, []int{3, 1}, shape)
	converted := strings.Replace(network, `<layer id="2"`, `<layer id="6" name="d" type="Convert"/><layer id="2"`, 1)
	converted = strings.Replace(converted, `<edge from-layer="5" from-port="0" to-layer="2"`,
		`<edge from-layer="5" from-port="0" to-layer="6" to-port="0"/><edge from-layer="6" from-port="1" to-layer="2"`, 1)
	other, err := openNetwork(t, converted, constants)
	require.NoError(t, err)
	require.Equal(t, f.Names(), other.Names(), "what converts a constant is passed over")
	_, err = openNetwork(t, strings.Replace(converted, `from-layer="6"`, `from-layer="4"`, 1), constants)
	require.ErrorContains(t, err, "constant 5 is read by no layer: damaged")
	_, err = openNetwork(t, strings.TrimPrefix(network, "<?xml version=\"1.0\" ?>\n"), constants)
	require.NoError(t, err, "the first line may be missing")
	for description, bin := range map[string]string{"net.v2.xml": "net.v2.bin", "NET.XML": "NET.bin", "network": "network.bin", "a.net": "a.bin"} {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, description), []byte(network), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(folder, bin), []byte(constants), 0o600))
		f, err := Open(filepath.Join(folder, description))
		require.NoError(t, err, description)
		require.NoError(t, f.Close())
	}
}

func TestDamagedOpenVINO(t *testing.T) {
	for want, c := range map[string]struct{ description, bin string }{
		"its constants are in net.bin, which can't be read: no such file or directory: put it beside": {network, ""},
		"constant 7 (Convolution.1): 8 bytes from 12 for [1 2] of F32, in a .bin of 19":               {network, constants[:19]},
		"8 bytes from 13 for [1 2] of F32, in a .bin of 20: damaged or cut off":                       {strings.Replace(network, `f32" offset="12"`, `f32" offset="13"`, 1), constants},
		"8 bytes from -1 for":                                     {strings.Replace(network, `f32" offset="12"`, `f32" offset="-1"`, 1), constants},
		"8 bytes from 12 for [3] of F32":                          {strings.Replace(network, `shape="1,2" size="8"`, `shape="3" size="8"`, 1), constants},
		`shape "1,x": damaged`:                                    {strings.Replace(network, `shape="1,2" size="8"`, `shape="1,x" size="8"`, 1), constants},
		`shape "-1,2": damaged`:                                   {strings.Replace(network, `shape="1,2" size="8"`, `shape="-1,2" size="8"`, 1), constants},
		`layer 3 is of type "Con\nv": damaged`:                    {strings.Replace(network, `name="c" type="Convolution"`, `name="c" type="Con&#10;v"`, 1), constants},
		"constant 8 is read by no layer: damaged":                 {strings.Replace(network, `from-layer="8"`, `from-layer="6"`, 1), constants},
		"net.xml: constant 8 is read by no layer":                 {strings.NewReplacer(`from-layer="8"`, `from-layer="6"`, `"Parameter"`, `"Convert"`).Replace(network), constants}, // of layer 0
		"layer 3 reads more than two constants":                   {strings.Replace(network, `to-layer="2" to-port="1"`, `to-layer="3" to-port="3"`, 1), constants},
		"XML without layers: not a network of OpenVINO":           {"<?xml version=\"1.0\"?><net></net>", constants},
		"damaged XML: XML syntax error on line 3: unexpected EOF": {network[:120], constants},
	} {
		_, err := openNetwork(t, c.description, c.bin)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
	}
}

// The network that S2D reads has the layers it is known to have.
func TestPublishedOpenVINO(t *testing.T) {
	const path = "../../shared/data/models/mobilefacenet_68.xml"
	if _, err := os.Stat(path); err != nil {
		t.Skip("not beside this repository")
	}
	f, err := Open(path)
	require.NoError(t, err)
	defer f.Close()
	counts := map[string]int{}
	for _, name := range f.Names() {
		kind, _, _ := strings.Cut(name, ".")
		counts[kind]++
	}
	require.Equal(t, map[string]int{"Convolution": 32, "GroupConvolution": 17, "Add": 50, "PReLU": 33, "MatMul": 1, "Multiply": 1}, counts)
}

// Constants have any of four types of floating point numbers, each in its own width.
func TestTypesOfOpenVINO(t *testing.T) {
	for element, bin := range map[string]string{
		"f64": "\x00\x00\x00\x00\x00\x00\xf8\x3f\x00\x00\x00\x00\x00\x00\x00\xc0", "f32": "\x00\x00\xc0\x3f\x00\x00\x00\xc0",
		"f16": "\x00\x3e\x00\xc0", "bf16": "\xc0\x3f\x00\xc0",
	} {
		f, err := openNetwork(t, fmt.Sprintf(`<net><layers><layer id="1" type="Const"><data element_type="%s" offset="0" shape="2" size="%d"/></layer>`+
			`<layer id="2" type="Add"/></layers><edges><edge from-layer="1" to-layer="2"/></edges></net>`, element, len(bin)), bin)
		require.NoError(t, err, element)
		got := make([]float32, 2)
		require.NoError(t, f.Read("Add.0", got))
		require.Equal(t, []float32{1.5, -2}, got, element)
	}
}
