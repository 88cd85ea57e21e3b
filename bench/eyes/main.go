// Eyes trains the network that finds the corners of eyes, which is part of package face/eyes.
//
//	go run ./bench/eyes LONDON OUT         on the sitters for training, and drawn faces; writes OUT, which is face/eyes/weights/eyes.safetensors
//	go run ./bench/eyes LONDON crossval    by four folds of these sitters, by which it was chosen
//
// LONDON is the folder of the Face Research Lab London Set, with portraits/ and annotation/. Package annotated says where the corners of their
// eyes are. It runs on one thread.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

func main() {
	runtime.GOMAXPROCS(1)
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "eyes:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: eyes LONDON OUT|crossval")
	}
	sitters, err := readLondon(args[0])
	if err != nil {
		return err
	}
	drawn, err := draw(drawnFaces)
	if err != nil {
		return err
	}
	if args[1] == "crossval" {
		return crossval(sitters, drawn)
	}
	l, err := learn(sitters, drawn)
	if err != nil {
		return err
	}
	defer l.close()
	return l.write(args[1])
}

// folds of the sitters in cross-validation.
const folds = 4

// crossval says how far eyes are found from where they are, of sitters that the network has not seen.
func crossval(sitters, drawn []*face) error {
	var all measured
	for fold := range folds {
		var seen, held []*face
		for _, f := range sitters {
			if f.sitter%folds == fold {
				held = append(held, f)
			} else {
				seen = append(seen, f)
			}
		}
		l, err := learn(seen, drawn)
		if err != nil {
			return err
		}
		one, err := l.measure(held)
		l.close()
		if err != nil {
			return err
		}
		say(fmt.Sprint("fold ", fold+1), one.worse)
		all.worse, all.each = append(all.worse, one.worse...), append(all.each, one.each...)
	}
	say("all folds", all.worse)
	doubt(all.each)
	return nil
}
