"""OpenBLAS through numpy: blas.py M N K REPEAT prints one line of JSON. OPENBLAS_NUM_THREADS sets the threads."""

import json
import statistics
import sys
import time

import numpy as np

m, n, k, repeat = map(int, sys.argv[1:])
a = (np.arange(m * k) % 7 - 3).astype(np.float32).reshape(m, k)
b = (np.arange(k * n) % 7 - 3).astype(np.float32).reshape(k, n)
c = np.empty((m, n), np.float32)
np.matmul(a, b, out=c)
times = []
for _ in range(repeat):
    start = time.perf_counter()
    np.matmul(a, b, out=c)
    times.append(1e3 * (time.perf_counter() - start))
print(json.dumps({"ms": statistics.median(times), "ms_min": min(times)}))
