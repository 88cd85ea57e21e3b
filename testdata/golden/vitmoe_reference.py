"""A compact PyTorch form of ViT-MoE with the routing and losses of V-MoE (Riquelme et al. 2021), written for comparison with mien.

Router noise is drawn as mien draws it, so that both see the same: see Key.
"""
import math
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from s4d_reference import Attention, Mlp, PatchEmbed, sinusoid

M64 = (1 << 64) - 1


class Key:
    """Philox4x32-10 (Salmon et al. 2011) of a seed and a stream; a child has a stream of its own by SplitMix64."""

    def __init__(self, seed, stream):
        self.seed, self.stream = seed, stream

    @classmethod
    def of(cls, seed, purpose, *place):
        """The stream is the FNV-1a hash of a purpose and 64-bit numbers."""
        h = 0xcbf29ce484222325
        for byte in purpose.encode() + b"".join(p.to_bytes(8, "little") for p in place):
            h = (h ^ byte) * 0x100000001b3 & M64
        return cls(seed, h)

    def child(self, i):
        z = (self.stream + 0x9e3779b97f4a7c15 * (i + 1)) & M64
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 & M64
        z = (z ^ z >> 27) * 0x94d049bb133111eb & M64
        return Key(self.seed, z ^ z >> 31)

    def words(self, n):
        low, i = np.uint64(0xffffffff), np.arange((n + 3) // 4, dtype=np.uint64)
        fill = lambda v: np.full_like(i, v & 0xffffffff)
        c = [i & low, i >> np.uint64(32), fill(self.stream), fill(self.stream >> 32)]
        k = [self.seed & 0xffffffff, self.seed >> 32]
        for _ in range(10):
            a, b = c[0] * np.uint64(0xd2511f53), c[2] * np.uint64(0xcd9e8d57)
            c = [(b >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]), b & low, (a >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]), a & low]
            k = [(k[0] + 0x9e3779b9) & 0xffffffff, (k[1] + 0xbb67ae85) & 0xffffffff]
        return np.stack(c, 1).reshape(-1)[:n]

    def normal(self, *shape):
        """The top bit of a word is the sign, the others the probability of a larger number."""
        w = self.words(math.prod(shape)).astype(np.int64)
        tail = ((w & 0x7fffffff) * 2 + 1) / 2.0**32
        z = math.sqrt(2) * torch.erfinv(torch.tensor(1 - tail, dtype=torch.float64))
        return torch.where(torch.tensor(w >> 31 == 0), -z, z).float().view(shape)


def variation(x):
    return x.var(unbiased=False) / x.mean() ** 2


class MoE(nn.Module):
    """MLPs as experts, in place of the MLP of a block."""

    def __init__(self, dim, hidden, experts, k, capacity, weights):
        super().__init__()
        self.k, self.capacity, self.weights = k, capacity, weights
        self.router = nn.ModuleDict({"topkroute_linear": nn.Linear(dim, experts, bias=False)})
        self.experts = nn.ModuleList(Mlp(dim, hidden) for _ in range(experts))

    def forward(self, x, key):  # x [B, N, D]; returns the mixture and the losses of balance
        batch, flat, n = x.shape[0], x.flatten(0, 1), len(self.experts)
        clean = self.router["topkroute_linear"](flat)
        noisy = clean + key.normal(*clean.shape) / n
        probability = noisy.softmax(-1)
        top = probability.topk(self.k, -1)
        room = int(self.capacity * flat.shape[0] * self.k / n)
        taken, keep = [0] * n, torch.zeros_like(top.values)
        for rank in range(self.k):  # batch prioritized routing
            for t in torch.sort(top.values[:, 0], descending=True, stable=True).indices.tolist():
                e = int(top.indices[t, rank])
                keep[t, rank] = taken[e] < room
                taken[e] += 1
        self.gates = torch.zeros_like(probability).scatter(1, top.indices, top.values).detach()
        gates = torch.zeros_like(probability).scatter(1, top.indices, top.values * keep)
        self.dropped = int((keep == 0).sum())

        least = noisy.gather(1, top.indices[:, -1:])
        load = torch.distributions.Normal(0, 1).cdf((clean - least) * n).mean(0)
        chosen = torch.zeros_like(probability).scatter(1, top.indices, 1).view(batch, -1, n)
        balance = n * (chosen.mean(1) * probability.view(batch, -1, n).mean(1)).sum(-1).mean()
        losses = balance, variation(clean.softmax(-1).sum(0)), variation(load)
        mixed = sum(gates[:, i:i + 1] * e(flat) for i, e in enumerate(self.experts)).view_as(x)
        return mixed, sum(w * l for w, l in zip(self.weights, losses))


class Block(nn.Module):
    def __init__(self, dim, heads, ratio, moe=None):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        if moe:
            self.moe_layer = MoE(dim, ratio * dim, **moe)
        else:
            self.mlp = Mlp(dim, ratio * dim)

    def forward(self, x, key):
        x = x + self.attn(self.norm1(x))
        u = self.norm2(x)
        y, balance = self.moe_layer(u, key) if hasattr(self, "moe_layer") else (self.mlp(u), 0)
        return x + y, balance


class ViTMoE(nn.Module):
    def __init__(self, dim, depth, heads, ratio, patch, tubelet, moe_blocks, moe, image, video):
        super().__init__()
        self.patch_embed = PatchEmbed(dim, patch, tubelet)
        self.blocks = nn.ModuleList(Block(dim, heads, ratio, moe if i in moe_blocks else None) for i in range(depth))
        self.fc_norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.ModuleDict({"image": nn.Linear(dim, image), "video": nn.Linear(dim, video)})

    def forward(self, x, key, seen=None):
        """Logits, and the sum of the losses of balance."""
        seen = {} if seen is None else seen
        modality = "image" if x.dim() == 4 else "video"
        x = self.patch_embed(x)
        x = x + sinusoid(x.shape[1], x.shape[2])
        balance = 0
        for i, b in enumerate(self.blocks):
            x, more = b(x, key.child(i))
            balance, seen[f"blocks.{i}"] = balance + more, x
            if hasattr(b, "moe_layer"):
                seen[f"gates.{i}"] = b.moe_layer.gates
        seen["balance"] = balance
        seen["feature"] = self.fc_norm(x.mean(1))
        seen["logits"] = self.head[modality](seen["feature"])
        return seen["logits"], balance
