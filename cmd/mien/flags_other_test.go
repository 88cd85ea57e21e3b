package main

import (
	"image/png"
	"os"
	"path/filepath"
	"runtime"

	"github.com/stretchr/testify/require"
)

// Flags of the commands that use no model, or one of random weights.

func dataFlagCases() []commandFlags {
	set := func(i int, key string) probe { return at("", "sets", i, key) }
	finding := func(key string) probe { return at("", "findings", 0, key) }
	check := commandFlags{command: "data check", line: "--json --frames 9" + faces, cases: []flagCase{
		{"static-list", "", "--static-list $five.txt", both(is(set(0, "list"), "$a/static.txt", "$five.txt"), is(set(0, "samples"), 6, 5))},
		{"static-root", "", "--static-root $gone", both(is(code, 0, 1), is(length(at("", "findings")), 0, 6), is(finding("kind"), nil, "missing"))},
		{"dynamic-list", "", videos, both(is(set(1, "list"), nil, "$a/dynamic.csv"), is(set(1, "samples"), nil, 4), is(set(1, "modality"), nil, "video"))},
		{"dynamic-root", videos, videos + " --dynamic-root $gone", both(is(code, 0, someBad), is(length(at("", "findings")), 0, 4))},
		{"val-static-list", "", "--val-static-list $five.txt --val-static-root $b", both(is(set(1, "list"), nil, "$five.txt"), is(set(1, "samples"), nil, 5))},
		{"val-static-root", "--val-static-list $five.txt --val-static-root $b", "--val-static-list $five.txt --val-static-root $a",
			both(is(length(at("", "findings")), 0, 5), is(finding("kind"), nil, "duplicate"))},
		{"val-dynamic-list", "", "--val-dynamic-list $three.csv --val-dynamic-root $a", both(is(set(1, "list"), nil, "$three.csv"), is(set(1, "samples"), nil, 3))},
		{"val-dynamic-root", "--val-dynamic-list $three.csv --val-dynamic-root $a", "--val-dynamic-list $three.csv --val-dynamic-root $gone",
			both(is(code, 0, someBad), is(length(at("", "findings")), 0, 3))},
		{"set", "", "--set affectnet7-test", both(is(code, 0, 1), is(at("", "sets", 0, "published", "samples"), nil, 3267))},
		{"set", videos + " --set affectnet7-test", videos + " --set affectnet7-test --set dfew-fd1-train",
			both(is(at("", "sets", 0, "published", "samples"), 3267, 3267), is(at("", "sets", 1, "published", "name"), nil, "dfew-fd1-train"))},
		{"frames", videos, videos + " --frames 10", both(is(code, 0, someBad), is(length(at("", "findings")), 0, 4), is(finding("kind"), nil, "short"))},
		{"json", "", "--json=false", both(is(at("", "format"), "mien-data-check-1", nil), says(stdout, "", "class      samples"))},
	}}
	draw := commandFlags{command: "data draw", line: "--out $out --images 2 --videos 1 --frames 3 --size 17", cases: []flagCase{
		{"out", "", "--out $out/deep", both(is(exists("static.txt"), true, false), is(exists("deep/static.txt"), false, true))},
		{"images", "", "--images 4", both(is(length(files("images/*")), 2, 4), is(length(files("videos/*")), 1, 1))},
		{"videos", "", "--videos 3", both(is(length(files("videos/*")), 1, 3), is(length(files("images/*")), 2, 2))},
		{"frames", "", "--frames 5", is(length(files("videos/00000-*/*")), 3, 5)},
		{"reversed", "--videos 4", "--videos 4 --reversed", both(is(exists("videos/00003-Anger"), true, false), is(exists("videos/00003-Offset"), false, true))},
		{"size", "", "--size 19", both(is(size("images/00001-Happiness.png"), "[17 17]", "[19 19]"), is(size("videos/00000-Happiness/00002.png"), "[17 17]", "[19 19]"))},
		{"seed", "", "--seed 5", changes(content("images/00001-Happiness.png"), content("videos/00000-Happiness/00000.png"))},
	}}
	first := "images/images/00000-Neutral.png"
	video := "videos/videos/00001-Sadness/00008.png"
	listed := "--landmarks $finder3.safetensors"
	prepare := commandFlags{command: "prepare", line: "--out $out --size 17 --quiet", cases: []flagCase{
		{"static-list", listed + faces, listed + faces + " --static-list $five.txt --static-root $b", is(length(files("images/images/*")), 6, 5)},
		{"static-root", listed + faces, listed + faces + " --static-root $b", both(is(exists(first), true, true), changes(content(first)))},
		{"dynamic-list", listed + faces, listed + faces + videos, is(length(files("videos/videos/*/*")), 0, 4*9)},
		{"dynamic-root", listed + faces + videos, listed + faces + videos + " --dynamic-root $b", both(is(exists(video), true, true), changes(content(video)))},
		{"landmarks", listed + faces, "--landmarks $finder4.safetensors" + faces, changes(content(first))},
		{"out", listed + faces, listed + faces + " --out $out/deep", both(is(exists(first), true, false), is(exists("deep/"+first), false, true))},
		{"size", listed + faces + videos, listed + faces + videos + " --size 19", both(is(size(first), "[17 17]", "[19 19]"), is(size(video), "[17 17]", "[19 19]"))},
		{"images", "--videos $dataset/clips", "--videos $dataset/clips --images $dataset/pictures", both(is(length(files("images/*")), 0, 2), is(length(files("videos/walk/*")), 8, 8))},
		{"videos", "--images $dataset/pictures", "--images $dataset/pictures --videos $dataset/clips", both(is(length(files("images/*")), 2, 2), is(length(files("videos/walk/*")), 0, 8))},
		{"crop", "--images $dataset/pictures", "--images $dataset/pictures --crop box-rotation", both(changes(content("images/both.png")), says(content("crops.json"), "eyes-nose", "box-rotation"))},
		{"detector", "--images $dataset/pictures", "--images $dataset/pictures --detector $finder.safetensors", both(changes(content("images/both.png")), changes(content("crops.json")))},
		{"steady", "--videos $dataset/clips", "--videos $dataset/clips --steady", both(changes(content("videos/walk/00000.png")), says(content("crops.json"), "alike", "steady"))},
	}}
	return []commandFlags{check, draw, prepare}
}

// size is the width and the height of a picture in $out.
func size(file string) probe {
	return func(r flagRunner, o *outcome) any {
		f, err := os.Open(filepath.Join(o.out, file))
		require.NoError(r.t, err)
		defer f.Close()
		config, err := png.DecodeConfig(f)
		require.NoError(r.t, err)
		return []int{config.Width, config.Height}
	}
}

func otherFlags() []commandFlags {
	return append(benchFlags(), []commandFlags{
		{command: "", line: "bench gemm --m 4 --n 5 --k 6 --repeat 1 --json", cases: []flagCase{
			{"threads", "", "--threads 1", is(at("", "threads"), runtime.GOMAXPROCS(0), 1)},
			{"device", "--device cpu", "--device vulkan", is(code, 0, 1)},
			{"version", "", "--version", says(stdout, "", " kernels, ")},
			{"help", "", "--help", says(stdout, "", "Usage: mien bench gemm [flags]")},
		}},
		{command: "info", line: "--json", cases: []flagCase{
			{"model", "--model $tuned", "--model $others", is(at("", "encoder", "dim"), 16, 24)},
			{"recipe", "--recipe $tune.toml", "--recipe $other.toml", both(is(at("", "encoder", "dim"), 16, 24), is(at("", "experts", "count"), 4, 5))},
			{"images", "--recipe $tune.toml", "--recipe $tune.toml --images 6", both(is(at("", "cost", "steps", "image"), 2, 6), is(at("", "cost", "steps", "video"), 2, 2))},
			{"videos", "--recipe $tune.toml", "--recipe $tune.toml --videos 6", both(is(at("", "cost", "steps", "video"), 2, 8), is(at("", "cost", "steps", "image"), 2, 2))},
			{"json", "--model $tuned", "--model $tuned --json=false", both(is(at("", "format"), "mien-info-1", nil), says(stdout, "", "\nencoder "))},
		}},
		{command: "recipe", cases: []flagCase{{"<recipe>", "s4d-demo", "s4d-dfew", says(stdout, `name = "s4d-demo"`, `name = "s4d-dfew"`)}}},
		{command: "gradcheck", line: "--json", cases: []flagCase{
			{"<filter>", "softplus", "gelu", says(stdout, "Softplus", "GELU")},
			{"json", "softplus", "softplus --json=false", both(is(at("", "format"), "mien-gradcheck-1", nil), says(stdout, "", " cases; tolerances "))},
		}},
		{command: "serve", line: "--model $tuned --listen 127.0.0.1:0", stop: "mien: serving", cases: []flagCase{
			{"model", "", "--model $others", says(stderr, "serving tuned in", "serving others in")},
			{"precision", "", "--precision int8", says(stderr, " in f32 at", " in int8 at")},
			{"detector", "", "--detector $five.txt", is(code, 0, 1)},
			{"listen", "--token 0123456789abcdef", "--token 0123456789abcdef --listen 0.0.0.0:0", says(stderr, " at http://127.0.0.1:", "warning: other machines can connect")},
			{"token", "--listen 0.0.0.0:0", "--listen 0.0.0.0:0 --token 0123456789abcdef", both(is(code, misused, 0), says(stderr, "give a --token", "serving tuned"))},
			{"token-file", "--listen 0.0.0.0:0", "--listen 0.0.0.0:0 --token-file $token", both(is(code, misused, 0), says(stderr, "give a --token", "serving tuned"))},
			{"host", "", "--host faces.example.org", says(stderr, "", ", faces.example.org; ")},
			{"drain", "", "--drain 2s", says(stderr, "at_most=30s", "at_most=2s")},
		}},
		{command: "serve", line: "--model $tuned --listen 0.0.0.0:0 --token 0123456789abcdef", stop: "warning: other machines", cases: []flagCase{
			{"quiet", "", "--quiet", says(stderr, "serving tuned", "")},
		}},
		{command: "doctor", cases: []flagCase{{"json", "", "--json", both(is(at("", "format"), nil, "mien-doctor-1"), says(stdout, "ok      product ", ""))}}},
		{command: "licenses", cases: []flagCase{{"json", "", "--json", both(is(at("", "format"), nil, "mien-licenses-1"), says(stdout, "== YuNet-s", ""))}}},
		{command: "devices", cases: []flagCase{{"json", "", "--json", both(is(at("", "format"), nil, "mien-devices-1"), says(stdout, "self-test", ""))}}},
		{command: "convert", cases: []flagCase{
			{"precision", "$tuned/model.safetensors $out", "--precision int8 $tuned/model.safetensors $out", both(changes(tensors("")), says(content(""), "", `"dtype":"I8"`))},
			{"force", "$tuned/model.safetensors $kept", "--force $tuned/model.safetensors $kept", is(code, 1, 0)},
			{"landmarks", "$published.safetensors $out", "--landmarks $points.safetensors $published.safetensors $out", changes(tensors(""))},
			{"<in>", "$tuned/model.safetensors $out", "$others/model.safetensors $out", changes(tensors(""))},
			{"<out>", "$tuned/model.safetensors $out", "$tuned/model.safetensors $out.safetensors", is(exists(""), true, false)},
		}},
		{command: "completion", cases: []flagCase{{"<shell>", "bash", "fish", says(stdout, "COMPREPLY", "complete -c mien")}}},
		{command: "complete", cases: []flagCase{{"<words>", "-- fin", "-- bench p", is(stdout, "finetune\n", "pretrain\n")}}},
	}...)
}

func benchFlags() (all []commandFlags) {
	all = append(all, commandFlags{command: "bench gemm", line: "--m 4 --n 5 --k 6 --repeat 1 --json", cases: []flagCase{
		{"m", "", "--m 7", is(at("", "m"), 4, 7)},
		{"n", "", "--n 7", is(at("", "n"), 5, 7)},
		{"k", "", "--k 7", is(at("", "k"), 6, 7)},
		{"batch", "", "--batch 3", is(at("", "batch"), 1, 3)},
		{"trans-b", "", "--trans-b", is(at("", "trans_b"), false, true)},
		{"packed", "", "--packed", is(at("", "packed"), false, true)},
		{"precision", "", "--precision bf16", both(is(at("", "precision"), "f32", "bf16"), is(at("", "packed"), false, true))},
		{"repeat", "", "--repeat 4", is(asked, 1, 4)},
		{"json", "", "--json=false", both(is(at("", "format"), "mien-bench-gemm-1", nil), says(stdout, "", " GFLOP/s "))},
	}})
	for command, other := range map[string]string{"forward": "s4d-tiny", "train": "s4d-tiny", "pretrain": "mae-toy"} {
		line := map[string]string{"forward": "--model vit-tiny", "train": "--model vit-tiny", "pretrain": "--model mae-tiny"}[command]
		one := "bench " + command
		cases := []flagCase{
			{"model", "", "--model " + other, both(is(at("", "model"), line[len("--model "):], other), changes(at("", "parameters")))},
			{"precision", "", "--precision bf16", is(at("", "precision"), "f32", "bf16")},
			{"batch", "", "--batch 2", both(is(at("", "batch"), 1, 2), changes(at("", "gflop")))},
			{"tokens", "", "--tokens 50", both(is(at("", "tokens"), 25, 50), changes(at("", "gflop")))},
			{"repeat", "", "--repeat 3", changes(asked)},
			{"profile", "", "--profile", says(stdout, "", `"profile":`)},
			{"json", "", "--json=false", both(is(at("", "format"), "mien-bench-step-1", nil), says(stdout, "", "batch × tokens"))},
		}
		seen := map[string]string{"pretrain": " --mask 0.1"}[command] // a step on a few patches takes no memory
		if command != "forward" {
			cases = append(cases, flagCase{"recompute", "--batch 16" + seen, "--batch 16 --recompute" + seen, less})
		}
		if command == "train" {
			adapters := "--model feadapter-tiny --tokens 49"
			cases = append(cases, flagCase{"adapters", adapters, adapters + " --adapters early", is(at("", "tuned"), 96_747, 48_825)},
				flagCase{"full", adapters, adapters + " --full", is(at("", "tuned"), 96_747, 1_391_595.0)})
		}
		if command == "pretrain" { // whose next size is no toy
			cases[0] = flagCase{"model", "", "--model mae-toy", says(stderr, "", "--model mae-toy: choose one of mae-tiny")}
			cases = append(cases, flagCase{"mask", "", "--mask 0.5", changes(at("", "gflop"))})
		}
		all = append(all, commandFlags{command: one, line: line + " --tokens 25 --repeat 1 --json", cases: cases})
	}
	return all
}
