package report

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Progress is a bar on a terminal, and a line every half minute elsewhere, such as in a log. It is safe for concurrent use.
type Progress struct {
	w       io.Writer
	columns func() int // of the terminal, nil elsewhere

	mu                  sync.Mutex
	text, unit          string
	done, total, before int // steps; before are those of an earlier process
	began, said         time.Time
}

// Times between two lines: without a terminal, and of the bar.
const (
	sayEvery  = 30 * time.Second
	drawEvery = 100 * time.Millisecond
)

// NewProgress starts a bar of total steps.
func NewProgress(w io.Writer, total int, description string) *Progress {
	p := &Progress{w: w, total: total, text: description, began: time.Now(), said: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.columns = func() int {
			if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
				return columns
			}
			return 80
		}
	}
	return p
}

// Resume counts steps that were done before: they tell nothing about the time that is left.
func (p *Progress) Resume(done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.before = p.done+done, p.before+done
}

// Unit says what the steps are. Then the figures say how many are done in a second, and a total of 0 is one that is not known.
func (p *Progress) Unit(plural string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unit = plural
}

// Add advances by n steps.
func (p *Progress) Add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	switch since := time.Since(p.said); {
	case p.columns == nil && since > sayEvery:
		fmt.Fprintf(p.w, "%s: %s\n", p.text, p.line(time.Since(p.began)))
	case p.columns != nil && since > drawEvery:
		fmt.Fprintf(p.w, "\r%s\x1b[K", p.bar(p.columns()-1, time.Since(p.began))) // the last column may wrap
	default:
		return
	}
	p.said = time.Now()
}

// bar is the text, as much of a bar as there is room for, and the figures.
func (p *Progress) bar(columns int, took time.Duration) string {
	figures := " " + p.figures(took)
	text := cut(p.text, columns-len(figures))
	if room := min(columns-len(figures)-len([]rune(text))-len(" []"), 24); room > 3 && !p.unknown() {
		full := min(room*p.done/max(p.total, 1), room)
		text += " [" + strings.Repeat("=", full) + strings.Repeat(" ", room-full) + "]"
	}
	return cut(text+figures, columns)
}

// figures are the steps that are done, how fast, and when all are.
func (p *Progress) figures(took time.Duration) string {
	text := fmt.Sprintf("%d/%d", p.done, p.total)
	if p.unknown() {
		text = strconv.Itoa(p.done)
	}
	return text + p.speed(took)
}

// line is the same without a bar.
func (p *Progress) line(took time.Duration) string {
	switch {
	case p.unit == "":
		return fmt.Sprintf("%d of %d", p.done, p.total)
	case p.unknown():
		return fmt.Sprintf("%d %s%s", p.done, p.unit, p.speed(took))
	}
	return fmt.Sprintf("%d of %d %s%s", p.done, p.total, p.unit, p.speed(took))
}

func (p *Progress) unknown() bool { return p.total == 0 && p.unit != "" }

// speed says how many steps are done in a second, if they have a unit, and how long the rest takes, if there is one.
func (p *Progress) speed(took time.Duration) (text string) {
	n := p.done - p.before
	if n <= 0 {
		return ""
	}
	if p.unit != "" {
		text = fmt.Sprintf(", %.1f %s/s", float64(n)/took.Seconds(), p.unit)
	}
	if !p.unknown() {
		left := time.Duration(float64(took) / float64(n) * float64(p.total-p.done))
		text += fmt.Sprintf(", %v left", left.Round(time.Second))
	}
	return text
}

// cut shortens a text to so many columns.
func cut(text string, columns int) string {
	if runes := []rune(text); len(runes) > columns {
		return string(append(runes[:max(columns-1, 0)], '…'))
	}
	return text
}

// Describe changes the text beside the bar, from the next step on.
func (p *Progress) Describe(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = text
}

// Print writes a line above the bar.
func (p *Progress) Print(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintln(p.w, line)
}

// Clear removes the bar, if there is one, until the next step.
func (p *Progress) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *Progress) clear() {
	if p.columns != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.said = time.Time{}
	}
}

// Finish removes the bar, if there is one.
func (p *Progress) Finish() {
	if p != nil {
		p.Clear()
	}
}
