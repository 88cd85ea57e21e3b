package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/infer"
)

// The confusion matrix of many classes is a long line; a line truncated by a kill is no error.
func TestReadLog(t *testing.T) {
	f := &folder{dir: t.TempDir()}
	require.NoError(t, f.startLog(0, 1, []Source{}))
	defer f.log.Close()
	want := logEntry{Epoch: 1, Metrics: &infer.Report{Static: &infer.Score{Confusion: infer.NewConfusion(300)}}}
	require.NoError(t, f.logLine(want))
	_, err := f.log.WriteString(`{"epoch":2,"st`)
	require.NoError(t, err)
	got, err := readLog(f.dir)
	require.NoError(t, err)
	require.Equal(t, []logEntry{want}, got)
}
