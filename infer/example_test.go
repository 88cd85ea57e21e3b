package infer_test

import (
	"context"
	"fmt"
	"log"

	"mien/data"
	"mien/engine/cpu"
	"mien/infer"
)

// A whole program: open a model, name the expression in an image.
func Example() {
	model, err := infer.Open("../testdata/golden/released_form.pth", cpu.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()

	ctx := context.Background()
	const path = "../testdata/golden/face.png"
	size := model.Recipe.Model.ImageSize
	face, modality, err := data.Open(ctx, path, data.OpenOptions{H: size, W: size})
	if err != nil {
		log.Fatal(err)
	}
	answer, err := model.Predict(ctx, path, face, modality)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s, %.0f %%\n", answer.Modality, answer.Label, 100*answer.Probabilities[answer.Class])
	// Output: image: neutral, 30 %
}
