"""Writes the golden files of this folder with PyTorch; see README.md."""
import argparse, copy, json, math, struct, sys
import numpy as np
import torch
from PIL import Image
from feadapter_reference import FEAdapter
from s2d_reference import S2D, distillation_target
from s4d_reference import MAE, S4D, ViT, MEAN, STD
from vitmoe_reference import Key, ViTMoE

torch.set_num_threads(1)


def save(path, tensors, metadata=None):
    """safetensors, float32"""
    head, at, data = {}, 0, b""
    if metadata:
        head["__metadata__"] = metadata
    for name, t in tensors.items():
        raw = np.ascontiguousarray(t.detach().numpy().astype("<f4")).tobytes()
        head[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [at, at + len(raw)]}
        at, data = at + len(raw), data + raw
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def randomise(model, seed, std=0.08):
    g = torch.Generator().manual_seed(seed)
    for p in model.parameters():
        noise = torch.randn(p.shape, generator=g) * std
        p.data = noise + (1 if p.dim() == 1 and p.data.mean() == 1 else 0)
    return model


def soft(labels, classes, smoothing=0.1):
    t = torch.full((len(labels), classes), smoothing / classes)
    for i, l in enumerate(labels):
        t[i, l] += 1 - smoothing
    return t


def adamw(model, betas, no_decay):
    groups = [{"params": [p for n, p in model.named_parameters() if no_decay(n, p)], "weight_decay": 0.0},
              {"params": [p for n, p in model.named_parameters() if not no_decay(n, p)], "weight_decay": 0.05}]
    return torch.optim.AdamW(groups, lr=1e-3, betas=betas, eps=1e-8)


# Learning rates of ten steps, five epochs of two, as factors of the highest: of fine-tuning, where the warm-up takes one and a half
# epochs, and of pre-training, where it takes a fifth of the run.
FINETUNE = [i / 2 for i in range(3)] + [0.01 + 0.99 * (1 + math.cos(math.pi * i / 7)) / 2 for i in range(7)]
PRETRAIN = [1e-3 + (1 - 1e-3) * i / 2 for i in range(2)] + [(1 + math.cos(math.pi * i / 10)) / 2 for i in range(2, 10)]


def steps(model, opt, losses, factors):
    """Optimizer steps; losses are functions of the model, one for each step."""
    schedule, seen = torch.optim.lr_scheduler.LambdaLR(opt, lambda step: (factors + [0])[step]), []
    for f in losses:
        opt.zero_grad(set_to_none=True)
        loss = f(model)
        loss.backward()
        opt.step()
        schedule.step()
        seen.append(loss.detach())
    return model, torch.stack(seen)


def train(model, losses, betas, no_decay, factors):
    model = copy.deepcopy(model)
    return steps(model, adamw(model, betas, no_decay), losses, factors)


def with_gradients(model, out, loss):
    model.zero_grad(set_to_none=True)
    loss.backward()
    out["loss"] = loss
    for n, p in model.named_parameters():
        if p.grad is not None:
            out["grad." + n] = p.grad
    return out


def s4d():
    g = torch.Generator().manual_seed(1)
    model = randomise(S4D(64, 3, 1, (1, 2), 4, patch=8, image=7, video=5), 2)
    save("s4d_tiny.safetensors", model.state_dict())
    inputs = {"image": torch.randn(2, 3, 16, 16, generator=g), "video": torch.randn(2, 3, 4, 16, 16, generator=g)}
    targets = {"image": soft([1, 4], 7), "video": soft([3, 0], 5)}

    def loss(m, kind):
        return -(targets[kind] * m(inputs[kind]).log_softmax(-1)).sum(-1).mean()

    vectors = lambda n, p: p.dim() == 1
    for kind in inputs:
        out = {"input": inputs[kind], "targets": targets[kind]}
        logits = model(inputs[kind], out)
        out["logits"] = logits
        with_gradients(model, out, -(targets[kind] * logits.log_softmax(-1)).sum(-1).mean())
        after, out["losses"] = train(model, [lambda m: loss(m, kind)] * 10, (0.9, 0.999), vectors, FINETUNE)
        state = after.state_dict()
        for n in ("patch_embed.proj.bias", "blocks.2.moe_layer.experts.1.fc1.weight", f"head.{kind}.weight", "blocks.0.attn.q_bias"):
            out["final." + n] = state[n]
        save(f"s4d_{kind}.safetensors", out)
    order = [0, 1, 1, 0, 1, 0, 0, 1, 1, 0]
    names = ("image", "video")
    after, losses = train(model, [lambda m, k=names[i]: loss(m, k) for i in order], (0.9, 0.999), vectors, FINETUNE)
    state = after.state_dict()
    save("s4d_joint.safetensors", {"losses": losses, "final.head.image.weight": state["head.image.weight"],
                                   "final.head.video.bias": state["head.video.bias"]}, {"order": json.dumps(order)})


def vit():
    """No two sizes are the same, attention has several heads, and learning rates decay from layer to layer."""
    g = torch.Generator().manual_seed(7)
    dim, depth, classes = 24, 2, 5
    model = randomise(ViT(dim, depth, 3, 6, patch=4, tubelet=2, classes=classes), 8, 0.2)
    save("vit_tiny.safetensors", model.state_dict())

    def scale(name):  # of the learning rate
        part = name.split(".")
        layer = 0 if part[0] == "patch_embed" else int(part[1]) + 1 if part[0] == "blocks" else depth + 1
        return 0.75 ** (depth + 1 - layer)

    for kind, frames, labels in (("image", 1, [2, 0, 4, 1]), ("video", 6, [3, 1])):
        x = torch.randint(0, 256, (len(labels), frames, 12, 12, 3), generator=g)
        loss = lambda m, out=None: -(soft(labels, classes) * m(x, out).log_softmax(-1)).sum(-1).mean()
        out = {"input": x.float()}
        with_gradients(model, out, loss(model, out))
        after = copy.deepcopy(model)
        opt = torch.optim.AdamW([{"params": [p], "lr": 1e-3 * scale(n), "weight_decay": 0.05 if p.dim() > 1 else 0.0}
                                 for n, p in after.named_parameters()], betas=(0.9, 0.999), eps=1e-8)
        after, out["losses"] = steps(after, opt, [loss] * 10, FINETUNE)
        out.update({"final." + n: p for n, p in after.named_parameters()})
        save(f"vit_{kind}.safetensors", out)


VITMOE = dict(dim=24, depth=3, heads=3, ratio=3, patch=4, tubelet=2, moe_blocks=(1, 2), image=7, video=6,
              moe=dict(experts=5, k=2, capacity=1.05, weights=(0.02, 0.03, 0.05)))


def vitmoe():
    """No two sizes are the same. Experts have no room for some choices, and tokens are not spread evenly over them."""
    g = torch.Generator().manual_seed(11)
    model = randomise(ViTMoE(**VITMOE), 12, 0.15)
    save("vitmoe_tiny.safetensors", model.state_dict())
    key = Key.of(9, "router", 0, 0)  # of every step: epoch 0, step 0
    for kind, shape, labels in (("image", (4, 3, 12, 12), [1, 4, 0, 6]), ("video", (2, 3, 6, 12, 12), [3, 5])):
        x, targets = torch.randn(shape, generator=g), soft(labels, VITMOE[kind])

        def loss(m, seen=None):
            logits, balance = m(x, key, seen)
            return -(targets * logits.log_softmax(-1)).sum(-1).mean() + balance

        out = {"input": x, "targets": targets}
        with_gradients(model, out, loss(model, out))
        print(kind, "dropped", [b.moe_layer.dropped for b in model.blocks if hasattr(b, "moe_layer")], "balance", float(out["balance"]))
        after, out["losses"] = train(model, [loss] * 10, (0.9, 0.999), lambda n, p: p.dim() == 1, FINETUNE)
        state = after.state_dict()
        for n in ("patch_embed.proj.bias", "blocks.1.moe_layer.router.topkroute_linear.weight", "blocks.2.moe_layer.experts.3.fc1.weight",
                  f"head.{kind}.weight", "blocks.0.mlp.fc2.bias"):
            out["final." + n] = state[n]
        save(f"vitmoe_{kind}.safetensors", out)


FEADAPTER = dict(size=12, patch=4, dim=24, depth=2, heads=3, ratio=5, classes=5)
ADAPTERS = {"fe": dict(adapters=(0, 1), place=0, width=7, kind="d2", kernel=(3, 1, 3), gelu=True),
            "st": dict(adapters=(0,), place=1, width=10, kind="depthwise", kernel=(3, 1, 1), gelu=False),
            "plain": dict(adapters=(0,), place=2, width=6, kind=None, kernel=None, gelu=True),
            "image": {}}


def feadapter():
    """No two sizes are the same. The image model is frozen in training, but its gradients are here, too; alone, all of it learns."""
    for i, (name, adapter) in enumerate(ADAPTERS.items()):
        g = torch.Generator().manual_seed(20 + i)
        model = randomise(FEAdapter(**FEADAPTER, **adapter), 30 + i, 0.2)
        save(f"feadapter_{name}_tiny.safetensors", model.state_dict())
        labels, frames = ([3, 1], 4) if adapter else ([2, 0, 4], 1)
        x = torch.randint(0, 256, (len(labels), frames, 12, 12, 3), generator=g)
        loss = lambda m, out=None: -(soft(labels, 5) * m(x, out).log_softmax(-1)).sum(-1).mean()
        out = {"input": x.float()}
        with_gradients(model, out, loss(model, out))
        after = copy.deepcopy(model)
        for n, p in after.named_parameters():
            p.requires_grad = not adapter or "adapter" in n or n.startswith("head.")
        learned = [(n, p) for n, p in after.named_parameters() if p.requires_grad]
        scale = lambda n: 0.75 ** (0 if n.startswith(("head.", "norm.")) else 2 - int(n.split(".")[1]) if n.startswith("blocks.") else 3)
        opt = torch.optim.AdamW([{"params": [p], "lr": 1e-3 * scale(n), "weight_decay": 0.05 if p.dim() > 1 and n not in ("cls_token", "pos_embed") else 0.0}
                                 for n, p in learned], betas=(0.9, 0.999), eps=1e-8)
        after, out["losses"] = steps(after, opt, [loss] * 10, FINETUNE)
        # The gradient of a key bias is 0 but for rounding, of which AdamW makes whole steps.
        out.update({"final." + n: p for n, p in after.named_parameters() if not n.endswith("qkv.bias")})
        save(f"feadapter_{name}.safetensors", out)


S2D_TINY = dict(size=12, patch=4, frames=5, dim=24, depth=3, heads=3, ratio=5, classes=7, channels=10, width=2, adapter=12, adapter_heads=4)


def s2d():
    """No two sizes are the same. The image model is frozen in training, but its gradients are here, too."""
    g = torch.Generator().manual_seed(41)
    model = randomise(S2D(**S2D_TINY), 42, 0.2)
    for block in model.prompt_blocks:
        block.fovea.smooth.data += 3
    save("s2d_tiny.safetensors", model.state_dict())
    labels = [3, 6]
    x, landmarks = torch.randint(0, 256, (2, 5, 12, 12, 3), generator=g), torch.randn(10, 10, 3, 3, generator=g)
    loss = lambda m, out=None: -(soft(labels, 7) * m(x, landmarks, out).log_softmax(-1)).sum(-1).mean()
    out = {"input": x.float(), "landmarks": landmarks.flatten(2).transpose(1, 2)}
    with_gradients(model, out, loss(model, out))
    after, out["losses"] = tune(model, [loss] * 10)
    # The last norm is never used. A bias of conv1x1 and of the view's convolution is one of all positions, as are norms' before a softmax.
    out.update({"final." + n: p for n, p in after.named_parameters()})
    save("s2d_video.safetensors", out)

    # Five epochs of two steps with self-distillation: queues of three anchors a class, which the third epoch and the fifth fill.
    queue, answers = torch.rand(7, 3, 24, generator=g), torch.rand(7, 3, 7, generator=g)
    out = {"queue": queue.clone(), "answers": answers.clone()}

    def distilled(step):
        def loss(m):
            epoch, seen = step // 2, {}
            logits = m(x, landmarks, seen)
            total = -(soft(labels, 7) * logits.log_softmax(-1)).sum(-1).mean()
            feature, answer = seen["feature"].detach(), logits.detach().softmax(-1)
            if epoch >= 1:
                target = distillation_target(queue, answers, feature, 2)
                total = total + (0.3 if epoch < 3 else 0.7) * torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
            if epoch in (2, 4):
                for i, l in enumerate(labels):
                    queue[l], answers[l] = torch.cat([feature[i:i + 1], queue[l, :-1]]), torch.cat([answer[i:i + 1], answers[l, :-1]])
            return total
        return loss

    after, out["losses"] = tune(model, [distilled(step) for step in range(10)])
    out.update({"final." + n: p for n, p in after.named_parameters() if "head" in n or "TMA" in n}, after_queue=queue, after_answers=answers)
    save("s2d_distilled.safetensors", out)


def tune(model, losses):
    """Optimizer steps of what S2D tunes."""
    tuned = ("temporal_embedding", "ln_post", "Adapter", "head", "prompt")
    after = copy.deepcopy(model)
    for n, p in after.named_parameters():
        p.requires_grad = any(t in n for t in tuned)
    opt = torch.optim.AdamW([{"params": [p], "weight_decay": 0.05 if p.dim() > 1 else 0.0} for p in after.parameters() if p.requires_grad],
                            lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    return steps(after, opt, losses, FINETUNE)


def sdl():
    """Targets and loss of self-distillation: four classes, queues of five, features of six numbers, three samples, two nearest."""
    g = torch.Generator().manual_seed(51)
    queue, answers = torch.rand(4, 5, 6, generator=g), torch.rand(4, 5, 4, generator=g)
    feature, logits = torch.randn(3, 6, generator=g) + 0.5, torch.randn(3, 4, generator=g).requires_grad_()
    target = distillation_target(queue, answers, feature, 2)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
    loss.backward()
    save("sdl.safetensors", {"queue": queue, "answers": answers, "feature": feature, "logits": logits, "target": target, "loss": loss, "grad": logits.grad})


def mae():
    g = torch.Generator().manual_seed(3)
    model = randomise(MAE(64, 2, 1, 64, 1, 1, patch=8), 4)
    save("mae_tiny.safetensors", model.state_dict())
    no_decay = lambda n, p: n.endswith(".bias") or "norm" in n
    for kind, shape, n in (("image", (2, 3, 16, 16), 4), ("video", (2, 3, 4, 16, 16), 8)):
        x = (torch.rand(shape, generator=g) - torch.tensor(MEAN).view(1, 3, *[1] * (len(shape) - 2))) / torch.tensor(STD).view(1, 3, *[1] * (len(shape) - 2))
        mask = torch.zeros(2, n, dtype=torch.bool)
        for row in mask:
            row[torch.randperm(n, generator=g)[: n // 2]] = True
        out = {"input": x, "mask": mask.float()}
        with_gradients(model, out, model(x, mask, out))
        _, out["losses"] = train(model, [lambda m: m(x, mask)] * 10, (0.9, 0.95), no_decay, PRETRAIN)
        save(f"mae_{kind}.safetensors", out)


def released():
    """A checkpoint as the released code saves it, in its geometry, and what PyTorch makes of a picture and a clip."""
    model = randomise(S4D(64, 3, 1, (1, 2), 4), 5, 0.1).eval()
    opt = torch.optim.AdamW(model.head.parameters())
    model.head["image"](torch.ones(1, 64)).sum().backward()
    opt.step()
    torch.save({"model": model.state_dict(), "optimizer": opt.state_dict(), "epoch": 3, "scaler": {"scale": 65536.0},
                "args": argparse.Namespace(model="vitmoe_base_patch16_160", lr=4e-5, moe_layers=[1, 2])}, "released_form.pth")
    pre = randomise(MAE(64, 3, 1, 64, 1, 1), 6, 0.1)
    torch.save({"model": pre.state_dict(), "epoch": 100, "loss": {}, "steps": {"train": 7}}, "released_pretrain.pt")

    def pixels(picture):
        x = np.asarray(picture.convert("RGB").resize((160, 160), Image.BILINEAR)) / 255.0
        return torch.tensor((x - np.array(MEAN)) / np.array(STD)).float().permute(2, 0, 1)

    y, x = np.mgrid[0:180, 0:200]
    face = np.stack([120 + 60 * np.sin(x / 23), 90 + 70 * np.cos(y / 17 + x / 61), 40 + y], -1)
    face[(x - 100) ** 2 + (y - 90) ** 2 < 3600] = (220, 180, 150)
    face[(y > 120) & (abs(x - 100) < 30) & (y < 130)] = (150, 40, 50)
    Image.fromarray(face.clip(0, 255).astype("uint8")).save("face.png")
    y, x = np.mgrid[0:32, 0:24]
    frames = []
    for t in range(90):
        f = np.stack([100 + 3 * x + 0 * y, 60 + 4 * y + 0 * x, 128 + 0 * x + t % 40], -1)
        f[(x - 4 - t % 17) ** 2 + (y - 8 - t // 6) ** 2 < 20] = (250, 30 + 2 * t, 10)
        frames.append(Image.fromarray(f.clip(0, 255).astype("uint8")))
        frames[-1].save(f"clip/{t:03d}.png", optimize=True)
    with torch.no_grad():
        image = model(pixels(Image.open("face.png"))[None]).softmax(-1)[0]
        clip = torch.stack([pixels(Image.open(f"clip/{t:03d}.png")) for t in range(0, 90, 4)], 1)  # every fourth: 23 frames
        windows = torch.stack([clip[:, :16], clip[:, 7:]])
        video = model(windows).softmax(-1).mean(0)
    json.dump({"image": image.tolist(), "video": video.tolist()}, open("released_expected.json", "w"))


def check():
    count = lambda m: sum(p.numel() for p in m.parameters())
    moe = dict(experts=8, k=2, capacity=1.05, weights=(0, 0.005, 0.005))
    whole = S2D(224, 16, 16, 768, 12, 12, 4, 7, 128, 8, 192, 8)
    print("S2D base", count(whole), "tuned", sum(p.numel() for n, p in whole.named_parameters()
                                                 if any(t in n for t in ("temporal_embedding", "ln_post", "Adapter", "head", "prompt"))))
    print("ViT-MoE base", count(ViTMoE(768, 12, 12, 4, 16, 2, range(6, 12), moe, 7, 7)))
    print("S4D base", count(S4D(768, 12, 12, range(6, 12), 8)), "MAE base", count(MAE(768, 12, 12, 384, 4, 6)))


if __name__ == "__main__":
    if "--check" in sys.argv:
        check()
    else:
        for make in sys.argv[1:] or ("s4d", "vit", "vitmoe", "feadapter", "s2d", "sdl", "mae", "released"):
            globals()[make]()
