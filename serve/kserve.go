package serve

import (
	"net/http"

	"mien/data"
)

// The Open Inference Protocol (KServe v2): names and shapes of its addresses, and what the server says of itself there. infer.go computes.

// modelVersion is the only one of a model.
const modelVersion = "1"

type kserveServer struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	Extensions []string `json:"extensions"`
}

func (s *Server) kserveServer(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, kserveServer{"mien", s.Card.Version, []string{"classification"}})
	return nil
}

func (s *Server) kserveLive(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, kserveState{Live: new(true)})
	return nil
}

// kserveState is an answer about health.
type kserveState struct {
	Live  *bool `json:"live,omitempty"`
	Ready *bool `json:"ready,omitempty"`
}

func (s *Server) kserveReady(w http.ResponseWriter, _ *http.Request) error {
	if err := s.ready(); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, kserveState{Ready: new(true)})
	return nil
}

// named refuses the names of other models.
func (s *Server) named(r *http.Request) error {
	version := r.PathValue("version")
	if r.PathValue("model") != s.Card.Name || version != "" && version != modelVersion {
		return newProblem(http.StatusNotFound, "no_such_model", "the model here is %s, version %s", s.Card.Name, modelVersion)
	}
	return nil
}

func (s *Server) kserveModelReady(w http.ResponseWriter, r *http.Request) error {
	if err := s.named(r); err != nil {
		return err
	}
	return s.kserveReady(w, r)
}

type kserveModel struct {
	Name     string         `json:"name"`
	Versions []string       `json:"versions"`
	Platform string         `json:"platform"`
	Inputs   []kserveTensor `json:"inputs"`
	Outputs  []kserveTensor `json:"outputs"`
}

// kserveTensor is a tensor without its values. −1 is any extent.
type kserveTensor struct {
	Name     string `json:"name"`
	DataType string `json:"datatype"`
	Shape    []int  `json:"shape"`
}

// probabilitiesOf returns the name of the output for an input: image or video.
func probabilitiesOf(head data.Modality) string { return string(head) + "_probabilities" }

func (s *Server) kserveModel(w http.ResponseWriter, r *http.Request) error {
	if err := s.named(r); err != nil {
		return err
	}
	m := kserveModel{Name: s.Card.Name, Versions: []string{modelVersion}, Platform: "mien"}
	for _, head := range []data.Modality{data.Image, data.Video} {
		if n := len(s.Card.Labels[head]); n > 0 {
			shape := data.ByModality(head, []int{-1, -1, -1, 3}, []int{-1, -1, -1, -1, 3})
			m.Inputs = append(m.Inputs, kserveTensor{string(head), "UINT8", shape})
			m.Outputs = append(m.Outputs, kserveTensor{probabilitiesOf(head), "FP64", []int{-1, n}})
		}
	}
	writeJSON(w, http.StatusOK, m)
	return nil
}
