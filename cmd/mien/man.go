package main

import (
	"bufio"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"

	"mien/run"
)

// mien man: the manual page, from the grammar that parses the command line.

type manCmd struct{}

func (c *manCmd) Run(out *console, parsed *kong.Context) error {
	r := newRoff(out.stdout)
	r.page(parsed.Model)
	return r.w.Flush()
}

// roff writes a page for man in the macros that every man knows.
type roff struct{ w *bufio.Writer }

func newRoff(w io.Writer) roff { return roff{bufio.NewWriter(w)} }

func (r roff) page(app *kong.Application) {
	r.macro("TH", "MIEN", "1", committed(), "mien "+run.Version())
	io.WriteString(r.w, ".nh\n.ad l\n") // flags stay whole
	r.macro("SH", "NAME")
	r.text("mien - learns and reads facial expressions in images and videos")
	r.macro("SH", "SYNOPSIS")
	r.bold("mien command")
	r.text("[flags] [arguments]")
	r.macro("SH", "DESCRIPTION")
	r.text("Results are written to standard output, progress, notes and errors to standard error. Flags and arguments can be mixed; " +
		"a value follows its flag as another word or after an equals sign.")
	r.macro("SH", "COMMON FLAGS")
	r.flags(app.Flags)
	r.macro("SH", "COMMANDS")
	for _, command := range app.Leaves(true) {
		r.command(command)
	}
	r.macro("SH", "EXIT STATUS")
	for _, exit := range exits {
		r.item(fmt.Sprint(exit.code), exit.what)
	}
	r.macro("SH", "ENVIRONMENT")
	for _, v := range variables {
		r.item(v.name, v.what)
	}
	r.macro("SH", "SEE ALSO")
	r.text("The pages of the folder docs, which come with the source.")
}

// committed returns the day of the commit that this mien was built from, "" if it is unknown.
func committed() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if day, _, ok := strings.Cut(s.Value, "T"); ok && s.Key == "vcs.time" {
			return day
		}
	}
	return ""
}

func (r roff) command(c *kong.Node) {
	r.macro("SS", "mien "+c.Summary())
	r.text(c.Help)
	for _, argument := range c.Positional {
		r.item("<"+argument.Name+">", argument.Help)
	}
	r.flags(c.Flags)
	r.macro("PP")
	r.text("Example:")
	r.macro("PP")
	r.macro("EX")
	r.line("    " + exampleOf(c))
	r.macro("EE")
}

func (r roff) flags(flags []*kong.Flag) {
	for _, flag := range flags {
		if !flag.Hidden {
			r.item(flagName(flag), flagHelp(flag))
		}
	}
}

// flagName shows how a flag is written.
func flagName(flag *kong.Flag) string {
	name := "--" + flag.Name
	if flag.Short != 0 {
		name = fmt.Sprintf("-%c, %s", flag.Short, name)
	}
	switch {
	case flag.IsBool():
		return name
	case flag.PlaceHolder == "": // kong shows the default, which flagHelp says
		return name + "=" + strings.ToUpper(flag.Name)
	}
	return name + "=" + flag.FormatPlaceHolder()
}

// flagHelp says what a flag does, and what it is if it is not given.
func flagHelp(flag *kong.Flag) string {
	switch {
	case flag.Required:
		return flag.Help + " Required."
	case flag.Default != "" && !flag.IsBool():
		return flag.Help + " Default: " + flag.Default + "."
	}
	return flag.Help
}

// item writes a paragraph under a term.
func (r roff) item(term, text string) {
	r.macro("TP")
	r.bold(term)
	r.text(text)
}

func (r roff) bold(text string) { r.macro("B", text) }

// macro writes a request with arguments, each in quotes.
func (r roff) macro(name string, args ...string) {
	io.WriteString(r.w, "."+name)
	for _, arg := range args {
		fmt.Fprintf(r.w, ` "%s"`, strings.ReplaceAll(escaped(arg), `"`, `\(dq`))
	}
	io.WriteString(r.w, "\n")
}

// text writes words in lines of a page's usual width.
func (r roff) text(text string) {
	const width = 76
	line := ""
	for _, word := range strings.Fields(text) {
		if longer := line + " " + word; len(escaped(longer)) <= width {
			line = strings.TrimPrefix(longer, " ")
			continue
		}
		r.line(line)
		line = word
	}
	r.line(line)
}

// line writes a line that is no request, whatever it begins with.
func (r roff) line(line string) {
	guard := ""
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		guard = `\&`
	}
	io.WriteString(r.w, guard+escaped(line)+"\n")
}

// escaped writes text in ASCII, with hyphens that can be copied into a shell.
func escaped(text string) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '\\':
			b.WriteString(`\e`)
		case c == '-':
			b.WriteString(`\-`)
		case c == '`':
			b.WriteString(`\(ga`)
		case c == '\'':
			b.WriteString(`\(aq`)
		case c > 126:
			fmt.Fprintf(&b, `\[u%04X]`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
