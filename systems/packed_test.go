package systems

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/nn"
)

// packed are the layers whose weights inference packs and rounds, block by block: linear ones and plain convolutions, and neither heads,
// hidden layers in them, nor routers, which choose.
var packed = map[string]string{
	"s4d":       "ENCODER blocks.N.moe_layer.experts.N.fc1 blocks.N.moe_layer.experts.N.fc2",
	"vitmtl":    "ENCODER",
	"vitmoe":    "ENCODER blocks.N.moe_layer.experts.N.fc1 blocks.N.moe_layer.experts.N.fc2",
	"vit":       "ENCODER",
	"feadapter": "ENCODER blocks.N.adapter.conv blocks.N.adapter.down blocks.N.adapter.up",
	"s2d": "ENCODER patch_embed_prompt.proj prompt_blocks.N.conv0_0 prompt_blocks.N.conv0_1 prompt_blocks.N.conv1x1 " +
		"prompt_blocks.N.TMA.S_Adapter.D_fc1 prompt_blocks.N.TMA.S_Adapter.D_fc2 prompt_blocks.N.TMA.T_Adapter.D_fc1 " +
		"prompt_blocks.N.TMA.T_Adapter.D_fc2 prompt_blocks.N.TMA.T_Adapter.attn.proj prompt_blocks.N.TMA.T_Adapter.attn.qkv",
	"mae": "encoder.blocks.N.attn.proj encoder.blocks.N.attn.qkv encoder.blocks.N.mlp.fc1 encoder.blocks.N.mlp.fc2 encoder.patch_embed.proj " +
		"encoder_to_decoder decoder.blocks.N.attn.proj decoder.blocks.N.attn.qkv decoder.blocks.N.mlp.fc1 decoder.blocks.N.mlp.fc2 decoder.head",
	"mobilefacenet": "conv1 conv_23.conv conv_23.project conv_3.model.N.conv conv_3.model.N.project conv_34.conv conv_34.project " +
		"conv_4.model.N.conv conv_4.model.N.project conv_45.conv conv_45.project conv_5.model.N.conv conv_5.model.N.project conv_6_sep",
}

const encoderLayers = "blocks.N.attn.proj blocks.N.attn.qkv blocks.N.mlp.fc1 blocks.N.mlp.fc2 patch_embed.proj"

var blockNumber = regexp.MustCompile(`\.\d+\.`)

func TestPackedWeights(t *testing.T) {
	for _, s := range All {
		r := tiny[s.Name]
		if strings.HasPrefix(s.Name, "s4d") || strings.HasPrefix(s.Name, "vitm") {
			r.Model.HeadHidden = 7
		}
		params, err := nn.Outline(1<<10, func(scope *nn.Scope) { s.Build(scope, r) })
		require.NoError(t, err)
		var layers []string
		for _, p := range params {
			layer, ok := strings.CutSuffix(blockNumber.ReplaceAllString(p.Name, ".N."), ".weight")
			if p.Linear && !p.Extractor {
				require.True(t, ok, p.Name)
				layers = append(layers, layer)
			}
		}
		slices.Sort(layers)
		require.ElementsMatch(t, strings.Fields(strings.Replace(packed[s.Name], "ENCODER", encoderLayers, 1)), slices.Compact(layers), s.Name)
	}
}
