package report

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress is a bar on a terminal, and a line every half minute elsewhere, such as in a log.
type Progress struct {
	w        io.Writer
	bar      *progressbar.ProgressBar // which writes nothing without a terminal
	terminal bool
	said     time.Time
}

// sayEvery is the time between two lines without a terminal.
const sayEvery = 30 * time.Second

// NewProgress starts a bar of total steps.
func NewProgress(w io.Writer, total int, description string) *Progress {
	f, ok := w.(*os.File)
	p := &Progress{w: w, terminal: ok && term.IsTerminal(int(f.Fd())), said: time.Now()}
	shown := io.Discard
	if p.terminal {
		shown = w
	}
	p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(shown), progressbar.OptionSetDescription(description),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(24), progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true))
	return p
}

// Add advances by n steps.
func (p *Progress) Add(n int) {
	p.bar.Add(n)
	if !p.terminal && time.Since(p.said) > sayEvery {
		p.said = time.Now()
		s := p.bar.State()
		fmt.Fprintf(p.w, "%s: %d of %d\n", s.Description, s.CurrentNum, s.Max)
	}
}

// Describe changes the text beside the bar.
func (p *Progress) Describe(text string) { p.bar.Describe(text) }

// Print writes a line above the bar.
func (p *Progress) Print(line string) {
	p.bar.Clear()
	fmt.Fprintln(p.w, line)
}

// Finish removes the bar, if there is one.
func (p *Progress) Finish() {
	if p != nil {
		p.bar.Clear()
		p.bar.Exit()
	}
}
