package mien

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/internal/formats"
)

var jsonKey = regexp.MustCompile(`json:"([^",-]+)`)

// Every JSON key of the module is in docs/formats.md, also those of a type that no package compares with it.
func TestJSONKeysAreDocumented(t *testing.T) {
	documented, keys := formats.Read(t), 0
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		for _, found := range jsonKey.FindAllSubmatch(s.text, -1) {
			key := string(found[1])
			keys++
			require.Regexp(t, "`([a-z0-9_]+\\.)*"+key+"`", documented, "%s: the key %s is not in %s", s.name, key, formats.Document)
		}
	}
	require.Greater(t, keys, 50)
}
