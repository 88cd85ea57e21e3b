package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/weights"
)

// How the results of two command lines are compared.

// contrast is of a line without a flag and one with it.
type contrast struct {
	flagRunner
	without, with *outcome
}

// effect checks a contrast and returns whether something had to differ.
type effect func(c contrast) (differed bool)

// probe reads something of what a line did.
type probe func(r flagRunner, o *outcome) any

// is is that a probe reads one thing without the flag and another with it.
func is(p probe, without, with any) effect {
	return func(c contrast) bool {
		c.t.Helper()
		require.Equal(c.t, fmt.Sprint(without), fmt.Sprint(p(c.flagRunner, c.without)), "without: %s", c.without.stderr)
		require.Equal(c.t, fmt.Sprint(with), fmt.Sprint(p(c.flagRunner, c.with)), "with: %s", c.with.stderr)
		return fmt.Sprint(without) != fmt.Sprint(with)
	}
}

// changes is that each probe reads something else with the flag, where there is no one right value.
func changes(probes ...probe) effect {
	return func(c contrast) bool {
		c.t.Helper()
		for _, p := range probes {
			without, with := p(c.flagRunner, c.without), p(c.flagRunner, c.with)
			require.NotNil(c.t, without, c.without.stderr)
			require.NotNil(c.t, with, c.with.stderr)
			require.NotEqual(c.t, without, with)
		}
		return true
	}
}

// same is that each probe reads the same.
func same(probes ...probe) effect {
	return func(c contrast) bool {
		c.t.Helper()
		for _, p := range probes {
			require.NotNil(c.t, p(c.flagRunner, c.with), c.with.stderr)
			require.Equal(c.t, p(c.flagRunner, c.without), p(c.flagRunner, c.with))
		}
		return false
	}
}

// as is that probes read with the flag what they read of a third line.
func as(end string, probes ...probe) effect {
	return func(c contrast) bool {
		c.t.Helper()
		third := c.do(end)
		for _, p := range probes {
			require.NotNil(c.t, p(c.flagRunner, c.with), c.with.stderr)
			require.Equal(c.t, p(c.flagRunner, third), p(c.flagRunner, c.with), "as with %s", end)
		}
		return false
	}
}

// says is that a text without the flag has one part, and a text with it another; "" is no part.
func says(p probe, without, with string) effect {
	return func(c contrast) bool {
		c.t.Helper()
		a, b := p(c.flagRunner, c.without), p(c.flagRunner, c.with)
		require.Contains(c.t, a, without)
		require.Contains(c.t, b, with)
		if without != "" {
			require.NotContains(c.t, b, without)
		}
		if with != "" {
			require.NotContains(c.t, a, with)
		}
		return without+with != ""
	}
}

// less is that a line with the flag takes less memory.
func less(c contrast) bool {
	c.t.Helper()
	require.Positive(c.t, c.with.peak)
	require.Less(c.t, c.with.peak, c.without.peak)
	return true
}

// both is that all effects are there.
func both(effects ...effect) effect {
	return func(c contrast) (differed bool) {
		c.t.Helper()
		for _, e := range effects {
			differed = e(c) || differed
		}
		return differed
	}
}

func code(_ flagRunner, o *outcome) any   { return o.code }
func stdout(_ flagRunner, o *outcome) any { return o.stdout }
func stderr(_ flagRunner, o *outcome) any { return o.stderr }
func asked(_ flagRunner, o *outcome) any  { return o.asked }

// quiet is whether nothing is on standard error.
func quiet(_ flagRunner, o *outcome) any { return o.stderr == "" }

// at is what JSON holds at a path of keys and indices, nil if nothing: JSON of a file in $out or, without a name, of standard output, whose
// objects have indices if there are several.
func at(file string, path ...any) probe {
	return func(r flagRunner, o *outcome) any {
		text := o.stdout
		if file != "" {
			text, _ = content(file)(r, o).(string)
		}
		var all []any
		for d := json.NewDecoder(strings.NewReader(text)); ; {
			var v any
			if d.Decode(&v) != nil {
				break
			}
			all = append(all, v)
		}
		v := any(all)
		if len(all) == 1 {
			v = all[0]
		}
		for _, step := range path {
			switch into := v.(type) {
			case map[string]any:
				key, _ := step.(string)
				v = into[key]
			case []any:
				i, ok := step.(int)
				if !ok || i >= len(into) {
					return nil
				}
				v = into[i]
			default:
				return nil
			}
		}
		return v
	}
}

// length is the number of things that another probe reads.
func length(p probe) probe {
	return func(r flagRunner, o *outcome) any {
		switch v := p(r, o).(type) {
		case []any:
			return len(v)
		case map[string]any:
			return len(v)
		case []string:
			return len(v)
		case string:
			return strings.Count(v, "\n")
		}
		return 0
	}
}

// positive is whether a probe reads a number above zero.
func positive(p probe) probe {
	return func(r flagRunner, o *outcome) any {
		v, _ := p(r, o).(float64)
		return v > 0
	}
}

// each reads the same key of all objects on standard output.
func each(key string) probe {
	return func(r flagRunner, o *outcome) any {
		var all []any
		for d := json.NewDecoder(strings.NewReader(o.stdout)); ; {
			var v map[string]any
			if d.Decode(&v) != nil {
				return all
			}
			all = append(all, v[key])
		}
	}
}

// content is that of a file in $out, nil if it is not there.
func content(file string) probe {
	return func(r flagRunner, o *outcome) any {
		text, err := os.ReadFile(filepath.Join(o.out, file))
		if err != nil {
			return nil
		}
		return r.short(o, string(text))
	}
}

// exists is whether there is a file in $out.
func exists(file string) probe {
	return func(_ flagRunner, o *outcome) any {
		_, err := os.Stat(filepath.Join(o.out, file))
		return err == nil
	}
}

// files are the names in $out that a pattern matches.
func files(pattern string) probe {
	return func(_ flagRunner, o *outcome) any {
		names, _ := fs.Glob(os.DirFS(o.out), pattern)
		return names
	}
}

// sources are what a run in $out says that it learns from and is measured on.
func sources(folder string) probe {
	return func(r flagRunner, o *outcome) any {
		text, _ := content(folder+"log.jsonl")(r, o).(string)
		var first struct {
			Data []struct {
				Set, Modality, Origin string
				Samples               int
			}
		}
		if json.NewDecoder(strings.NewReader(text)).Decode(&first) != nil {
			return nil
		}
		var all []string
		for _, s := range first.Data {
			all = append(all, fmt.Sprintf("%s: %d %ss of %s", s.Set, s.Samples, s.Modality, s.Origin))
		}
		return strings.Join(all, ", ")
	}
}

// tensors is a digest of the tensors of a weights file in $out, nil if it is not there. The metadata, which repeats the recipe, is ignored.
func tensors(file string) probe {
	return func(r flagRunner, o *outcome) any {
		f, err := weights.Open(filepath.Join(o.out, file))
		if err != nil {
			return nil
		}
		defer f.Close()
		var all bytes.Buffer
		for _, name := range f.Names() {
			shape, _ := f.Shape(name)
			values := make([]float32, engine.Elements(shape))
			require.NoError(r.t, f.Read(name, values))
			fmt.Fprintln(&all, name, shape)
			require.NoError(r.t, binary.Write(&all, binary.LittleEndian, values))
		}
		return sha256.Sum256(all.Bytes())
	}
}
