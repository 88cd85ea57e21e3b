package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is wrong with the command line alone has a status of its own; what is wrong with files has not.
func TestExitStatus(t *testing.T) {
	dir := t.TempDir()
	for line, want := range map[string]int{
		"":                                              misused,
		"nonsense":                                      misused,
		"info --nonsense":                               misused,
		"info extra":                                    misused,
		"completion tcsh":                               misused,
		"finetune --recipe s4d-tiny":                    misused,
		"demo --seed=-1":                                misused,
		"--threads=-1 info":                             misused,
		"--device gpu devices":                          misused,
		"predict --model f":                             misused,
		"predict --model f --windows 0 x":               misused,
		"eval --model f":                                misused,
		"eval --model f --drawn --windows 0":            misused,
		"eval --model f --dynamic-root faces":           misused,
		"data check":                                    misused,
		"data draw --out $ --size 1":                    misused,
		"prepare --out $":                               misused,
		"prepare --images x --size 1 --out $":           misused,
		"prepare --images x --out $":                    failed,
		"info --images 3":                               misused,
		"crossval --recipe s4d-tiny --out $":            misused,
		"ablate --out $":                                misused,
		"ablate all joint --out $":                      misused,
		"ablate joint top-k --only x --out $":           misused,
		"ablate pretraining --out $ --seeds=":           misused,
		"bench gemm --m 0":                              misused,
		"bench forward --model none":                    misused,
		"gradcheck --filter nonsense":                   misused,
		"finetune --recipe s4d-tiny --epochs 0 --out $": misused,

		"info": 0, "--help": 0, "--version": 0, "info --help": 0,

		"info --model none":                                failed,
		"finetune --recipe none --out $":                   failed,
		"pretrain --recipe s4d-tiny --out $":               failed, // a recipe of another kind
		"convert none $":                                   failed,
		"data check --static-list none":                    failed,
		"predict --model ../../testdata/golden x":          failed,
		"predict --model " + released + " none":            failed,
		"predict --model " + released + " none none":       failed,
		"predict --model " + released + " none " + facePNG: someBad,
		"predict --model " + released + " --head image x":  misused,
	} {
		code, _, stderr := mien(strings.Fields(strings.ReplaceAll(line, "$", filepath.Join(dir, "out")))...)
		require.Equal(t, want, code, "mien %s: %s", line, stderr)
		require.NoFileExists(t, filepath.Join(dir, "out"), line)
	}
}
