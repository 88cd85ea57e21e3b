// oneDNN's matmul with its weight packed before: onednn f32|bf16|int8 M N K REPEAT prints one line of JSON. Activations are float32 and
// converted within the measured time, as mien's are; int8 has a scale for each column of the weight and one for all activations.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

using namespace dnnl;
using type = memory::data_type;
using layout = memory::format_tag;

int main(int argc, char **argv) {
  if (argc != 6) return fprintf(stderr, "usage: onednn f32|bf16|int8 M N K REPEAT\n"), 2;
  const std::string precision = argv[1];
  const long m = atol(argv[2]), n = atol(argv[3]), k = atol(argv[4]), repeat = atol(argv[5]);
  const type t = precision == "int8" ? type::s8 : precision == "bf16" ? type::bf16 : type::f32;
  engine cpu(engine::kind::cpu, 0);
  stream queue(cpu);

  const memory::desc a_desc({m, k}, t, layout::ab), c_desc({m, n}, type::f32, layout::ab);
  primitive_attr attributes;
  std::unordered_map<int, memory> arguments;
  if (t == type::s8) {
    attributes.set_scales_mask(DNNL_ARG_SRC, 0);
    attributes.set_scales_mask(DNNL_ARG_WEIGHTS, 1 << 1);
    memory one({{1}, type::f32, layout::a}, cpu), columns({{n}, type::f32, layout::a}, cpu);
    *static_cast<float *>(one.get_data_handle()) = 1;
    std::fill_n(static_cast<float *>(columns.get_data_handle()), n, 1.f);
    arguments = {{DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC, one}, {DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, columns}};
  }
  const matmul::primitive_desc chosen(cpu, a_desc, memory::desc({k, n}, t, layout::any), c_desc, attributes);

  memory a({{m, k}, type::f32, layout::ab}, cpu), b({{k, n}, type::f32, layout::ab}, cpu);
  float *const av = static_cast<float *>(a.get_data_handle()), *const bv = static_cast<float *>(b.get_data_handle());
  for (long i = 0; i < m * k; i++) av[i] = i % 7 - 3;
  for (long i = 0; i < k * n; i++) bv[i] = i % 5 - 2;
  memory converted = t == type::f32 ? a : memory(a_desc, cpu), packed(chosen.weights_desc(), cpu), c(c_desc, cpu);
  reorder(b, packed).execute(queue, b, packed);
  reorder convert(a, converted);
  arguments.insert({{DNNL_ARG_SRC, converted}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_DST, c}});
  const matmul product(chosen);

  std::vector<double> times;
  for (long i = -2; i < repeat; i++) {
    const auto start = std::chrono::steady_clock::now();
    if (t != type::f32) convert.execute(queue, a, converted);
    product.execute(queue, arguments);
    queue.wait();
    if (i >= 0) times.push_back(1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  double want = 0;
  for (long p = 0; p < k; p++) want += av[(m - 1) * k + p] * bv[p * n + n - 1];
  const float got = static_cast<float *>(c.get_data_handle())[m * n - 1];
  if (std::abs(got - want) > 1e-3 * std::abs(want) + 1e-3) return fprintf(stderr, "%g where %g is right\n", got, want), 1;
  std::sort(times.begin(), times.end());
  printf("{\"ms\": %.4f, \"ms_min\": %.4f}\n", times[times.size() / 2], times[0]);
}
