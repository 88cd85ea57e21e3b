package report

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A terminal is asked for its width each time; other files get no bar.
func TestProgressKnowsTerminals(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer file.Close()
	require.Nil(t, NewProgress(file, 3, "learning").columns)
	require.Nil(t, NewProgress(io.Discard, 3, "learning").columns)

	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	defer terminal.Close()
	p := NewProgress(terminal, 3, "learning")
	require.NotNil(t, p.columns)
	require.Equal(t, 80, p.columns(), "of a terminal that does not know")
	for _, columns := range []int{57, 1, 211} {
		require.NoError(t, unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 31, Col: uint16(columns)}))
		require.Equal(t, columns, p.columns())
	}
	require.NoError(t, terminal.Close())
	require.Equal(t, 80, p.columns(), "of a terminal that is gone")
}
