package main

import (
	"mien/engine"
	"mien/infer"
)

// openBuiltin opens the model that is used where no --model is given.
func openBuiltin(engine.Backend) (*infer.Model, error) {
	return nil, usagef("give a model: --model FILE|RUN")
}
