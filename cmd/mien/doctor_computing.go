package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"slices"
	"strings"

	"mien/asm"
	ag "mien/autograd"
	"mien/data"
	"mien/data/drawn"
	"mien/engine"
	"mien/face"
	"mien/gradcheck"
	"mien/gradcheck/cases"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/systems"
)

// What doctor computes, and compares with what is known.

func ofComputing() []examination {
	return []examination{
		{"product", checkProduct}, {"gradients", checkGradients}, {"picture", checkPicture}, {"faces", checkFaces}, {"forward", checkForward},
	}
}

// Advice on wrong results.
const (
	otherKernels = "please report it with this output; until then MIEN_KERNELS=generic, slow but plain Go, may help"
	copyAnew     = "this file of mien is damaged, or a mistake is in it: copy it anew, and report it if that does not help"
)

// checkProduct compares a product, a softmax and random numbers on each set of kernels, and on the device, with plain loops at float64.
func checkProduct(out *console) finding {
	var tested []string
	for _, on := range gradTargets(out.backend) {
		restore, err := on.use()
		if err == nil {
			b := on.new()
			err = cmp.Or(selfTest(b), b.Close())
			restore()
		}
		if err != nil {
			return fault(otherKernels, fmt.Errorf("%s: %w", on.name, err))
		}
		tested = append(tested, on.name)
	}
	return found("as at float64 on %s", strings.Join(tested, ", "))
}

// testedLayer is the gradient case of the self-test.
const testedLayer = "nn.LayerNorm"

// checkGradients compares the gradients of a layer with finite differences.
func checkGradients(out *console) finding {
	all := cases.Layers()
	layer := all[slices.IndexFunc(all, func(k gradcheck.Case) bool { return k.Name == testedLayer })]
	row := gradRow{Name: layer.Name, Float32: map[string]float64{}}
	if err := row.check(layer, gradTargets(out.backend)); err != nil {
		return fault(otherKernels, err)
	}
	return found("%s: %.0e from finite differences; `mien gradcheck` checks all", row.Name, row.Float64)
}

// The picture of the self-test: a drawn face somewhere on grey.
const (
	pictureW, pictureH = 320, 240
	faceSide           = 128
	faceX, faceY       = 110, 60
)

// picture draws it.
func picture(out *console) (*data.Frames, error) {
	sample, err := drawn.Images(1, 1, faceSide).Items[0].Open(out.ctx, data.OpenOptions{})
	if err != nil {
		return nil, err
	}
	head, err := sample.Read(out.ctx, []int{0})
	if err != nil {
		return nil, err
	}
	f := data.NewFrames(1, pictureH, pictureW)
	for i := range f.Pix {
		f.Pix[i] = 128
	}
	for y := range faceSide {
		copy(f.Pix[((faceY+y)*pictureW+faceX)*3:], head.Pix[y*faceSide*3:(y+1)*faceSide*3])
	}
	return f, nil
}

// upsideDown is an EXIF block: the camera was turned by 180°.
const upsideDown = "\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x03\x00\x00\x00\x00\x00\x00"

// jpegOf stores a picture as a camera that was held upside down does.
func jpegOf(f *data.Frames) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, f.W, f.H))
	for y := range f.H {
		for x := range f.W {
			p := f.Pix[((f.H-1-y)*f.W+f.W-1-x)*3:]
			img.Set(x, y, color.RGBA{p[0], p[1], p[2], 255})
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95})
	return slices.Concat(b.Bytes()[:2], []byte(upsideDown), b.Bytes()[2:]), err
}

// checkPicture reads a JPEG that it has written before.
func checkPicture(out *console) finding {
	want, err := picture(out)
	if err != nil {
		return fault(copyAnew, err)
	}
	stored, err := jpegOf(want)
	if err != nil {
		return fault(copyAnew, err)
	}
	name, err := temporary("mien-doctor-*.jpg", stored)
	if err != nil {
		return fault("set TMPDIR to a folder that can be written", err)
	}
	defer os.Remove(name)
	got, err := data.OpenImage(out.ctx, name, data.OpenOptions{})
	if err != nil {
		return fault(copyAnew, err)
	}
	if got.H != want.H || got.W != want.W {
		return fault(copyAnew, fmt.Errorf("a JPEG of %d×%d pixels is read as %d×%d", want.W, want.H, got.W, got.H))
	}
	if far := meanDifference(got, want); far > lossOfJPEG {
		return fault(copyAnew, fmt.Errorf("a JPEG is read wrongly: values differ by %.1f of 255", far))
	}
	return found("a JPEG is read, and turned by its EXIF orientation")
}

// lossOfJPEG is more than compression changes values on average, and less than another picture differs.
const lossOfJPEG = 4

// meanDifference returns how far values of two pictures of one size are from each other.
func meanDifference(a, b *data.Frames) float64 {
	sum := 0.0
	for i, p := range a.Pix {
		sum += math.Abs(float64(p) - float64(b.Pix[i]))
	}
	return sum / float64(len(a.Pix))
}

// temporary writes a file into the temporary folder.
func temporary(pattern string, content []byte) (name string, err error) {
	f, err := os.CreateTemp("", pattern)
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	return f.Name(), cmp.Or(err, f.Close())
}

// checkFaces finds the face of the picture.
func checkFaces(out *console) finding {
	f, err := picture(out)
	if err != nil {
		return fault(copyAnew, err)
	}
	d, err := face.New(out.backend)
	if err != nil {
		return fault(copyAnew, err)
	}
	defer d.Close()
	faces, err := d.Detect(f, face.DefaultOptions)
	if err != nil {
		return fault(otherKernels, err)
	}
	drawn := face.Box{X: faceX, Y: faceY, Width: faceSide, Height: faceSide}
	if len(faces[0]) != 1 || faces[0][0].Overlap(drawn) < 0.7 {
		return fault(otherKernels, fmt.Errorf("the face of a drawn picture is not found where it is: %d faces", len(faces[0])))
	}
	return found("a drawn face is found where it is, with a score of %.2f", faces[0][0].Score)
}

// testedModel is the recipe whose model the self-test runs.
const testedModel = "s4d-tiny"

// checkForward compares the answers of a small model with those of plain Go.
func checkForward(out *console) finding {
	r, err := recipe.Load(testedModel)
	if err != nil {
		return fault(copyAnew, err)
	}
	got, err := logitsOf(out.backend, r)
	if err != nil {
		return fault(otherKernels, err)
	}
	restore, err := asm.Use("generic")
	if err != nil {
		return fault(copyAnew, err)
	}
	defer restore()
	want, err := logitsOf(newCPU(), r)
	if err != nil {
		return fault(copyAnew, err)
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-3*max(1, math.Abs(want[i]))) {
			return fault(otherKernels, fmt.Errorf("a model answers %v, where plain Go answers %v", got, want))
		}
	}
	return found("a model of size %s answers as in plain Go", testedModel)
}

// logitsOf returns the logits of a model as drawn, for an image of noise.
func logitsOf(b engine.Backend, r recipe.Recipe) (logits []float64, err error) {
	defer engine.Catch(&err)
	s, err := systems.Of(r)
	if err != nil {
		return nil, err
	}
	scope := nn.NewInferenceScope(b, nn.Random{Seed: benchSeed}, engine.Full)
	defer scope.Free()
	net, ok := s.Build(scope, r).(system.Classifier)
	if err := scope.Err(); err != nil || !ok {
		return nil, cmp.Or(err, errors.New("no classifier"))
	}
	t := ag.NewInferenceTape(b, engine.Full)
	defer t.Close()
	in := benchInput{Batch: 1, Tokens: imageTokens(r)}
	return engine.Read[float64](net.Logits(in.pixels(r).Pixels(t), data.Image, engine.Key{}).Data())
}
