// Instructions that Go's assembler lacks, as words. Arguments are register numbers: m and n are sources, d is the destination.
#define FADD(m, n, d) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d))  // d = n + m, four floats
#define FSUB(m, n, d) WORD $(0x4EA0D400 | (m)<<16 | (n)<<5 | (d))  // d = n - m
#define FMUL(m, n, d) WORD $(0x6E20DC00 | (m)<<16 | (n)<<5 | (d))  // d = n * m
#define FMAX(m, n, d) WORD $(0x4E20F400 | (m)<<16 | (n)<<5 | (d))  // d = max(n, m), NaN if either is
#define FMIN(m, n, d) WORD $(0x4EA0F400 | (m)<<16 | (n)<<5 | (d))  // d = min(n, m), NaN if either is
#define FADDP(m, n, d) WORD $(0x6E20D400 | (m)<<16 | (n)<<5 | (d)) // d = sums of neighbours in n, m
#define FMAXV(n, d) WORD $(0x6E30F800 | (n)<<5 | (d))              // lane 0 of d = max of the lanes of n
#define FRINTN(n, d) WORD $(0x4E218800 | (n)<<5 | (d))             // d = n rounded to whole numbers
#define FCVTNS(n, d) WORD $(0x4E21A800 | (n)<<5 | (d))             // d = n as int32
#define SSHR1(n, d) WORD $(0x4F3F0400 | (n)<<5 | (d))              // d = n >> 1, int32
#define FDIV(m, n, d) WORD $(0x6E20FC00 | (m)<<16 | (n)<<5 | (d))  // d = n / m
#define FSQRT(n, d) WORD $(0x6EA1F800 | (n)<<5 | (d))              // d = √n
#define FABS(n, d) WORD $(0x4EA0F800 | (n)<<5 | (d))               // d = |n|
#define FNEG(n, d) WORD $(0x6EA0F800 | (n)<<5 | (d))               // d = -n
#define FCMLTZ(n, d) WORD $(0x4EA0E800 | (n)<<5 | (d))             // d = all ones where n < 0
