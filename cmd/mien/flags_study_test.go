package main

import (
	"fmt"
	"slices"
	"strings"
)

// Flags of the commands that train several models.

func studyFlags() []commandFlags { return slices.Concat(crossvalFlags(), ablateFlags()) }

func crossvalFlags() []commandFlags {
	learned := func(fold string) probe { return sources("fold-" + fold + "/") }
	root := func(fold string) probe { return at("fold-"+fold+"/run.json", "files", "static_root", "path") }
	pooled := func(set string, path ...any) probe { return at("", append([]any{"pooled", set}, path...)...) }
	// Lists are divided: their cases are not those of a single run.
	shared := slices.DeleteFunc(trainCases("tune", "other", "$crossed", "fold-2/"), func(f flagCase) bool {
		return slices.Contains([]string{"static-list", "static-root", "dynamic-list", "dynamic-root", "skip-bad"}, f.name)
	})
	divided := append(shared, []flagCase{
		landmarkCase("fold-2/"),
		{"init", "", "--init $pretrained", both(initialised("fold-1/", "$pretrained"), initialised("fold-2/", "$pretrained"))},
		{"skip-bad", "--static-list $bad.txt", "--static-list $bad.txt --skip-bad 2",
			both(is(code, 1, 0), is(pooled("static", "skipped"), nil, 2), is(pooled("static", "n"), nil, 6))},
		{"static-list", "", "--static-list $five.txt", both(is(pooled("static", "n"), 6, 5), says(content("lists/static_train_1.txt"), "Disgust", ""))},
		{"static-root", "", "--static-root $b", both(is(root("1"), "$a", "$b"), is(root("2"), "$a", "$b"), changes(pooled("static", "loss")))},
		{"dynamic-list", "", videos, both(is(pooled("dynamic", "n"), nil, 4),
			says(learned("2"), "", "training: 2 videos of $out/lists/dynamic_train_2.csv"))},
		{"dynamic-root", videos, videos + " --dynamic-root $b",
			both(is(at("fold-2/run.json", "files", "dynamic_root", "path"), "$a", "$b"), changes(pooled("dynamic", "loss")), same(pooled("static", "n")))},
		{"folds", "", "--folds 3", both(is(length(at("", "folds")), 2, 3), is(exists("fold-3/"+model), false, true))},
		{"group", "", "--group -(.)", is(together("Sadness", "Surprise"), false, true)},
		{"keep", videos, videos + " --keep static", both(is(pooled("static", "n"), 6, nil), is(pooled("dynamic", "n"), 4, 4),
			says(learned("2"), "static_train_2.txt", "training: 6 images of $a/static.txt"))},
		{"keep", videos, videos + " --keep dynamic", both(is(pooled("dynamic", "n"), 4, nil), is(pooled("static", "n"), 6, 6),
			says(learned("2"), "dynamic_train_2.csv", "training: 4 videos of $a/dynamic.csv"))},
		{"bootstrap", "", "--bootstrap 70", is(pooled("static", "bootstrap", "draws"), 1000, 70)},
		{"published", "", "--published", both(is(at("", "published"), false, true), changes(pooled("static", "loss")),
			is(exists("fold-2_static_published.csv"), false, true))},
		{"json", "", "--json=false", both(is(at("", "format"), "mien-crossval-1", nil), says(stdout, "", "all folds pooled\n"))},
	}...)
	const (
		images = " --static-root $a --static-fold $five.txt,$one.txt --static-fold $a/static.txt,$five.txt"
		clips  = " --dynamic-root $a --dynamic-fold $two.csv,$three.csv --dynamic-fold $three.csv,$a/dynamic.csv"
	)
	given := []flagCase{
		{"static-fold", clips, clips + images, both(is(pooled("static", "n"), nil, 6), is(pooled("dynamic", "n"), 7, 7),
			says(learned("1"), "", "training: 5 images of $five.txt"), says(learned("2"), "", "training: 6 images of $a/static.txt"))},
		{"dynamic-fold", images, images + clips, both(is(pooled("dynamic", "n"), nil, 7), is(pooled("static", "n"), 6, 6),
			says(learned("1"), "", "training: 2 videos of $two.csv"), says(learned("2"), "", "training: 3 videos of $three.csv"))},
		{"static-root", images, images + " --static-root $b", both(is(root("2"), "$a", "$b"), changes(pooled("static", "loss")))},
	}
	return []commandFlags{{command: "crossval", line: "--recipe $tune.toml --out $out --folds 2 --json" + faces, cases: divided},
		{command: "crossval", line: "--recipe $tune.toml --out $out --json", cases: given},
		{command: "crossval", line: "--recipe $tune.toml --epochs 1 --out $out --folds 2" + faces, slow: true, cases: []flagCase{
			{"folds", "", "--folds 3", both(says(stderr, "fold 1 of 2, epoch 1, ", "fold 3 of 3, epoch 1, "),
				says(stderr, "fold 2 of 2, evaluating: 3 of 3\n", "fold 3 of 3, evaluating: 2 of 2\n"))}}},
		{command: "crossval", line: "--recipe $tune.toml --out $out --folds 2" + faces, stop: "static_train_2.txt", cases: []flagCase{
			{"folds", "", "--folds 3", says(stderr, "mien: $out keeps what is done (1 of 2 folds): continue", "mien: $out keeps what is done (1 of 3 folds): continue")}}}}
}

// together is whether two pictures are in the same of two folds.
func together(one, other string) probe {
	return func(r flagRunner, o *outcome) any {
		text, _ := content("lists/static_test_1.txt")(r, o).(string)
		return strings.Contains(text, one) == strings.Contains(text, other)
	}
}

func ablateFlags() []commandFlags {
	const tuned, pretrained = "plain/seed-0/finetune/", "plain/seed-0/pretrain/"
	run := func(path ...any) probe { // what run.json of the pre-training and the fine-tuning of a row hold
		return func(r flagRunner, o *outcome) any {
			return []any{at(pretrained+"run.json", path...)(r, o), at(tuned+"run.json", path...)(r, o)}
		}
	}
	bits := []probe{tensors(pretrained + model), tensors(tuned + model)}
	row := []flagCase{
		{"out", "", "--out $out/deep", both(is(exists("ablation.json"), true, false), is(exists("deep/ablation.json"), false, true))},
		{"resume", "--out $studied", "--out $studied --resume", both(is(code, 1, 0), says(stderr, "give --resume", "finetune: the run is finished"))},
		{"only", "", "--only one", both(is(length(at("", "rows")), 1, 2), is(exists("one/seed-0/finetune/"+model), false, true))},
		{"seeds", "", "--seeds 8,3", both(is(at("", "seeds"), "[0]", "[8 3]"), is(at("plain/seed-3/pretrain/run.json", "recipe", "seed"), nil, 3),
			is(at("plain/seed-8/finetune/run.json", "recipe", "seed"), nil, 8))},
		{"init", "", "--init $pretrained", both(is(exists(pretrained+model), true, false),
			is(at(tuned+"run.json", "files", "init", "path"), "$out/"+pretrained+model, "$pretrained/"+model))},
		{"epochs", "", "--epochs 1", is(run("recipe", "train.epochs"), "[2 2]", "[2 1]")},
		{"pretrain-epochs", "", "--pretrain-epochs 1", is(run("recipe", "train.epochs"), "[2 2]", "[1 2]")},
		{"recompute", "", "--recompute", both(less, same(bits...))},
		{"precision", "", "--precision bf16", both(is(run("precision"), "[f32 f32]", "[bf16 bf16]"), changes(bits...))},
		{"json", "", "--json=false", both(is(at("", "format"), "mien-ablation-1", nil), says(stdout, "", "Mine: one run, of seed 0\n"))},
		{"skip-bad", "--static-list $bad.txt --static-root $a --val-static-list $one.txt --val-static-root $a --skip-bad 1",
			"--static-list $bad.txt --static-root $a --val-static-list $one.txt --val-static-root $a --skip-bad 2",
			both(is(code, 1, 0), is(length(at("", "skipped")), 0, 2))},
	}
	for set, list := range map[string][2]string{"static": {"$five.txt", "$one.txt"}, "dynamic": {"$three.csv", "$two.csv"}} {
		flags := func(prefix, root string) string {
			return fmt.Sprintf(" --%s%s-list %s --%[1]s%[2]s-root %[4]s", prefix, set, list[0], root)
		}
		val := fmt.Sprintf("--val-%s-list %s --val-%[1]s-root $a", set, list[1])
		root := run("files", set+"_root", "path")
		row = append(row,
			flagCase{set + "-list", val, val + flags("", "$a"), both(is(run("files", set+"_list", "path"), "[<nil> <nil>]", "["+list[0]+" "+list[0]+"]"), changes(bits...))},
			flagCase{set + "-root", val + flags("", "$a"), val + flags("", "$b"), both(is(root, "[$a $a]", "[$b $b]"), changes(bits...))},
			flagCase{"pretrain-" + set + "-list", "", flags("pretrain-", "$a"),
				both(is(run("files", set+"_list", "path"), "[<nil> <nil>]", "["+list[0]+" <nil>]"), changes(bits[0]))},
			flagCase{"pretrain-" + set + "-root", flags("pretrain-", "$a"), flags("pretrain-", "$b"), both(is(root, "[$a <nil>]", "[$b <nil>]"), changes(bits[0]))})
	}
	slow := commandFlags{command: "ablate", line: "--out $out --epochs 1 --pretrain-epochs 1 --only plain $mine.toml", slow: true, cases: []flagCase{
		{"seeds", "", "--seeds 8,3", both(says(stderr, "run 1 of 2, plain, seed 0, pretrain, epoch 1, ", "run 1 of 4, plain, seed 8, pretrain, epoch 1, "),
			says(stderr, "run 2 of 2, plain, seed 0, finetune, epoch 1, ", "run 4 of 4, plain, seed 3, finetune, epoch 1, "))}}}
	stopped := commandFlags{command: "ablate", line: "--out $out --only plain $mine.toml", stop: "static validation", cases: []flagCase{
		{"seeds", "", "--seeds 8,3", says(stderr, "mien: $out keeps what is done (1 of 2 runs): continue", "mien: $out keeps what is done (1 of 4 runs): continue")}}}
	return []commandFlags{slow, stopped, {command: "ablate", line: "--out $out --json --only plain $mine.toml", cases: append(row, valCases("", tuned)...)},
		{command: "ablate", line: "--epochs 1 --pretrain-epochs 1 --only plain --out $out $seeing.toml", cases: []flagCase{
			{"landmarks", "--landmarks $points.safetensors", "--landmarks $dots.safetensors",
				both(is(run("files", "landmarks", "path"), "[$points.safetensors $points.safetensors]", "[$dots.safetensors $dots.safetensors]"), changes(bits...))}}},
		{command: "ablate", line: "--epochs 1 --pretrain-epochs 1 --out $out $mine.toml", cases: []flagCase{
			{"<ablation>", "", "$yours.toml", both(is(exists("ablation.json"), true, false), is(exists("mine/ablation.json"), false, true),
				is(at("yours/ablation.json", "name"), nil, "yours"))}}}}
}
