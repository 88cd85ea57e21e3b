package data

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
)

// Inspection of lists before a long run: every sample is decoded whole, as no header shows damage in the middle.

// Finding is something wrong with a sample.
type Finding struct {
	Kind   string `json:"kind"` // Missing, Unreadable, Short or Duplicate
	List   string `json:"list"`
	Line   int    `json:"line"`
	Path   string `json:"path"` // as listed
	Detail string `json:"detail"`
}

// Kinds of findings.
const (
	Missing    = "missing"    // no such file
	Unreadable = "unreadable" // damaged, empty, or in an unknown format
	Short      = "short"      // a video with fewer frames than a model sees
	Duplicate  = "duplicate"  // the pixels of an earlier sample, of videos as they are at 64×64
)

// Text says what is wrong, and where. The errors of files already say where.
func (f Finding) Text() string {
	if f.Kind == Missing || f.Kind == Unreadable {
		return f.Detail
	}
	return fmt.Sprintf("%s: line %d: %s: %s", f.List, f.Line, f.Path, f.Detail)
}

// Inspector looks at the samples of one set after the other. Duplicates are found across all of them: a picture for training that is
// also one for testing, too.
type Inspector struct {
	Frames int // of a video, fewer are Short
	seen   map[[sha256.Size]byte]known
}

// known is a sample that was seen.
type known struct {
	Item
	classes []string // of its list
}

// class is the name of a sample's class, "" if it has none.
func (k known) class() string {
	if k.Label < 0 || k.Label >= len(k.classes) {
		return ""
	}
	return k.classes[k.Label]
}

// differs reports whether two samples have other labels: by name where both have one, as two lists may number the same classes
// differently.
func (k known) differs(other known) bool {
	if a, b := k.class(), other.class(); a != "" && b != "" {
		return a != b
	}
	return k.Label != other.Label
}

// inspected is the size at which the frames of videos are compared: those of a long video do not fit into memory otherwise. Two videos
// of which no frame differs at this size are copies of each other. Images are compared at their own size, as two that differ little may
// be two frames of one video. Copies that differ in format or metadata alone are the same.
var inspected = OpenOptions{H: 64, W: 64}

// Inspect decodes all samples of d and returns what is wrong, in the order of the list. It calls done after each sample.
func (p *Inspector) Inspect(ctx context.Context, d *Dataset, done func(n int)) (findings []Finding, err error) {
	if p.seen == nil {
		p.seen = map[[sha256.Size]byte]known{}
	}
	workers := runtime.GOMAXPROCS(0)
	i := 0
	opt := ByModality(d.Modality, OpenOptions{}, inspected)
	for s, err := range Ordered(ctx, len(d.Items), workers, 4*workers, func(ctx context.Context, i int) (looked, error) {
		return look(ctx, d.Items[i], opt)
	}) {
		if ctx.Err() != nil {
			return findings, ctx.Err()
		}
		findings = append(findings, p.judge(known{d.Items[i], d.Classes}, d.Modality, s, err)...)
		i++
		done(1)
	}
	return findings, nil
}

// judge returns what is wrong with a sample: a video may be both too short and a duplicate.
func (p *Inspector) judge(item known, m Modality, s looked, err error) (found []Finding) {
	add := func(kind, detail string) {
		found = append(found, Finding{kind, item.List, item.Line, item.Name, detail})
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		add(Missing, err.Error())
		return found
	case err != nil:
		add(Unreadable, err.Error())
		return found
	}
	if m == Video && s.frames < p.Frames {
		add(Short, fmt.Sprintf("%d frames, of which the last is repeated up to %d", s.frames, p.Frames))
	}
	switch earlier, ok := p.seen[s.digest]; {
	case !ok:
		p.seen[s.digest] = item
	case earlier.differs(item):
		add(Duplicate, fmt.Sprintf("the same as %s, which has another label", earlier.Place()))
	default:
		add(Duplicate, "the same as "+earlier.Place())
	}
	return found
}

// looked is what is remembered of a sample.
type looked struct {
	frames int
	digest [sha256.Size]byte // of the sizes and pixels of all frames
}

// look decodes a sample whole, one frame after the other.
func look(ctx context.Context, item Item, opt OpenOptions) (s looked, err error) {
	sample, err := item.Open(ctx, opt)
	if err != nil {
		return s, err
	}
	pixels := sha256.New()
	for i := range sample.Len() {
		f, err := sample.Read(ctx, []int{i})
		if err != nil {
			return s, err
		}
		fmt.Fprintln(pixels, f.W, f.H)
		pixels.Write(f.Pix)
	}
	s.frames = sample.Len()
	pixels.Sum(s.digest[:0])
	return s, nil
}
