"""A compact PyTorch form of S2D without its landmark network, whose features it is given, written for comparison with mien.

The landmark features are [B*T, channels, side, side], as the network's convolutions leave them.
"""
import torch
from torch import nn
import torch.nn.functional as F
from feadapter_reference import Block
from s4d_reference import MEAN, STD


class Fovea(nn.Module):
    def __init__(self):
        super().__init__()
        self.smooth = nn.Parameter(torch.zeros(1))

    def forward(self, x):  # softmax over the positions, for each channel
        b, c, h, w = x.shape
        mask = (x.view(b, c, h * w) * self.smooth).softmax(-1)
        return (mask * x.view(b, c, h * w)).view(b, c, h, w)


class TimeAttention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(dim, 3 * dim, bias=False), nn.Linear(dim, dim)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        p = (q @ k.transpose(-2, -1) * (d // self.heads) ** -0.5).softmax(-1)
        return self.proj((p @ v).transpose(1, 2).reshape(b, n, d))


class Bottleneck(nn.Module):
    def __init__(self, dim, width, heads=0):
        super().__init__()
        self.D_fc1, self.D_fc2 = nn.Linear(dim, width), nn.Linear(width, dim)
        if heads:
            self.attn = TimeAttention(width, heads)

    def forward(self, x):
        x = F.gelu(self.D_fc1(x))
        return self.D_fc2(self.attn(x) if hasattr(self, "attn") else x)


class TMA(nn.Module):
    def __init__(self, dim, width, heads):
        super().__init__()
        self.T_Adapter, self.norm, self.S_Adapter = Bottleneck(dim, width, heads), nn.LayerNorm(dim), Bottleneck(dim, width)

    def forward(self, x, frames):  # [B*T, N, D]
        bt, n, d = x.shape
        x = x.view(bt // frames, frames, n, d).transpose(1, 2).reshape(-1, frames, d)
        x = self.T_Adapter(x).view(bt // frames, n, frames, d).transpose(1, 2).reshape(bt, n, d)
        return self.S_Adapter(self.norm(x))


class PromptBlock(nn.Module):
    def __init__(self, dim, width, adapter, heads):
        super().__init__()
        self.conv0_0, self.conv0_1, self.conv1x1 = nn.Conv2d(dim, width, 1), nn.Conv2d(dim, width, 1), nn.Conv2d(width, dim, 1)
        self.fovea, self.TMA = Fovea(), TMA(dim, adapter, heads)

    def forward(self, x, view, frames, side):
        grid = lambda t: t.transpose(1, 2).reshape(len(t), -1, side, side)
        prompt = self.conv1x1(self.fovea(self.conv0_0(grid(x))) + self.conv0_1(grid(view))).flatten(2).transpose(1, 2)
        return self.TMA(x, frames), prompt


class S2D(nn.Module):
    def __init__(self, size, patch, frames, dim, depth, heads, ratio, classes, channels, width, adapter, adapter_heads):
        super().__init__()
        self.side, self.frames = size // patch, frames
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.side**2, dim))
        self.temporal_embedding = nn.Parameter(torch.zeros(1, frames, dim))
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, dim, patch, patch)})
        self.patch_embed_prompt = nn.ModuleDict({"proj": nn.Conv2d(channels, dim, 1)})
        self.prompt_blocks = nn.ModuleList(PromptBlock(dim, width, adapter, adapter_heads) for _ in range(depth))
        self.prompt_norms = nn.ModuleList(nn.LayerNorm(dim, eps=1e-6) for _ in range(depth))
        self.blocks = nn.ModuleList(Block(dim, heads, ratio) for _ in range(depth))
        self.ln_post, self.head = nn.LayerNorm(dim, eps=1e-6), nn.ModuleDict({"fc_cls": nn.Linear(dim, classes)})

    def prompt(self, i, x, view):
        normed = self.prompt_norms[max(0, i - 1)](x)
        tma, prompt = self.prompt_blocks[i](normed, self.prompt_norms[0](view), self.frames, self.side)
        return x + tma + prompt, prompt

    def forward(self, pixels, landmarks, seen=None):  # [B, T, H, W, 3] of 0 to 255
        batch = len(pixels)
        x = (pixels.flatten(0, 1) / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
        x = self.patch_embed["proj"](x.permute(0, 3, 1, 2)).flatten(2).transpose(1, 2)
        view = self.patch_embed_prompt["proj"](landmarks).flatten(2).transpose(1, 2)
        x, view = self.prompt(0, x, view)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        x = (x.view(batch, self.frames, *x.shape[1:]) + self.temporal_embedding[:, :, None]).flatten(0, 1)
        for i, b in enumerate(self.blocks):
            if i:
                patches, view = self.prompt(i, x[:, 1:], view)
                x = torch.cat([x[:, :1], patches], 1)
            x = x + b.attn(b.norm1(x))
            x = x + b.mlp(b.norm2(x))
        x = self.ln_post(x)[:, 0].view(batch, self.frames, -1).mean(1)
        logits = self.head["fc_cls"](x)
        if seen is not None:
            seen["feature"], seen["logits"] = x, logits
        return logits


def distillation_target(queue, answers, feature, nearest):
    """queue [C, size, D], answers [C, size, C], feature [B, D]: [B, C]"""
    s = F.cosine_similarity(feature[:, None, None], queue[None], dim=-1)  # [B, C, size]
    top, at = s.topk(nearest, dim=-1)
    chosen = torch.stack([torch.stack([answers[c][at[b, c]] for c in range(len(queue))]) for b in range(len(feature))])  # [B, C, K, C]
    return (top[..., None] * chosen).sum((1, 2)) / top.sum((1, 2))[:, None]
