// onnxruntime on an exported model: node ort.cjs FILE.onnx BATCH TOKENS THREADS REPEAT prints one line of JSON.
const ort = require('onnxruntime-node');

async function main() {
  const [file, ...numbers] = process.argv.slice(2);
  const [batch, tokens, threads, repeat] = numbers.map(Number);
  const session = await ort.InferenceSession.create(file, {
    intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all',
  });
  const frames = tokens === 100 ? 1 : tokens / 100 * 2;
  const values = Float32Array.from({ length: batch * 3 * frames * 160 * 160 }, () => Math.random() * 2 - 1);
  const pixels = new ort.Tensor('float32', values, [batch, 3, frames, 160, 160]);
  await session.run({ pixels });
  const times = [];
  for (let i = 0; i < repeat; i++) {
    const start = performance.now();
    await session.run({ pixels });
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const rss = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ ms: times[times.length >> 1], ms_min: times[0], peak_rss_mib: rss }));
}

main();
