package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/cpuid/v2"
	"golang.org/x/term"

	"mien/asm"
	"mien/run"
)

// What doctor says of the machine.

func ofMachine() []examination {
	return []examination{
		{"mien", checkVersion}, {"kernels", checkKernels}, {"threads", checkThreads}, {"memory", checkMemory}, {"devices", checkDevices},
		{"models", checkModels}, {"ffmpeg", checkFFmpeg}, {"environment", checkEnvironment}, {"terminal", checkTerminal}, {"temp folder", checkTemp},
	}
}

func checkVersion(*console) finding {
	return found("%s, %s, %s/%s", run.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// instructionSets are those that kernels use, or would gain by.
var instructionSets = []cpuid.FeatureID{cpuid.AVX2, cpuid.FMA3, cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512DQ, cpuid.AVX512VL, cpuid.AVX512VNNI,
	cpuid.AVX512BF16, cpuid.AMXBF16, cpuid.AMXINT8, cpuid.ASIMD, cpuid.ASIMDDP, cpuid.SVE}

func checkKernels(*console) finding {
	var sets, has []string
	for _, set := range asm.Implementations() {
		sets = append(sets, set.Name)
	}
	for _, id := range instructionSets {
		if cpuid.CPU.Supports(id) {
			has = append(has, id.String())
		}
	}
	detail := fmt.Sprintf("%s, of %s; %s: %s", asm.F32().Name, strings.Join(sets, ", "), strings.TrimSpace(cpuid.CPU.BrandName), strings.Join(has, " "))
	if asm.F32().Name != sets[0] {
		return lacking(fmt.Sprintf("%s are faster: unset MIEN_KERNELS", sets[0]), "%s", detail)
	}
	if len(sets) == 1 {
		return lacking("there is no assembly for this CPU, or it was left out of this mien: everything is slow", "%s", detail)
	}
	return found("%s", detail)
}

func checkThreads(*console) finding {
	return found("%d of %d cores", runtime.GOMAXPROCS(0), runtime.NumCPU())
}

func checkMemory(*console) finding { return memoryOf("/") }

// little memory, in bytes, is too little for models of the papers' sizes.
const little = 1 << 30

// memoryOf describes the memory of a system whose files are below root.
func memoryOf(root string) finding {
	total := number(filepath.Join(root, "proc/meminfo"), "MemTotal:") << 10
	available := number(filepath.Join(root, "proc/meminfo"), "MemAvailable:") << 10
	if total == 0 {
		return lacking("mien can't warn of models that are too large", "unknown on %s", runtime.GOOS)
	}
	detail := fmt.Sprintf("%s, of which %s are available", gibibytes(total), gibibytes(available))
	limit := memory(root)
	if limit < total {
		detail += ", and this process may take " + gibibytes(limit)
	}
	if min(limit, available) < little {
		return lacking("small models only: close other programs, or raise the limit", "%s", detail)
	}
	return found("%s", detail)
}

func gibibytes(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30)) }

// checkDevices tests the devices besides the CPU, whose kernels are tested one by one.
func checkDevices(*console) finding {
	if !hasVulkan {
		return found("cpu; this mien was built without Vulkan")
	}
	devices, bad := []string{"cpu"}, ""
	for _, row := range vulkanDevices() {
		if row.Error == "" {
			row.test()
		}
		name := row.Device + " " + row.Name
		if row.Error != "" {
			name, bad = name+" ("+row.Error+")", "`mien devices` says more; --device auto leaves such devices out"
		}
		devices = append(devices, name)
	}
	return finding{State: map[bool]state{true: well, false: noted}[bad == ""], Detail: strings.Join(devices, "; "), Advice: bad}
}

func checkModels(*console) finding {
	var models []string
	for _, m := range embeddedModels() {
		models = append(models, m.name+" "+m.digest())
	}
	return found("embedded: %s", strings.Join(models, ", "))
}

// ffmpegPatience is how long ffmpeg may take to say its version.
const ffmpegPatience = 10 * time.Second

func checkFFmpeg(out *console) finding {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return lacking("most videos, and images in HEIC, AVIF, TIFF and JPEG XL, can't be read without it: install ffmpeg", "not on the PATH")
	}
	ctx, cancel := context.WithTimeout(out.ctx, ffmpegPatience)
	defer cancel()
	text, err := exec.CommandContext(ctx, path, "-version").Output()
	if err != nil {
		return fault("most videos can't be read: install it anew, or take it off the PATH", fmt.Errorf("%s -version: %w", path, err))
	}
	first, _, _ := strings.Cut(string(text), "\n")
	version, _, _ := strings.Cut(strings.TrimPrefix(first, "ffmpeg version "), " Copyright")
	return found("%s, %s", version, path)
}

func checkEnvironment(*console) finding {
	var set, unknown []string
	for _, setting := range os.Environ() {
		name, _, _ := strings.Cut(setting, "=")
		if !strings.HasPrefix(name, "MIEN_") {
			continue
		}
		set = append(set, setting)
		if !slices.ContainsFunc(variables, func(v variable) bool { return v.name == name }) {
			unknown = append(unknown, name)
		}
	}
	switch {
	case len(unknown) > 0:
		return lacking(strings.Join(unknown, ", ")+": mien does not read that, `mien --help` lists what it does", "%s", strings.Join(set, " "))
	case len(set) == 0:
		return found("no MIEN_ variable is set")
	}
	return found("%s", strings.Join(set, " "))
}

func checkTerminal(out *console) finding {
	f, ok := out.stderr.(*os.File)
	if !ok || !isTerminal(f) {
		return found("standard error is none: progress is a line every half minute")
	}
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return found("of unknown size")
	}
	return found("%d columns, %d rows", columns, rows)
}

func checkTemp(*console) finding {
	f, err := os.CreateTemp("", "mien-doctor-")
	if err != nil {
		return fault("set TMPDIR to a folder that can be written", err)
	}
	_, err = f.WriteString("mien")
	f.Close()
	os.Remove(f.Name())
	if err != nil {
		return fault("make room, or set TMPDIR to another folder", err)
	}
	return found("%s can be written", os.TempDir())
}
