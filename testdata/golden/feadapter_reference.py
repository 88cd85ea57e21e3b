"""A compact PyTorch form of FE-Adapter and of the image model under it, written for comparison with mien.

Convolution kernels have mien's layout, channels last. Without adapters and with frames of one, it is timm's ViT: the same names, a class
token, learned positions, a bias for keys and layer norms of 1e-6.
"""
import torch
from torch import nn
import torch.nn.functional as F
from ops_reference import d2conv
from s4d_reference import MEAN, STD, Mlp


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        p = (q @ k.transpose(-2, -1) * (d // self.heads) ** -0.5).softmax(-1)
        return self.proj((p @ v).transpose(1, 2).reshape(b, n, d))


class Adapter(nn.Module):
    """kind: None is a plain adapter, depthwise a plain convolution, d2 is D²Conv3D with a factor for each axis and modulation."""

    def __init__(self, dim, width, kind, kernel, gelu):
        super().__init__()
        self.kind, self.kernel, self.gelu = kind, kernel, gelu
        self.down, self.up = nn.Linear(dim, width), nn.Linear(width, dim)
        conv = lambda *shape: nn.ParameterDict({"weight": nn.Parameter(torch.zeros(*shape)), "bias": nn.Parameter(torch.zeros(width))})
        if kind == "depthwise":
            self.conv = conv(*kernel, width)
        if kind == "d2":
            self.conv = conv(width, *kernel, width)
            outputs = 3 + kernel[0] * kernel[1] * kernel[2]
            self.predictor = nn.ParameterDict({"weight": nn.Parameter(torch.zeros(outputs, *kernel, width)),
                                               "bias": nn.Parameter(torch.zeros(outputs))})

    def forward(self, x):  # [B, T, H, W, D]
        h, pad = self.down(x), [k // 2 for k in self.kernel or ()]
        if self.kind == "depthwise":
            w = self.conv["weight"].permute(3, 0, 1, 2).unsqueeze(1)
            h = F.conv3d(h.permute(0, 4, 1, 2, 3), w, self.conv["bias"], padding=pad, groups=w.shape[0]).permute(0, 2, 3, 4, 1)
        if self.kind == "d2":
            h = d2conv(h, self.predictor["weight"], self.predictor["bias"], self.conv["weight"], self.conv["bias"],
                       self.kernel, (1, 1, 1), pad, "per axis", True, False)
        return x + self.up(F.gelu(h) if self.gelu else h)


class Block(nn.Module):
    def __init__(self, dim, heads, ratio):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(dim, eps=1e-6), Attention(dim, heads)
        self.norm2, self.mlp = nn.LayerNorm(dim, eps=1e-6), Mlp(dim, ratio * dim)


class FEAdapter(nn.Module):
    def __init__(self, size, patch, dim, depth, heads, ratio, classes, place=0, adapters=(), **adapter):
        super().__init__()
        self.side, self.place = size // patch, place
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.side**2, dim))
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, dim, patch, patch)})
        self.blocks = nn.ModuleList(Block(dim, heads, ratio) for _ in range(depth))
        for i in adapters:
            self.blocks[i].adapter = Adapter(dim, **adapter)
        self.norm, self.head = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, classes)

    def adapt(self, block, place, x, batch):
        if place != self.place or not hasattr(block, "adapter"):
            return x
        patches = x[:, 1:].reshape(batch, -1, self.side, self.side, x.shape[2])
        return torch.cat([x[:, :1], block.adapter(patches).reshape(len(x), -1, x.shape[2])], 1)

    def forward(self, pixels, seen=None):  # [B, T, H, W, 3] of 0 to 255
        batch = len(pixels)
        x = (pixels.flatten(0, 1) / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
        x = self.patch_embed["proj"](x.permute(0, 3, 1, 2)).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        for i, b in enumerate(self.blocks):
            x = self.adapt(b, 0, x, batch)
            x = self.adapt(b, 1, x + b.attn(b.norm1(x)), batch)
            x = self.adapt(b, 2, x + b.mlp(b.norm2(x)), batch)
            if seen is not None:
                seen[f"blocks.{i}"] = x
        x = self.norm(x[:, 0].view(batch, -1, x.shape[2]).mean(1))
        logits = self.head(x)
        if seen is not None:
            seen["feature"], seen["logits"] = x, logits
        return logits
