package recipe

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// digest is short, and of all that a recipe sets; keys that it does not set, as later versions may have, do not matter.
func digest(t *testing.T, r Recipe) string {
	t.Helper()
	var text strings.Builder
	for _, key := range Keys() {
		value, set := r.Value(key)
		if v := reflect.Indirect(reflect.ValueOf(value)); set && v.Kind() != reflect.Struct {
			fmt.Fprintf(&text, "%s = %v\n", key, v.Interface())
		}
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text.String())))[:8]
}

// Results that were published with mien, and those of papers beside them, are of these recipes and tables: none changes unnoticed. What a
// change that is meant brings about is to be measured again; then its digest is written here.
func TestEmbeddedTextsStay(t *testing.T) {
	recipes := map[string]string{
		"ablation-feadapter": "b712b137", "ablation-finetune": "aaeec789", "ablation-image": "8185cd3b", "ablation-pretrain": "9ffe49e1",
		"builtin": "9d636d7f", "ablation-s2d": "26a5cd10", "ablation-s2d-image": "337fef26", "feadapter-dfew": "d3ac81f0",
		"feadapter-ferv39k": "1cb2d0ec", "feadapter-mafw": "95d7a7c4", "feadapter-tiny": "d5a01e05",
		"image-affectnet": "1484731d", "image-tiny": "8a668f3f", "landmarks-tiny": "a4b91e36", "london-drawn": "39917b63",
		"london-drawn-images": "2bec3a64", "london-finetune": "4f212b3c", "s2d-dfew": "5c3d2239", "s2d-ferv39k": "6f17dd70",
		"s2d-mafw": "bfea4810", "s2d-tiny": "f7007c83", "s4d-demo": "3385b0fe",
		"s4d-demo-pretrain": "10e12582", "s4d-dfew": "dda7ea76", "s4d-ferv39k": "0ea7126b", "s4d-mafw": "397294c1",
		"s4d-pretrain": "52982f74", "s4d-tiny": "cbe08722", "s4d-tiny-pretrain": "57e96426", "vit-demo": "90e2e925",
		"vitmoe-tiny": "73cb7104", "vitmtl-tiny": "4a54e365",
		"feadapter-london": "de6df51e", "image-london": "161fdda8", "image-london-drawn": "1645dd6b", "s2d-london": "912ec16d",
	}
	for _, name := range Names() {
		r, err := Load(name)
		require.NoError(t, err)
		require.Equal(t, recipes[name], digest(t, r), "recipe %s", name)
	}
	ablations := map[string]string{
		"components": "dbb7cbc4", "experts": "468c3ec0", "feadapter-blocks": "a849cae4", "feadapter-place": "8ba831b1",
		"feadapter-temporal": "8c9e17a3", "joint": "4a648d48", "layers": "feda4760", "models": "f5d88b6e", "position": "cec2dc63",
		"pretraining": "fa383cc8", "s2d-components": "d7841a56", "static-finetuning": "f76ea9c8", "static-pretraining": "1db53595",
		"top-k": "23bf5aec",
	}
	for _, name := range Ablations() {
		a, err := LoadAblation(name)
		require.NoError(t, err)
		text, err := json.Marshal(a)
		require.NoError(t, err)
		require.Equal(t, ablations[name], fmt.Sprintf("%x", sha256.Sum256(text))[:8], "ablation %s", name)
	}
	require.Len(t, recipes, len(Names()))
	require.Len(t, ablations, len(Ablations()))
}
