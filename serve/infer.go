package serve

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"mien/data"
)

// POST /v2/models/{model}/infer: faces that are cut out, as tensors of bytes.

// inferRequest is what is asked.
type inferRequest struct {
	ID         string         `json:"id"`
	Parameters map[string]any `json:"parameters"`
	Inputs     []inferInput   `json:"inputs"`
	Outputs    []inferOutput  `json:"outputs"`
}

type inferInput struct {
	kserveTensor
	Parameters map[string]any  `json:"parameters"`
	Data       json.RawMessage `json:"data"`
}

// inferOutput asks for an output, maybe as the classification extension has it: the k likeliest classes.
type inferOutput struct {
	Name       string `json:"name"`
	Parameters struct {
		Classification *int `json:"classification"`
	} `json:"parameters"`
}

// inferAnswer is what is said.
type inferAnswer struct {
	ModelName    string        `json:"model_name"`
	ModelVersion string        `json:"model_version"`
	ID           string        `json:"id,omitempty"`
	Outputs      []inferResult `json:"outputs"`
}

type inferResult struct {
	kserveTensor
	Data any `json:"data"` // numbers, or texts of the classification extension
}

func (s *Server) infer(w http.ResponseWriter, r *http.Request) error {
	if err := s.named(r); err != nil {
		return err
	}
	if r.Header.Get("Inference-Header-Content-Length") != "" {
		return newProblem(http.StatusUnsupportedMediaType, "media_type", "tensors are taken as JSON only")
	}
	leave, err := s.enter(r)
	if err != nil {
		return err
	}
	defer leave()
	if err := begin(w, r, s.Limits.Body, s.Limits.BodyTime); err != nil {
		return err
	}
	of := &lease{of: s.memory}
	defer of.release()
	body, err := readAll(r.Body, of)
	if err = cmp.Or(err, arrived(w)); err != nil {
		return err
	}
	place, err := s.place()
	if err != nil {
		return err
	}
	defer place()
	ctx, cancel := context.WithTimeout(r.Context(), s.Limits.AnswerTime)
	defer cancel()
	answer, err := s.inferTensor(ctx, body)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// inferTensor answers the text of a request.
func (s *Server) inferTensor(ctx context.Context, body []byte) (*inferAnswer, error) {
	asked, err := readInfer(body)
	if err != nil {
		return nil, err
	}
	head := data.Modality(asked.Inputs[0].Name)
	labels := s.Card.Labels[head]
	if len(labels) == 0 {
		return nil, malformed("the model has no input %q", head)
	}
	if len(asked.Outputs) == 1 && asked.Outputs[0].Name != probabilitiesOf(head) {
		return nil, malformed("the output of input %s is %s", head, probabilitiesOf(head))
	}
	samples, err := s.samples(asked.Inputs[0], head)
	if err != nil {
		return nil, err
	}
	var all [][]float64
	for _, sample := range samples {
		p, err := ask(ctx, s.worker, "tensor", func(a analyzer) ([]float64, error) { return a.Classify(ctx, head, sample) })
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	result := inferResult{kserveTensor{probabilitiesOf(head), "FP64", []int{len(all), len(labels)}}, slices.Concat(all...)}
	if len(asked.Outputs) == 1 && asked.Outputs[0].Parameters.Classification != nil {
		result = classification(*asked.Outputs[0].Parameters.Classification, head, labels, all)
	}
	return &inferAnswer{s.Card.Name, modelVersion, asked.ID, []inferResult{result}}, nil
}

// readInfer reads a request of one input.
func readInfer(body []byte) (asked inferRequest, err error) {
	if err := json.Unmarshal(body, &asked); err != nil {
		return asked, malformed("JSON: %v", err)
	}
	if len(asked.Inputs) != 1 || len(asked.Outputs) > 1 {
		return asked, malformed("there must be one input, and at most one output")
	}
	if len(asked.Outputs) == 1 {
		if k := asked.Outputs[0].Parameters.Classification; k != nil && (*k < 1 || *k > maxTop) {
			return asked, malformed("classification must be from 1 to %d", maxTop)
		}
	}
	return asked, nil
}

// samples returns the pictures or clips of a tensor.
func (s *Server) samples(in inferInput, head data.Modality) ([]*data.Frames, error) {
	if in.DataType != "UINT8" {
		return nil, malformed("input %s must be UINT8: bytes of red, green and blue", in.Name)
	}
	dims := data.ByModality(head, 4, 5) // [N, H, W, 3] and [N, T, H, W, 3]
	if len(in.Shape) != dims || in.Shape[dims-1] != 3 {
		return nil, malformed("the shape of input %s must have %d extents, the last of them 3", in.Name, dims)
	}
	total := 1
	for _, extent := range in.Shape {
		if extent < 1 || extent > s.Limits.Pixels || total*extent > 3*s.Limits.Pixels {
			return nil, tooLarge("too_many_pixels", "the extents must be positive, and together at most %d pixels", s.Limits.Pixels)
		}
		total *= extent
	}
	pixels, err := byteTensor(in.Data, total)
	if err != nil {
		return nil, err
	}
	n, h, w := in.Shape[0], in.Shape[dims-3], in.Shape[dims-2]
	each := total / n
	samples := make([]*data.Frames, n)
	for i := range samples {
		samples[i] = &data.Frames{T: each / (h * w * 3), H: h, W: w, Pix: pixels[i*each : (i+1)*each]}
	}
	return samples, nil
}

// byteTensor reads want whole numbers from 0 to 255, in one list or in nested ones, whose brackets are not compared with the shape. text
// is valid JSON.
func byteTensor(text []byte, want int) ([]byte, error) {
	if len(text) < want { // a digit each
		return nil, malformed("the shape has %d values, the data fewer", want)
	}
	out := make([]byte, 0, want)
	for len(text) > 0 {
		n := bytes.IndexAny(text, "[], \t\r\n")
		if n < 0 {
			n = len(text)
		}
		if n == 0 {
			text = text[1:]
			continue
		}
		v, err := strconv.ParseUint(string(text[:n]), 10, 8)
		if err != nil {
			return nil, malformed("the data must be whole numbers from 0 to 255")
		}
		if len(out) == want {
			return nil, malformed("the shape has %d values, the data more", want)
		}
		out, text = append(out, byte(v)), text[n:]
	}
	if len(out) < want {
		return nil, malformed("the shape has %d values, the data %d", want, len(out))
	}
	return out, nil
}

// classification returns the k likeliest classes of each sample as Triton's extension has it: value:index:label.
func classification(k int, head data.Modality, labels []string, all [][]float64) inferResult {
	k = min(k, len(labels))
	texts := []string{}
	for _, p := range all {
		order := make([]int, len(labels))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
		for _, i := range order[:k] {
			texts = append(texts, fmt.Sprintf("%s:%d:%s", number(p[i]), i, labels[i]))
		}
	}
	return inferResult{kserveTensor{probabilitiesOf(head), "BYTES", []int{len(all), k}}, texts}
}
