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
	w           io.Writer
	bar         *progressbar.ProgressBar // nil without a terminal
	description string
	done, total int
	said        time.Time
}

// sayEvery is the time between two lines without a terminal.
const sayEvery = 30 * time.Second

// NewProgress starts a bar of total steps.
func NewProgress(w io.Writer, total int, description string) *Progress {
	p := &Progress{w: w, description: description, total: total, said: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(description),
			progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetWidth(24), progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true))
	}
	return p
}

// Add advances by n steps.
func (p *Progress) Add(n int) {
	p.done += n
	if p.bar != nil {
		p.bar.Add(n)
		return
	}
	if time.Since(p.said) > sayEvery {
		p.said = time.Now()
		fmt.Fprintf(p.w, "%s: %d of %d\n", p.description, p.done, p.total)
	}
}

// Describe changes the text beside the bar.
func (p *Progress) Describe(text string) {
	p.description = text
	if p.bar != nil {
		p.bar.Describe(text)
	}
}

// Print writes a line above the bar.
func (p *Progress) Print(line string) {
	if p.bar != nil {
		p.bar.Clear()
	}
	fmt.Fprintln(p.w, line)
}

// Finish removes the bar, if there is one.
func (p *Progress) Finish() {
	if p != nil && p.bar != nil {
		p.bar.Clear()
		p.bar.Exit()
	}
}
