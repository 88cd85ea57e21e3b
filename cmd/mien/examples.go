package main

import "github.com/alecthomas/kong"

// examples has a line for each command, which --help and the man page show.
var examples = map[string]string{
	"demo":            "mien demo --out demo",
	"pretrain":        "mien pretrain --recipe s4d-demo-pretrain --out encoder",
	"finetune":        "mien finetune --recipe s4d-demo --init encoder --out run --static-list faces.txt --static-root faces",
	"landmarks train": "mien landmarks train --out landmarks",
	"ablate":          "mien ablate pretraining --seeds 0,1,2 --out study",
	"eval":            "mien eval --model run --static-list test.txt --static-root faces --bootstrap 1000",
	"crossval":        "mien crossval --recipe s4d-demo --folds 5 --dynamic-list clips.csv --dynamic-root clips --out cv",
	"predict":         "mien predict --model run --csv faces.csv holiday.jpg clip.mp4",
	"report":          "mien report encoder run --drawn --out page",
	"explain":         "mien explain --model run --out looks face.jpg clip.mp4",
	"serve":           "mien serve --model run --listen 127.0.0.1:8080",
	"prepare":         "mien prepare --static-list list.txt --static-root photos --out faces",
	"data check":      "mien data check --set dfew-fd1-train --dynamic-list train.csv --dynamic-root DFEW",
	"data draw":       "mien data draw --images 70 --videos 14 --out faces",
	"info":            "mien info --model run",
	"recipe":          "mien recipe s4d-demo",
	"gradcheck":       "mien gradcheck attention",
	"devices":         "mien devices",
	"doctor":          "mien doctor",
	"convert":         "mien convert --precision int8 checkpoint.pth model.safetensors",
	"bench gemm":      "mien bench gemm --m 1024 --n 1024 --k 1024 --threads 1",
	"bench forward":   "mien bench forward --precision int8",
	"bench train":     "mien bench train --batch 2 --recompute",
	"bench pretrain":  "mien bench pretrain --batch 2",
	"completion":      "mien completion bash",
	"licenses":        "mien licenses",
	"man":             "mien man",
}

// exampleOf returns the example of a command, "" for a group of commands.
func exampleOf(command *kong.Node) string { return examples[command.Path()] }
