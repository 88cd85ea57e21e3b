package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime/debug"

	"mien/data"
	"mien/engine"
	"mien/infer"
	"mien/modelfile"
	"mien/recipe"
	"mien/report"
)

// mien eval, and the flags that predict shares with it.

type evalCmd struct {
	modelFlags
	JSON      bool   `help:"Print JSON."`
	Drawn     bool   `help:"Evaluate on drawn faces, of people whom no training has seen, instead of lists."`
	Pred      string `help:"Write each answer to a CSV file that does not exist yet: id, label, pred and the probability of each class. Until it is complete it is called FILE.part." placeholder:"FILE"`
	Figures   string `help:"Write the confusion matrix and the reliability of each set into a folder, as PNG and SVG." placeholder:"DIR"`
	Bootstrap uint   `help:"Draws from the samples, with replacement, for the 95 % confidence intervals of UAR and WAR; 0 is none." default:"1000" placeholder:"N"`
	Head      string `help:"The head that answers, image or video, also to samples of the other modality: an image is a video of one moment, a video is judged frame by frame. Classes go by their names." enum:",image,video" default:"" placeholder:"HEAD"`
	skipFlags
	dataFlags
}

const evaluationFormat = "mien-eval-1"

// evaluation is what eval prints.
type evaluation struct {
	Format    string `json:"format"`
	Published bool   `json:"published"` // as the released code does
	*infer.Report
}

// modelFlags select the model, its precision and what it sees of videos.
type modelFlags struct {
	Model     string            `help:"Fine-tuned weights: a file, a run folder, or builtin, the small model within mien." default:"builtin" placeholder:"FILE|RUN"`
	Precision *engine.Precision `help:"Number format in which linear layers multiply, f32, bf16 or int8, instead of that in which the model is stored. Below f32, attention takes it, too, on CPUs with AVX-512 instructions for it." placeholder:"P"`
	Stride    *uint             `help:"Frames between two sampled frames of a video, instead of the model's." placeholder:"N"`
	Windows   *uint             `help:"Windows of a video that are seen, spread evenly. Without it, predict sees all of a video with models of mien, and eval, or a published checkpoint, the first and the last window." placeholder:"N"`
	Published bool              `help:"Answer as in the evaluation of S4D's released code: four views of a video, of which two differ by router noise alone, and experts that drop tokens beyond their share of a batch, of 16 videos or 24 images in eval, of one input in predict. Without it, whatever the recipe says, no answer depends on noise or on other samples."`
	Quiet     bool              `help:"Show no progress and no notes, only errors."`
}

// Most that flags take.
const (
	maxWindows = 100 // which an evaluation reads at once
	maxTop     = 1000
	maxDraws   = 10_000
)

func (f modelFlags) open(out *console) (*infer.Model, error) {
	if err := cmp.Or(within("stride", f.Stride, recipe.MaxStride), within("windows", f.Windows, maxWindows)); err != nil {
		return nil, err
	}
	if f.Published && f.Windows != nil {
		return nil, usagef("--published has windows of its own: leave --windows out")
	}
	// The model stays in memory: by default the collector would let garbage grow to the same size.
	debug.SetGCPercent(20)
	m, err := f.load(out, f.Precision)
	if err != nil {
		return nil, err
	}
	if f.Published && m.Recipe.Model.Experts == 0 {
		f.note(out, "the model has no experts: of --published, only the windows of videos matter")
	}
	if f.Stride != nil {
		m.Recipe.Data.Stride = int(*f.Stride)
	}
	if f.Windows != nil {
		m.Windows = int(*f.Windows)
	}
	return m, nil
}

// load opens the model in a precision, or in that of its file.
func (f modelFlags) load(out *console, p *engine.Precision) (*infer.Model, error) {
	if f.Published {
		return infer.OpenPublished(f.Model, out.backend, p)
	}
	return infer.Open(f.Model, out.backend, p)
}

// note prints what the user should know.
func (f modelFlags) note(out *console, text string) { out.note(f.Quiet, text) }

// within returns an error for a flag that is given and not from 1 to most.
func within(flag string, n *uint, most uint) error {
	if n != nil && (*n < 1 || *n > most) {
		return usagef("--%s %d: it must be from 1 to %d", flag, *n, most)
	}
	return nil
}

// withinDraws returns an error for more draws of a bootstrap than there may be.
func withinDraws(n uint) error {
	if n > maxDraws {
		return usagef("--bootstrap %d: it must be from 0 to %d", n, maxDraws)
	}
	return nil
}

func (c *evalCmd) Run(out *console) error {
	if err := c.checkSets(); err != nil {
		return err
	}
	m, err := c.open(out)
	if err != nil {
		return err
	}
	if note := modelfile.Chosen(c.Model); note != "" {
		c.note(out, note)
	}
	if c.Precision != nil && *c.Precision != engine.Full {
		if m.Reference, err = c.load(out, new(engine.Full)); err != nil {
			return err
		}
	}
	m.Skips, m.Head = &data.Skips{Limit: c.limit()}, data.Modality(c.Head)
	sets, _, err := measuredOn(out, m, data.Lists(c.dataFlags), c.Drawn, c.Quiet)
	if err != nil {
		return err
	}
	r, err := c.record(out, m, sets)
	if err == nil && c.Figures != "" {
		err = saveFigures(c.Figures, r)
	}
	if err == nil && c.JSON {
		err = out.print(true, evaluation{evaluationFormat, c.Published, r}, nil)
	}
	if err != nil {
		return err
	}
	return leftOut(out, m.Skips, r)
}

// saveFigures writes the figures of an evaluation into a folder.
func saveFigures(dir string, r *infer.Report) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	_, err := (&report.Page{Report: r}).SaveFigures(dir)
	return err
}

// record evaluates and writes each answer to the file of --pred, if there is one.
func (c *evalCmd) record(out *console, m *infer.Model, sets data.Sets) (*infer.Report, error) {
	if c.Pred == "" {
		return c.evaluate(out, m, sets)
	}
	all := sets.All()
	if len(all) > 1 {
		return nil, usagef("--pred is for one set, whose classes are its columns: evaluate images and videos one after the other")
	}
	file, err := createPart("--pred", c.Pred)
	if err != nil {
		return nil, err
	}
	answers, err := infer.NewAnswerFile(file, m.Labels[m.HeadFor(all[0].Modality)])
	m.Answered = answers.Write
	var r *infer.Report
	if err == nil {
		r, err = c.evaluate(out, m, sets)
	}
	return r, cmp.Or(file.finish(err == nil, out.stderr), err)
}

// evaluate measures one set after the other, and prints the result of each when it is known, unless JSON prints all.
func (c *evalCmd) evaluate(out *console, m *infer.Model, sets data.Sets) (*infer.Report, error) {
	all := &infer.Report{}
	for i, d := range sets.All() {
		meter := newMeter(out, len(d.Items), fmt.Sprintf("evaluating %ss", d.Modality), c.Quiet)
		m.Counted = meter.Add
		r, err := m.Evaluate(out.ctx, data.ByModality(d.Modality, data.Sets{Image: d}, data.Sets{Video: d}))
		meter.Finish()
		if err != nil {
			return nil, err
		}
		for _, s := range r.Scores() {
			s.Resample(int(c.Bootstrap), m.Recipe.Seed)
		}
		all.Static, all.Dynamic = cmp.Or(all.Static, r.Static), cmp.Or(all.Dynamic, r.Dynamic)
		if c.JSON {
			continue
		}
		if i > 0 {
			fmt.Fprintln(out.stdout)
		}
		for _, s := range r.Scores() {
			printScore(out, s)
		}
	}
	return all, nil
}

// checkSets returns an error unless either lists or drawn faces are asked for.
func (c *evalCmd) checkSets() error {
	lists := data.Lists(c.dataFlags)
	switch err := cmp.Or(checkRoots(lists, ""), withinDraws(c.Bootstrap)); {
	case err != nil:
		return err
	case lists.Empty() && !c.Drawn:
		return usagef("nothing to evaluate on: give --static-list or --dynamic-list, or --drawn for drawn faces")
	case c.Published && c.Head != "":
		return usagef("--published and --head: the released code measures each head on its own modality; leave one of them out")
	case c.Drawn && !lists.Empty():
		return usagef("--drawn is for an evaluation without lists: leave one of them out")
	}
	return nil
}

// printReport prints the recalls of a model.
func printReport(out *console, r *infer.Report) {
	var rows [][]string
	for _, s := range r.Scores() {
		rows = append(rows, cells("%s\t%.2f\t%.2f\t%d", s.Name, s.UAR, s.WAR, s.N))
	}
	report.Table(out.stdout, []string{"set", "UAR", "WAR", "n"}, rows)
}

// printScore prints all that was measured on a set.
func printScore(out *console, s infer.NamedScore) {
	if s.Head != "" && s.Head != s.Modality {
		s.Name += fmt.Sprintf(" by the %s head", s.Head)
	}
	head := []string{"set", "UAR", "WAR", "macro F1", "weighted F1", "ECE", "n"}
	row := cells("%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%d", s.Name, s.UAR, s.WAR, s.MacroF1, s.WeightedF1, s.Calibration.ECE, s.N)
	if b := s.Bootstrap; b != nil {
		head = append(head, "UAR in 95 %", "WAR in 95 %")
		row = append(row, cells("%.2f to %.2f\t%.2f to %.2f", b.UAR.Low, b.UAR.High, b.WAR.Low, b.WAR.High)...)
	}
	if a := s.Agreement; a != nil {
		head = append(head, "as f32", "largest change")
		row = append(row, cells("%.2f %%\t%.4f", a.Top1, a.LargestChange)...)
	}
	report.Table(out.stdout, head, [][]string{row})
	fmt.Fprintf(out.stdout, "\n%s: true class by row, predicted by column\n", s.Name)
	report.ConfusionTable(out.stdout, s.Labels, s.Confusion)
}
