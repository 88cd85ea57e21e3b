package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	"mien/data"
	"mien/engine"
)

// diagnosed returns what doctor says of each check, on a backend.
func diagnosed(t *testing.T, b engine.Backend) (map[string]finding, error) {
	t.Helper()
	var stdout bytes.Buffer
	out := &console{ctx: t.Context(), stdout: &checked{Writer: &stdout}, stderr: &bytes.Buffer{}, backend: b}
	err := (&doctorCmd{JSON: true}).Run(out)
	var d diagnosis
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &d))
	require.Equal(t, doctorFormat, d.Format)
	found, failed := map[string]finding{}, 0
	for _, f := range d.Checks {
		require.NotEmpty(t, f.Detail, f.Check)
		require.Equal(t, f.State == well, f.Advice == "", f.Check)
		if f.State == faulty {
			failed++
		}
		found[f.Check] = f
	}
	require.Equal(t, failed, d.Failed)
	require.Equal(t, failed > 0, err != nil)
	require.Len(t, found, len(examinations()))
	return found, err
}

// On a machine that computes rightly nothing fails.
func TestDoctor(t *testing.T) {
	found, err := diagnosed(t, newCPU())
	require.NoError(t, err)
	for _, computed := range ofComputing() {
		require.Equal(t, well, found[computed.name].State)
		require.Positive(t, found[computed.name].Milliseconds)
	}
	for _, set := range asm.Implementations() {
		require.Contains(t, found["product"].Detail, set.Name)
		require.Contains(t, found["kernels"].Detail, set.Name)
	}
	require.Contains(t, found["models"].Detail, "YuNet-s "+embeddedModels()[0].digest())
}

// Each fault is found by the check that is for it, the others go on, and the exit status is 1.
func TestDoctorFindsFaults(t *testing.T) {
	found, err := diagnosed(t, inexact{newCPU(), false, true})
	require.ErrorContains(t, err, " checks failed")
	require.Contains(t, found["product"].Detail, ": it computes wrongly: ")
	require.Equal(t, otherKernels, found["product"].Advice)
	require.Equal(t, faulty, found["forward"].State, "a model adds up what is a thousandth wrong")
	require.Equal(t, well, found["picture"].State)

	found, _ = diagnosed(t, inexact{newCPU(), true, false})
	require.Contains(t, found["product"].Detail, ": its random numbers are not the CPU's: ")

	found, _ = diagnosed(t, blind{newCPU()})
	require.Contains(t, found["faces"].Detail, "is not found where it is: 0 faces")

	f := examination{"x", func(*console) finding { panic("no such thing") }}.examine(nil)
	require.Equal(t, []any{"x", faulty, "no such thing"}, []any{f.Check, f.State, f.Detail})
}

// blind is a backend on which convolutions find nothing.
type blind struct{ engine.Backend }

func (b blind) Depthwise(a engine.DepthwiseArgs) {
	b.Backend.Depthwise(a)
	b.Scale(a.Y, a.Y, 0)
}

// What the machine lacks is said with what to do, and only what nothing works without is a failure.
func TestDoctorOfMachines(t *testing.T) {
	dir := t.TempDir()
	check := func(f func(*console) finding) finding {
		return f(&console{ctx: t.Context(), stderr: &bytes.Buffer{}})
	}
	t.Setenv("PATH", dir)
	require.Equal(t, []any{noted, "not on the PATH"}, []any{check(checkFFmpeg).State, check(checkFFmpeg).Detail})
	if runtime.GOOS != "windows" {
		script := func(text string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte("#!/bin/sh\n"+text), 0o755))
		}
		script("echo 'ffmpeg version 9.9 Copyright (c) 2000-2026'; echo 'built with x'")
		require.Equal(t, found("9.9, %s", filepath.Join(dir, "ffmpeg")), check(checkFFmpeg))
		script("exit 3")
		require.Equal(t, faulty, check(checkFFmpeg).State)
		require.Contains(t, check(checkFFmpeg).Detail, "exit status 3")

		t.Setenv("TMPDIR", filepath.Join(dir, "none"))
		require.Equal(t, faulty, check(checkTemp).State)
		require.Contains(t, check(checkTemp).Advice, "TMPDIR")
		require.Equal(t, faulty, check(checkPicture).State)
		t.Setenv("TMPDIR", dir)
		require.Equal(t, well, check(checkTemp).State)
		require.Equal(t, well, check(checkPicture).State)
		left, err := filepath.Glob(filepath.Join(dir, "mien-doctor-*"))
		require.NoError(t, err)
		require.Empty(t, left)
	}

	require.Equal(t, "no MIEN_ variable is set", check(checkEnvironment).Detail)
	t.Setenv("MIEN_DEBUG", "1")
	require.Equal(t, found("MIEN_DEBUG=1"), check(checkEnvironment))
	t.Setenv("MIEN_KERNEL", "avx2")
	require.Equal(t, noted, check(checkEnvironment).State)
	require.Contains(t, check(checkEnvironment).Advice, "MIEN_KERNEL: mien does not read that")

	restore, err := asm.Use("generic")
	require.NoError(t, err)
	require.Equal(t, noted, check(checkKernels).State)
	restore()
}

func TestMemoryOf(t *testing.T) {
	root := t.TempDir()
	require.Equal(t, noted, memoryOf(root).State, "unknown")
	file := func(path, text string) {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	file("proc/meminfo", "MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable: 6291456 kB\n")
	require.Equal(t, found("8.0 GiB, of which 6.0 GiB are available"), memoryOf(root))
	file("sys/fs/cgroup/memory.max", "2147483648\n")
	require.Equal(t, found("8.0 GiB, of which 6.0 GiB are available, and this process may take 2.0 GiB"), memoryOf(root))
	file("sys/fs/cgroup/memory.max", "1000000000\n")
	require.Equal(t, noted, memoryOf(root).State)
	file("sys/fs/cgroup/memory.max", "max\n")
	file("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 1000000 kB\n")
	require.Equal(t, noted, memoryOf(root).State)
}

// The JPEG of the self-test is upside down without its EXIF block.
func TestPictureOfDoctor(t *testing.T) {
	out := &console{ctx: t.Context()}
	want, err := picture(out)
	require.NoError(t, err)
	stored, err := jpegOf(want)
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "turned.jpg")
	require.NoError(t, os.WriteFile(name, []byte(strings.Replace(string(stored), upsideDown, "", 1)), 0o644))
	turned, err := data.OpenImage(t.Context(), name, data.OpenOptions{})
	require.NoError(t, err)
	require.Greater(t, meanDifference(turned, want), 2*float64(lossOfJPEG))
	require.NoError(t, os.WriteFile(name, stored, 0o644))
	upright, err := data.OpenImage(t.Context(), name, data.OpenOptions{})
	require.NoError(t, err)
	require.Less(t, meanDifference(upright, want), lossOfJPEG/2.0)
}
