"""PyTorch on the shapes of `mien bench`. Prints one line of JSON: ms, ms_min, parameters, peak_rss_mib, peak_device_mib.

torch_bench.py forward|train|pretrain --model vit-base --batch 1 --tokens 800 --threads 1 --repeat 5
torch_bench.py gemm --m 4096 --n 4096 --k 4096 --device cuda --precision bf16
torch_bench.py export --model vit-base --batch 1 --tokens 800 --out FILE.onnx
"""

import argparse
import json
import resource
import statistics
import time

import torch
from torch.nn import functional as F

import models


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("task", choices=["forward", "train", "pretrain", "export", "gemm"])
    p.add_argument("--model", default="vit-base")
    for name, value in (("batch", 1), ("tokens", 800), ("threads", 1), ("repeat", 5), ("m", 1024), ("n", 1024), ("k", 1024)):
        p.add_argument("--" + name, type=int, default=value)
    p.add_argument("--device", default="cpu", help="cuda: a GPU, where float32 is float32 and not TF32")
    p.add_argument("--precision", choices=["f32", "bf16"], default="f32", help="bf16 is autocast, with --best bf16 weights in forward")
    p.add_argument("--best", action="store_true", help="what is fastest on a CPU: linear layers by oneDNN, packed before, in forward; AdamW in one kernel in training")
    p.add_argument("--out")
    return p.parse_args()


def pixels(args):
    frames = args.tokens // models.PICTURE_TOKENS * 2
    if args.tokens == models.PICTURE_TOKENS:
        frames = 1
    return torch.rand(args.batch, 3, frames, 160, 160) * 2 - 1


class Packed(torch.nn.Module):
    """A linear layer, and GELU, by oneDNN with its weight packed for as many rows."""

    def __init__(self, weight, bias, rows, activation="none"):
        super().__init__()
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), rows)
        self.bias, self.activation = bias.detach(), activation

    def forward(self, x):
        algorithm = "none" if self.activation == "gelu" else ""
        return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, self.activation, [], algorithm)


def pack(net, rows):
    net.patch_embed = Packed(net.patch_embed.proj.weight.flatten(1), net.patch_embed.proj.bias, rows)
    for block in net.blocks:
        attention, mlp = block.attn, block.mlp
        attention.project = Packed(attention.qkv.weight, attention.bias(), rows)
        attention.proj = Packed(attention.proj.weight, attention.proj.bias, rows)
        mlp.fc1, mlp.activation = Packed(mlp.fc1.weight, mlp.fc1.bias, rows, "gelu"), torch.nn.Identity()
        mlp.fc2 = Packed(mlp.fc2.weight, mlp.fc2.bias, rows)


def forward(args, net, x):
    net.eval()
    if args.best:
        if args.precision == "bf16":
            net, x = net.bfloat16(), x.bfloat16()
        pack(net, args.batch * args.tokens)

    @torch.inference_mode()
    def step():
        net(x)

    return step


def training(args, net, loss):
    """Weight decay for matrices, none for vectors, as in `mien bench train`."""
    groups = [
        {"params": [p for p in net.parameters() if p.dim() > 1], "weight_decay": 0.05},
        {"params": [p for p in net.parameters() if p.dim() <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-5, **({"fused": True} if args.best else {}))

    def step():
        value = loss()
        value.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def train(args, net, x):
    labels = torch.arange(args.batch) % 7
    return training(args, net, lambda: F.cross_entropy(net(x).float(), labels, label_smoothing=0.1))


def pretrain(args, net, x):
    shown = args.tokens - int(0.95 * args.tokens)

    def loss():
        visible = torch.stack([torch.randperm(args.tokens)[:shown] for _ in range(args.batch)])
        return net(x, visible)

    return training(args, net, loss)


def export(args, net, x):
    net.eval()
    torch.onnx.export(net, x, args.out, opset_version=16, input_names=["pixels"], output_names=["logits"])


def gemm(args):
    dtype = torch.bfloat16 if args.precision == "bf16" else torch.float32
    a, b = torch.rand(args.m, args.k).to(dtype), torch.rand(args.k, args.n).to(dtype)
    return lambda: a @ b


def measure(args, step):
    autocast = args.precision == "bf16" and not (args.best and args.task == "forward")

    def timed():
        start = time.perf_counter()
        with torch.autocast(args.device, torch.bfloat16, enabled=autocast):
            step()
        if args.device == "cuda":
            torch.cuda.synchronize()
        return 1e3 * (time.perf_counter() - start)

    timed()
    times = [timed() for _ in range(args.repeat)]
    result = {"ms": statistics.median(times), "ms_min": min(times)}
    if args.device == "cuda":
        result["peak_device_mib"] = torch.cuda.max_memory_allocated() / 2**20
    return result


def main():
    args = arguments()
    torch.manual_seed(1)
    torch.set_num_threads(args.threads)
    if args.device != "cpu":
        torch.set_default_device(args.device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    if args.task == "gemm":
        print(json.dumps(measure(args, gemm(args))))
        return None
    kind, size = args.model.split("-")
    net = models.MAE(size) if kind == "mae" else models.ViT(size)
    x = pixels(args)
    if args.task == "export":
        return export(args, net, x)
    result = measure(args, {"forward": forward, "train": train, "pretrain": pretrain}[args.task](args, net, x))
    unused = "head.video." if x.shape[2] == 1 else "head.image."
    result["parameters"] = sum(p.numel() for name, p in net.named_parameters() if not name.startswith(unused))
    result["peak_rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result))


main()
