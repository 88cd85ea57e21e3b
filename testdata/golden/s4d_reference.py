"""A compact PyTorch form of S4D, of the plain vision transformer and of the masked autoencoder, written for comparison with mien.

Router noise is off and experts have no capacity limit, as in mien's default. Parameter names are those of the
published checkpoints.
"""
import math
import torch
from torch import nn
import torch.nn.functional as F

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def sinusoid(tokens, dim):
    p = torch.arange(tokens, dtype=torch.float64)[:, None]
    j = torch.arange(dim, dtype=torch.float64)[None]
    angle = p / 10000 ** (2 * torch.floor(j / 2) / dim)
    return torch.where(torch.arange(dim)[None] % 2 == 0, angle.sin(), angle.cos()).float()


class PatchEmbed(nn.Module):
    def __init__(self, dim, patch, tubelet):
        super().__init__()
        self.tubelet = tubelet
        self.proj = nn.Conv3d(3, dim, (tubelet, patch, patch), (tubelet, patch, patch))

    def forward(self, x):  # [B, 3, H, W] or [B, 3, T, H, W]
        if x.dim() == 4:
            x = x[:, :, None].repeat(1, 1, self.tubelet, 1, 1)
        return self.proj(x).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.q_bias, self.v_bias = nn.Parameter(torch.zeros(dim)), nn.Parameter(torch.zeros(dim))
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, d = x.shape
        bias = torch.cat([self.q_bias, torch.zeros_like(self.v_bias), self.v_bias])
        q, k, v = F.linear(x, self.qkv.weight, bias).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        p = ((q * (d // self.heads) ** -0.5) @ k.transpose(-2, -1)).softmax(-1)
        return self.proj((p @ v).transpose(1, 2).reshape(b, n, d))


class Mlp(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Router(nn.Module):
    def __init__(self, dim, experts):
        super().__init__()
        self.topkroute_linear, self.noise_linear = nn.Linear(dim, experts), nn.Linear(dim, experts)


class MoAE(nn.Module):
    def __init__(self, dim, experts, k):
        super().__init__()
        self.k, self.router = k, Router(dim, experts)
        self.experts = nn.ModuleList(Mlp(dim, dim // 4) for _ in range(experts))

    def forward(self, x):
        scores = self.router.topkroute_linear(x)
        top = scores.topk(self.k, -1)
        gates = torch.full_like(scores, -math.inf).scatter(-1, top.indices, top.values).softmax(-1)
        self.gates = gates.detach()
        return sum(gates[..., i:i + 1] * e(x) for i, e in enumerate(self.experts))


class Block(nn.Module):
    def __init__(self, dim, heads, ratio=4, experts=0, k=2):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.attn, self.mlp = Attention(dim, heads), Mlp(dim, ratio * dim)
        if experts:
            self.moe_layer = MoAE(dim, experts, k)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        u = self.norm2(x)
        y = self.mlp(u)
        return x + (y + self.moe_layer(u) if hasattr(self, "moe_layer") else y)


class S4D(nn.Module):
    def __init__(self, dim, depth, heads, moe_blocks, experts, patch=16, tubelet=2, image=7, video=7):
        super().__init__()
        self.patch_embed = PatchEmbed(dim, patch, tubelet)
        self.blocks = nn.ModuleList(Block(dim, heads, experts=experts if i in moe_blocks else 0) for i in range(depth))
        self.fc_norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.ModuleDict({"image": nn.Linear(dim, image), "video": nn.Linear(dim, video)})

    def forward(self, x, seen=None):
        seen = {} if seen is None else seen
        modality = "image" if x.dim() == 4 else "video"
        x = seen["patch_embed"] = self.patch_embed(x)
        x = x + sinusoid(x.shape[1], x.shape[2])
        for i, b in enumerate(self.blocks):
            x = seen[f"blocks.{i}"] = b(x)
            if hasattr(b, "moe_layer"):
                seen[f"gates.{i}"] = b.moe_layer.gates
        seen["feature"] = self.fc_norm(x.mean(1))
        return self.head[modality](seen["feature"])


class ViT(nn.Module):
    """One head and no experts. Its input is normalised inside, from bytes [B, T, H, W, 3]."""

    def __init__(self, dim, depth, heads, ratio, patch, tubelet, classes):
        super().__init__()
        self.patch_embed = PatchEmbed(dim, patch, tubelet)
        self.blocks = nn.ModuleList(Block(dim, heads, ratio) for _ in range(depth))
        self.fc_norm, self.head = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, classes)

    def forward(self, pixels, seen=None):
        seen = {} if seen is None else seen
        x = ((pixels.float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)).permute(0, 4, 1, 2, 3)
        x = x[:, :, 0] if x.shape[2] == 1 else x
        x = seen["patch_embed"] = self.patch_embed(x)
        x = x + sinusoid(x.shape[1], x.shape[2])
        for i, b in enumerate(self.blocks):
            u = seen[f"blocks.{i}.attn.in"] = b.norm1(x)
            seen[f"blocks.{i}.attn.out"] = b.attn(u)
            x = seen[f"blocks.{i}"] = b(x)
        seen["feature"] = self.fc_norm(x.mean(1))
        seen["logits"] = self.head(seen["feature"])
        return seen["logits"]


class Encoder(nn.Module):
    def __init__(self, dim, depth, heads, patch, tubelet):
        super().__init__()
        self.patch_embed = PatchEmbed(dim, patch, tubelet)
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, eps=1e-6)


class Decoder(nn.Module):
    def __init__(self, dim, depth, heads, patch_dim):
        super().__init__()
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, patch_dim)


class MAE(nn.Module):
    def __init__(self, dim, depth, heads, ddim, ddepth, dheads, patch=16, tubelet=2):
        super().__init__()
        self.patch, self.tubelet = patch, tubelet
        self.encoder = Encoder(dim, depth, heads, patch, tubelet)
        self.encoder_to_decoder = nn.Linear(dim, ddim, bias=False)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, ddim))
        self.decoder = Decoder(ddim, ddepth, dheads, 3 * tubelet * patch * patch)

    def target(self, x):
        mean, std = torch.tensor(MEAN), torch.tensor(STD)
        if x.dim() == 4:
            x = x[:, :, None].repeat(1, 1, self.tubelet, 1, 1)
        x = x * std.view(1, 3, 1, 1, 1) + mean.view(1, 3, 1, 1, 1)
        b, _, t, h, w = x.shape
        p, s = self.patch, self.tubelet
        x = x.view(b, 3, t // s, s, h // p, p, w // p, p).permute(0, 2, 4, 6, 3, 5, 7, 1).reshape(b, -1, s * p * p, 3)
        x = (x - x.mean(2, keepdim=True)) / (x.var(2, unbiased=True, keepdim=True) + 1e-6).sqrt()
        return x.flatten(2)

    def forward(self, x, mask, seen=None):  # mask [B, N], True is hidden
        seen = {} if seen is None else seen
        target = seen["target"] = self.target(x)
        e = self.encoder
        tokens = e.patch_embed(x)
        b, n, d = tokens.shape
        tokens = (tokens + sinusoid(n, d))[~mask].view(b, -1, d)
        for blk in e.blocks:
            tokens = blk(tokens)
        narrow = self.encoder_to_decoder(e.norm(tokens))
        full = self.mask_token.expand(b, n, -1).clone()
        full[~mask] = narrow.reshape(-1, narrow.shape[-1])
        full = full + sinusoid(n, full.shape[-1])
        for blk in self.decoder.blocks:
            full = blk(full)
        pred = seen["pred"] = self.decoder.head(self.decoder.norm(full))
        return ((pred - target) ** 2).mean(-1)[mask].mean()
