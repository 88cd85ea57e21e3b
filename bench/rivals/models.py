"""The models of `mien bench` in PyTorch, with the parameter names of the published checkpoints.

Layer for layer what packages vit, s4d and mae compute, written the way PyTorch code usually is.
B samples, N tokens, D wide, H heads; a patch has 3·2·16·16 = 1536 values.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

# width, blocks, heads, then width, blocks, heads of the masked autoencoder's decoder; all on 160×160 pixels and 16 frames
SIZES = {
    "small": (384, 12, 6, 192, 4, 3),
    "base": (768, 12, 12, 384, 4, 6),
    "large": (1024, 24, 16, 512, 4, 8),
}
PICTURE_TOKENS, PATCH = 100, 3 * 2 * 16 * 16


def sinusoid(tokens, dim):
    angle = torch.arange(tokens)[:, None] / 10000 ** (2 * (torch.arange(dim) // 2) / dim)
    return torch.where(torch.arange(dim) % 2 == 0, angle.sin(), angle.cos())


def patchify(pixels):
    """[B, 3, T, 160, 160] → [B, N, 1536]; a picture is copied to two frames."""
    if pixels.shape[2] == 1:
        pixels = pixels.expand(-1, -1, 2, -1, -1)
    b, c, t, h, w = pixels.shape
    x = pixels.reshape(b, c, t // 2, 2, h // 16, 16, w // 16, 16)
    return x.permute(0, 2, 4, 6, 1, 3, 5, 7).reshape(b, -1, PATCH)


class PatchEmbed(nn.Module):
    """The published 3-D convolution, whose kernel and stride are a patch, as the linear layer that it equals."""

    def __init__(self, dim):
        super().__init__()
        self.proj = nn.Conv3d(3, dim, (2, 16, 16), (2, 16, 16))

    def forward(self, patches):
        return F.linear(patches, self.proj.weight.flatten(1), self.proj.bias)


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(dim))
        self.v_bias = nn.Parameter(torch.zeros(dim))
        self.proj = nn.Linear(dim, dim)

    def bias(self):
        return torch.cat([self.q_bias, torch.zeros_like(self.v_bias), self.v_bias])

    def project(self, x):
        return F.linear(x, self.qkv.weight, self.bias())

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.project(x).reshape(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        a = (q / math.sqrt(d // self.heads)) @ k.transpose(-2, -1)
        return self.proj((a.softmax(-1) @ v).transpose(1, 2).reshape(b, n, d))


class MLP(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1, self.activation, self.fc2 = nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim)

    def forward(self, x):
        return self.fc2(self.activation(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.attn, self.mlp = Attention(dim, heads), MLP(dim)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    """Classifier: mean over tokens, norm, one head for each modality."""

    def __init__(self, size, classes=7):
        super().__init__()
        dim, depth, heads, *_ = SIZES[size]
        self.dim, self.patch_embed = dim, PatchEmbed(dim)
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.fc_norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.ModuleDict({"image": nn.Linear(dim, classes), "video": nn.Linear(dim, classes)})
        self.register_buffer("position", sinusoid(8 * PICTURE_TOKENS, dim), persistent=False)

    def forward(self, pixels):
        x = self.patch_embed(patchify(pixels))
        modality = "image" if pixels.shape[2] == 1 else "video"
        x = x + self.position[: x.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head[modality](self.fc_norm(x.mean(1)))


class Coder(nn.Module):
    """Encoder or decoder of the masked autoencoder."""

    def __init__(self, dim, depth, heads):
        super().__init__()
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, eps=1e-6)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class MAE(nn.Module):
    """Masked autoencoder: embeds and encodes the visible patches alone, predicts all, counts the hidden ones."""

    def __init__(self, size):
        super().__init__()
        dim, depth, heads, width, layers, dheads = SIZES[size]
        self.encoder, self.decoder = Coder(dim, depth, heads), Coder(width, layers, dheads)
        self.encoder.patch_embed, self.decoder.head = PatchEmbed(dim), nn.Linear(width, PATCH)
        self.encoder_to_decoder = nn.Linear(dim, width, bias=False)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.register_buffer("position", sinusoid(8 * PICTURE_TOKENS, dim), persistent=False)
        self.register_buffer("decoder_position", sinusoid(8 * PICTURE_TOKENS, width), persistent=False)

    def forward(self, pixels, visible):
        """pixels normalised [B, 3, T, 160, 160], visible [B, V] the patches that are shown; returns the loss."""
        patches = patchify(pixels)
        b, n, _ = patches.shape
        x = self.encoder.patch_embed(patches.gather(1, visible[..., None].expand(-1, -1, PATCH)))
        x = self.encoder_to_decoder(self.encoder(x + self.position[visible]))
        at = visible[..., None].expand(-1, -1, x.shape[-1])
        x = self.mask_token.expand(b, n, -1).scatter(1, at, x) + self.decoder_position[:n]
        pred = self.decoder.head(self.decoder(x))
        hidden = torch.ones(b, n).scatter(1, visible, 0.0)
        return (((pred - target(pixels)) ** 2).mean(-1) * hidden).sum() / hidden.sum()


def target(pixels):
    """Pixels in [0, 1], normalised per patch and channel, channel fastest."""
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    p = patchify(pixels * std.view(3, 1, 1, 1) + mean.view(3, 1, 1, 1))
    p = p.reshape(*p.shape[:2], 3, -1)
    p = (p - p.mean(-1, keepdim=True)) / (p.var(-1, keepdim=True) + 1e-6).sqrt()
    return p.transpose(-2, -1).flatten(2)
