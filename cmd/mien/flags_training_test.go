package main

import "slices"

// Flags of the commands that train one model.

const (
	faces  = " --static-list $a/static.txt --static-root $a"
	videos = " --dynamic-list $a/dynamic.csv --dynamic-root $a"
)

func trainingFlags() []commandFlags {
	pretrain := trainCases("pre", "prewide", "$pretrained", "")
	pretrain = append(pretrain, flagCase{"init", "", "--init $pretrained", both(initialised("", "$pretrained"), changes(tensors(model)))})
	finetune := append(trainCases("tune", "other", "$tuned", ""), valCases("", "")...)
	finetune = append(finetune, flagCase{"init", "", "--init $pretrained", both(initialised("", "$pretrained"), changes(tensors(model)))})
	finetune = append(finetune, landmarkCase(""))
	landmarks := append(runCases("marks", "dots", "$marked", ""),
		flagCase{"init", "", "--init $marked", both(initialised("", "$marked"), changes(tensors(model)))})
	return []commandFlags{
		{command: "pretrain", line: "--recipe $pre.toml --out $out", cases: pretrain},
		{command: "finetune", line: "--recipe $tune.toml --out $out", cases: finetune},
		{command: "landmarks train", line: "--recipe $marks.toml --out $out", cases: landmarks},
		{command: "demo", line: "--out $out", stop: atOnce, cases: []flagCase{
			{"out", "", "--out $out/deep", both(is(exists("pretrain/run.json"), true, false), is(exists("deep/pretrain/run.json"), false, true))},
			{"seed", "", "--seed 5", is(at("pretrain/run.json", "recipe", "seed"), 0, 5)},
			{"tiny", "", "--tiny", is(at("pretrain/run.json", "recipe", "name"), "s4d-demo-pretrain", "s4d-tiny-pretrain")},
			{"precision", "", "--precision bf16", is(at("pretrain/run.json", "precision"), "f32", "bf16")},
		}},
	}
}

// model is the file of a finished run.
const model = "model.safetensors"

// initialised is that the run in a folder starts from the model of another.
func initialised(folder, from string) effect {
	return is(at(folder+"run.json", "files", "init", "path"), nil, from+"/"+model)
}

// landmarkCase is the landmark network of a run in a folder of $out.
func landmarkCase(folder string) flagCase {
	const reads = "--recipe $faces.toml --landmarks $"
	return flagCase{"landmarks", reads + "points.safetensors", reads + "dots.safetensors",
		both(is(at(folder+"run.json", "files", "landmarks", "path"), "$points.safetensors", "$dots.safetensors"), changes(tensors(folder+model)))}
}

// trainCases are those of the flags that pretrain, finetune and crossval share, but --init, for the run in a folder of $out. A run, or
// cross-validation, of the recipe is finished.
func trainCases(recipe, other, finished, folder string) []flagCase {
	return slices.Concat(runCases(recipe, other, finished, folder), listCases("", folder), badCases(folder))
}

// runCases are those that have nothing to do with lists.
func runCases(recipe, other, finished, folder string) []flagCase {
	seed := map[string]int{"pre": 4, "tune": 2, "marks": 3}[recipe]
	run, metrics, weights := folder+"run.json", folder+"metrics.json", tensors(folder+model)
	return []flagCase{
		{"recipe", "", "--recipe $" + other + ".toml", both(is(at(run, "recipe", "name"), recipe, other), changes(weights))},
		{"out", "", "--out $out/deep", both(is(exists(folder+model), true, false), is(exists("deep/"+folder+model), false, true))},
		{"resume", "--out " + finished, "--out " + finished + " --resume", both(is(code, 1, 0),
			says(stderr, "give --resume to continue it", ": the run is finished"))},
		{"epochs", "", "--epochs 1", both(is(at(metrics, "epochs"), 2, 1), is(at(run, "recipe", "train.epochs"), 2, 1), changes(weights))},
		{"seed", "", "--seed 5", both(is(at(run, "recipe", "seed"), seed, 5), is(at(metrics, "environment", "seed"), seed, 5), changes(weights))},
		{"recompute", "", "--recompute", both(less, same(content(folder+model)))},
		{"precision", "", "--precision bf16", both(is(at(run, "precision"), "f32", "bf16"), changes(weights))},
	}
}

// badCases are those of --skip-bad with two samples that are missing.
func badCases(folder string) []flagCase {
	skipped := func(list, root string) flagCase {
		list += " " + root
		return flagCase{"skip-bad", list + " --skip-bad 1", list + " --skip-bad 2",
			both(is(code, 1, 0), is(length(at(folder+"metrics.json", "skipped")), 0, 2))}
	}
	return []flagCase{skipped("--static-list $bad.txt", "--static-root $a"), skipped("--dynamic-list $bad.csv", "--dynamic-root $a")}
}

// listCases are those of the lists that the run in a folder of $out learns from.
func listCases(prefix, folder string) []flagCase {
	run, weights := folder+"run.json", tensors(folder+model)
	root := func(flag, list string) flagCase {
		return flagCase{prefix + flag + "-root", list + " --" + prefix + flag + "-root $a", list + " --" + prefix + flag + "-root $b",
			both(is(at(run, "files", flag+"_root", "path"), "$a", "$b"), changes(weights))}
	}
	return []flagCase{
		{prefix + "static-list", "", "--static-list $five.txt --static-root $a", both(changes(weights),
			says(sources(folder), "", "training: 5 images of $five.txt, training: 3 images of drawn faces, training: 2 videos of drawn faces"))},
		{prefix + "dynamic-list", "", "--dynamic-list $three.csv --dynamic-root $a", both(changes(weights),
			says(sources(folder), "", "training: 3 images of drawn faces, training: 3 videos of $three.csv, training: 2 videos of drawn faces"))},
		root("static", "--static-list $five.txt"),
		root("dynamic", "--dynamic-list $three.csv"),
	}
}

// valCases are those of the lists that finetune measures its model on.
func valCases(line, folder string) []flagCase {
	final := func(set, key string) probe { return at(folder+"metrics.json", "final", set, key) }
	root := func(flag, list string) flagCase {
		list = line + list + " --val-" + flag + "-root "
		return flagCase{"val-" + flag + "-root", list + "$a", list + "$b", both(is(at(folder+"run.json", "files", "val_"+flag+"_root", "path"), "$a", "$b"),
			changes(final(flag, "loss")), same(tensors(folder+model)))}
	}
	return []flagCase{
		{"val-static-list", line, line + "--val-static-list $five.txt --val-static-root $a", both(is(final("static", "n"), 2, 5),
			is(final("dynamic", "n"), 2, nil), says(sources(folder), "", "validation: 5 images of $five.txt"), same(tensors(folder+model)))},
		{"val-dynamic-list", line, line + "--val-dynamic-list $three.csv --val-dynamic-root $a", both(is(final("dynamic", "n"), 2, 3),
			is(final("static", "n"), 2, nil), says(sources(folder), "", "validation: 3 videos of $three.csv"), same(tensors(folder+model)))},
		root("static", "--val-static-list $five.txt"),
		root("dynamic", "--val-dynamic-list $three.csv"),
	}
}
