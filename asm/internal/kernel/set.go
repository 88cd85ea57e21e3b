package kernel

// Set is an instruction set, by the name of the kernels written for it.
type Set string

// Generic is plain Go: the reference implementation of every kernel, on every CPU.
const (
	Generic Set = "generic"
	AVX2    Set = "avx2"   // with FMA
	AVX512  Set = "avx512" // F, BW, DQ and VL, which every server core since Skylake has
	NEON    Set = "neon"
)

// Supported returns the sets that this CPU and operating system can run, best first and Generic last.
func Supported() []Set { return append(assembly(), Generic) }
