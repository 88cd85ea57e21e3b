"""Writes ops.safetensors: convolutions, pools, activations, batch norm, sampling and D²Conv3D by PyTorch, with all gradients.

Each case computes in float64 from inputs that float32 holds, and its loss is the product of the result with random numbers ("up").
Activations are [B, T, H, W, C] in the file, kernels [O, kT, kH, kW, C], and [kT, kH, kW, C] depth-wise.
"""
import json
import torch
import torch.nn.functional as F

g = torch.Generator().manual_seed(21)
tensors, cases = {}, []


def draw(*shape, scale=1.0, shift=0.0):
    return (torch.randn(*shape, generator=g) * scale + shift).double().requires_grad_()


def first(x):
    """channels first"""
    return x.permute(0, 4, 1, 2, 3)


def last(x):
    return x.permute(0, 2, 3, 4, 1)


def case(name, f, inputs, **settings):
    out = f(**inputs)
    up = torch.randn(out.shape, generator=g).double()
    (out * up).sum().backward()
    for key, x in inputs.items():
        tensors[f"{name}.{key}"] = x
        if x.grad is not None:
            tensors[f"{name}.grad.{key}"] = x.grad
    tensors[f"{name}.out"], tensors[f"{name}.up"] = out, up
    cases.append({"name": name, "op": name.split("/")[0], **settings})


VOLUME = dict(kernel=(2, 1, 3), stride=(2, 1, 1), pad=(1, 0, 1))
IMAGE = dict(kernel=(1, 3, 2), stride=(1, 2, 1), pad=(0, 1, 1))
POINT = dict(kernel=(1, 1, 1), stride=(1, 1, 1), pad=(0, 0, 0))
TIME = dict(kernel=(3, 1, 1), stride=(1, 1, 1), pad=(1, 0, 0))
CUBE = dict(kernel=(3, 3, 3), stride=(1, 1, 1), pad=(1, 1, 1))
STEPS = dict(kernel=(3, 1, 3), stride=(2, 1, 1), pad=(1, 0, 1))


def convolutions():
    for name, w, shape, width, biased in (("volume", VOLUME, (2, 5, 3, 4, 6), 7, True), ("image", IMAGE, (3, 1, 7, 6, 4), 5, False),
                                          ("pointwise", POINT, (2, 3, 4, 2, 5), 3, True),
                                          ("some positions", dict(POINT, stride=(2, 1, 3), pad=(0, 1, 0)), (2, 3, 2, 5, 4), 3, True), ("strided", dict(CUBE, stride=(3, 2, 1)), (2, 4, 5, 6, 3), 8, True)):
        f = lambda x, weight, bias=None: last(F.conv3d(first(x), first(weight), bias, w["stride"], w["pad"]))
        inputs = {"x": draw(*shape), "weight": draw(width, *w["kernel"], shape[-1])}
        case("Convolve/" + name, f, inputs | ({"bias": draw(width)} if biased else {}), **w)
    for name, w, shape, biased in (("time", TIME, (2, 5, 3, 4, 6), True), ("strided", dict(CUBE, stride=(2, 1, 2)), (2, 3, 4, 5, 7), True),
                                   ("image", IMAGE, (3, 1, 7, 6, 4), False)):
        c = shape[-1]
        f = lambda x, weight, bias=None: last(F.conv3d(first(x), weight.permute(3, 0, 1, 2)[:, None], bias, w["stride"], w["pad"], groups=c))
        inputs = {"x": draw(*shape), "weight": draw(*w["kernel"], c)}
        case("DepthwiseConvolve/" + name, f, inputs | ({"bias": draw(c)} if biased else {}), **w)


def pools():
    for name, w, shape in (("volume", VOLUME, (2, 5, 3, 4, 6)), ("image", IMAGE, (3, 1, 7, 6, 4)), ("cube", dict(CUBE, stride=(2, 2, 3)), (2, 4, 5, 7, 3))):
        geometry = (w["kernel"], w["stride"], w["pad"])
        case("MaxPool/" + name, lambda x: last(F.max_pool3d(first(x), *geometry)), {"x": draw(*shape)}, **w)
        case("AveragePool/" + name, lambda x: last(F.avg_pool3d(first(x), *geometry)), {"x": draw(*shape)}, **w)


def activations():
    for name, f in (("ELU", F.elu), ("Sigmoid", torch.sigmoid), ("ReLU", F.relu)):
        case(name, lambda x: f(x), {"x": draw(5, 7, scale=3)})
    case("Rsqrt", lambda x: x.rsqrt(), {"x": draw(5, 7).detach().abs().add(0.25).requires_grad_()})
    case("PReLU", lambda x, slope: last(F.prelu(first(x), slope)), {"x": draw(2, 3, 4, 5, 6), "slope": draw(6)})


def trilinear(x, at):
    """x [B, T, H, W, C] at at [B, n, 3], as [B, n, C]: eight corners, zeros outside"""
    size, low = x.shape[1:4], at.detach().floor().long()
    out = 0
    for corner in range(8):
        place = low + torch.tensor([corner >> 2, corner >> 1 & 1, corner & 1])
        weight = (1 - (at - place).abs()).prod(-1)
        inside = torch.stack([(place[..., a] >= 0) & (place[..., a] < size[a]) for a in range(3)]).all(0)
        t, h, w = (place[..., a].clamp(0, size[a] - 1) for a in range(3))
        batch = torch.arange(x.shape[0])[:, None].expand_as(t)
        out = out + (weight * inside)[..., None] * x[batch, t, h, w]
    return out


def grid_sample(x, at):
    """the same by PyTorch's own function, whose coordinates run from -1 to 1 and begin with the columns"""
    size = torch.tensor(x.shape[1:4])
    grid = (2 * at / (size - 1) - 1).flip(-1)[:, :, None, None]
    return F.grid_sample(first(x), grid, padding_mode="zeros", align_corners=True)[:, :, :, 0, 0].transpose(1, 2)


def samples():
    shape, points = (2, 3, 4, 5, 6), 17
    x, at, factor = draw(*shape), draw(2, points, 3, scale=2, shift=1.5), draw(2, points)
    assert torch.allclose(trilinear(x, at), grid_sample(x, at), atol=1e-12)
    case("Sample", lambda x, at, factor: grid_sample(x, at) * factor[..., None], {"x": x, "at": at, "factor": factor})


# The factor of each axis, or None; the order is time, rows, columns.
STRETCHES = {"per axis": (0, 1, 2), "time and space": (0, 1, 1), "rows and columns": (None, 0, 1), "space": (None, 0, 0)}


def d2conv(x, predictor, predictor_bias, weight, bias, kernel, stride, pad, stretch, modulated, depthwise):
    """D²Conv3D: y(q) = bias + sum over taps n of W_n m_n(q) x(centre(q) + s(q) b_n)"""
    u = last(F.conv3d(first(x), first(predictor), predictor_bias, stride, pad))  # [B, T', H', W', factors + taps]
    axes = STRETCHES[stretch]
    factors = 1 + max(a for a in axes if a is not None)
    s = F.elu(u[..., :factors]) + 1
    scale = torch.stack([s[..., a] if a is not None else torch.ones_like(s[..., 0]) for a in axes], -1)
    taps = torch.cartesian_prod(*[torch.arange(k) for k in kernel]).to(x.dtype)
    half = torch.tensor([(k - 1) // 2 for k in kernel])
    sites = torch.stack(torch.meshgrid(*[torch.arange(n) for n in u.shape[1:4]], indexing="ij"), -1)
    centre = sites * torch.tensor(stride) - torch.tensor(pad) + half
    at = centre[:, :, :, None] + scale[..., None, :] * (taps - half)  # [B, T', H', W', taps, 3]
    v = trilinear(x, at.reshape(x.shape[0], -1, 3)).reshape(*at.shape[:-1], x.shape[-1])
    if modulated:
        v = v * torch.sigmoid(u[..., factors:])[..., None]
    n = len(taps)
    if depthwise:
        return torch.einsum("bthwnc,nc->bthwc", v, weight.reshape(n, -1)) + bias
    return torch.einsum("bthwnc,onc->bthwo", v, weight.reshape(weight.shape[0], n, -1)) + bias


def dilated():
    for name, w, stretch, modulated, depthwise, shape, width in (
            ("per axis", STEPS, "per axis", True, False, (2, 5, 3, 4, 6), 7),
            ("time and space", CUBE, "time and space", False, False, (1, 3, 4, 5, 3), 4),
            ("rows and columns", CUBE, "rows and columns", False, False, (2, 2, 4, 3, 2), 5),
            ("space", CUBE, "space", True, False, (1, 3, 4, 5, 3), 2),
            ("time", TIME, "per axis", True, False, (2, 6, 3, 2, 8), 5),
            ("depth-wise", STEPS, "per axis", True, True, (2, 5, 3, 4, 6), 6)):
        c, taps = shape[-1], w["kernel"][0] * w["kernel"][1] * w["kernel"][2]
        factors = {"per axis": 3, "time and space": 2, "rows and columns": 2, "space": 1}[stretch]
        predicted = factors + taps * modulated
        weight = draw(*w["kernel"], c) if depthwise else draw(width, *w["kernel"], c)
        inputs = {"x": draw(*shape), "predictor": draw(predicted, *w["kernel"], c, scale=0.1), "predictor_bias": draw(predicted, scale=0.3),
                  "weight": weight, "bias": draw(width)}
        settings = dict(w, stretch=stretch, modulated=modulated, depthwise=depthwise)
        case("DilatedConvolve/" + name, lambda **x: d2conv(**x, **settings), inputs, **settings)


def batch_norm():
    """three batches in training, then one in inference, alone and folded into a convolution"""
    width = 6
    n = torch.nn.BatchNorm3d(width).double()
    n.weight.data, n.bias.data = draw(width).detach(), draw(width).detach()
    tensors["BatchNorm.weight"], tensors["BatchNorm.bias"] = n.weight.data.clone(), n.bias.data.clone()
    for i in range(3):
        x = draw(2, 3, 4, 5, width, scale=2, shift=i)
        n.zero_grad()
        out = last(n(first(x)))
        up = torch.randn(out.shape, generator=g).double()
        (out * up).sum().backward()
        tensors.update({f"BatchNorm.{i}.{k}": v.clone() for k, v in dict(x=x, out=out, up=up, grad_x=x.grad, grad_weight=n.weight.grad,
                       grad_bias=n.bias.grad, running_mean=n.running_mean, running_var=n.running_var).items()})
    n.eval()
    x = draw(2, 3, 4, 5, 4)
    conv = torch.nn.Conv3d(4, width, (2, 1, 3), (2, 1, 1), (1, 0, 1)).double()
    tensors.update({"BatchNorm.folded.x": x, "BatchNorm.folded.weight": conv.weight, "BatchNorm.folded.bias": conv.bias})
    y = conv(first(x))
    tensors.update({"BatchNorm.folded.convolved": last(y), "BatchNorm.folded.out": last(n(y))})


if __name__ == "__main__":
    from make_golden import save  # which imports this file
    for part in (convolutions, pools, activations, samples, dilated, batch_norm):
        part()
    save("ops.safetensors", {k: v.float() for k, v in tensors.items()}, {"cases": json.dumps(cases)})
