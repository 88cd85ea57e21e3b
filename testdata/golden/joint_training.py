"""Ten steps of joint fine-tuning as the released code takes them, on two GPUs: random erasing, mixup and cutmix in the batch of each, experts
with a capacity for its tokens, label smoothing, layer decay, and either rule for the head that a step does not use. All random draws are
stored with the results, so that another implementation can use the same ones."""
import json, math
import torch
import torch.nn.functional as F
from s4d_reference import MEAN, MoAE, S4D, STD
from make_golden import FINETUNE, randomise, save, soft

REPLICAS, CAPACITY, DECAY, DEPTH, SIDE = 2, 0.9, 0.75, 3, 16
CLASSES, SIZES, FRAMES = {"image": 7, "video": 5}, {"image": 4, "video": 6}, {"image": 1, "video": 4}
ORDER = ["image", "video", "video", "image", "video", "image", "image", "video", "video", "image"]


class LimitedMoAE(MoAE):
    """Each expert takes the first tokens of the batch that chose it, as many as it has room for; the others get nothing from it."""

    def forward(self, x):
        flat = x.flatten(0, 1)
        scores = self.router.topkroute_linear(flat)
        top = scores.topk(self.k, -1)
        gates = torch.full_like(scores, -math.inf).scatter(-1, top.indices, top.values).softmax(-1)
        self.gates = gates.detach()
        room = int(len(flat) * self.k / len(self.experts) * CAPACITY)
        y = torch.zeros_like(flat)
        for i, expert in enumerate(self.experts):
            chosen = (top.indices == i).any(-1).nonzero().flatten()[:room]
            y = y.index_add(0, chosen, gates[chosen, i, None] * expert(flat[chosen]))
        return y.view_as(x)


def cutmix_box(lam, g):
    """The box [x, y, w, h] about a random centre, clipped, and the share of pixels that a sample keeps."""
    side = int(SIDE * math.sqrt(1 - lam))
    y, x = torch.randint(SIDE, (2,), generator=g).tolist()
    left, right, top, bottom = max(x - side // 2, 0), min(x + side // 2, SIDE), max(y - side // 2, 0), min(y + side // 2, SIDE)
    return [left, top, right - left, bottom - top], 1 - (right - left) * (bottom - top) / SIDE ** 2


def draw(kind, g):
    """The draws of a step: a mix for each replica, and a box to erase, or none, for each sample."""
    step = {"modality": kind, "mix": [], "erase": []}
    for i in range(REPLICAS):
        lam = torch.rand(1, generator=g).item()
        box = [0, 0, 0, 0]
        if torch.rand(1, generator=g) < 0.5:
            box, lam = cutmix_box(lam, g)
        step["mix"].append({"lambda": lam, "box": box})
    for i in range(SIZES[kind]):
        w, h = torch.randint(2, 9, (2,), generator=g).tolist()
        x, y = torch.randint(SIDE - 8, (2,), generator=g).tolist()
        step["erase"].append([x, y, w, h] if torch.rand(1, generator=g) < 0.4 else [0, 0, 0, 0])
    return step


def normalise(x):
    return (x - torch.tensor(MEAN).view(3, 1, 1, 1)) / torch.tensor(STD).view(3, 1, 1, 1)


def erased(pixels, step, noise):
    """[B, T, H, W, 3] to normalised [B, 3, T, H, W]: of an image the box is black, of a video noise after the normalisation."""
    x = pixels.permute(0, 4, 1, 2, 3) / 255
    if step["modality"] == "video":
        x = normalise(x)
    for i, (left, top, w, h) in enumerate(step["erase"]):
        if w:
            x[i, :, :, top:top + h, left:left + w] = noise[i] if step["modality"] == "video" else 0
    return x if step["modality"] == "video" else normalise(x)


def mixed(x, target, mix):
    lam, (left, top, w, h) = mix["lambda"], mix["box"]
    other = x.flip(0)
    if w * h:
        x = x.clone()
        x[..., top:top + h, left:left + w] = other[..., top:top + h, left:left + w]
    elif lam < 1:
        x = x * lam + other * (1 - lam)
    return x, target * lam + target.flip(0) * (1 - lam)


def loss_of(model, pixels, labels, step, noise):
    """The mean over replicas, each with its part of the batch."""
    x, target = erased(pixels, step, noise), soft(labels, CLASSES[step["modality"]])
    n, total = len(labels) // REPLICAS, 0
    for i, mix in enumerate(step["mix"]):
        part, y = mixed(x[i * n:(i + 1) * n], target[i * n:(i + 1) * n], mix)
        logits = model(part[:, :, 0] if step["modality"] == "image" else part)
        total = total - (y * F.log_softmax(logits, -1)).sum(-1).mean() / REPLICAS
    return total


def scale(name):
    part = name.split(".")
    layer = 0 if part[0] == "patch_embed" else int(part[1]) + 1 if part[0] == "blocks" else DEPTH + 1
    return DECAY ** (DEPTH + 1 - layer)


def train(idle_steps, data, steps, noise):
    model = randomise(S4D(64, DEPTH, 1, (1, 2), 4, patch=8, image=CLASSES["image"], video=CLASSES["video"]), 2)
    for block in model.blocks[1:]:
        block.moe_layer.__class__ = LimitedMoAE
    opt = torch.optim.AdamW([{"params": [p], "lr": 1e-3 * scale(n), "weight_decay": 0.05 if p.dim() > 1 else 0.0}
                             for n, p in model.named_parameters()], betas=(0.9, 0.999), eps=1e-8)
    schedule, seen = torch.optim.lr_scheduler.LambdaLR(opt, lambda step: (FINETUNE + [0])[step]), []
    for i, step in enumerate(steps):
        # Before version 2, zero_grad leaves zeros, with which AdamW goes on; DistributedDataParallel does not touch a gradient that no
        # replica needs, so that a head has none before its first step.
        opt.zero_grad(set_to_none=not idle_steps)
        loss = loss_of(model, *data[step["modality"]], step, noise[i])
        loss.backward()
        opt.step()
        schedule.step()
        seen.append(loss.detach())
    return model.state_dict(), torch.stack(seen)


def main():
    g = torch.Generator().manual_seed(21)
    data, out = {}, {}
    for kind, n in SIZES.items():
        pixels = torch.randint(0, 256, (n, FRAMES[kind], SIDE, SIDE, 3), generator=g).float()
        data[kind] = pixels, torch.randint(0, CLASSES[kind], (n,), generator=g).tolist()
        out["input." + kind] = pixels
    steps = [draw(kind, g) for kind in ORDER]
    noise = [{i: torch.randn(3, FRAMES["video"], h, w, generator=g) for i, (_, _, w, h) in enumerate(s["erase"]) if w and s["modality"] == "video"}
             for s in steps]
    for i, step in enumerate(noise):
        out.update({f"noise.{i}.{sample}": z for sample, z in step.items()})
    about = {"labels": json.dumps({k: v[1] for k, v in data.items()}), "steps": json.dumps(steps)}
    save("joint_draws.safetensors", out, about)
    for idle_steps in (False, True):
        state, losses = train(idle_steps, data, steps, noise)
        names = ("patch_embed.proj.weight", "blocks.2.moe_layer.experts.3.fc2.weight", "blocks.1.moe_layer.router.topkroute_linear.weight",
                 "blocks.1.moe_layer.router.noise_linear.weight", "head.image.weight", "head.video.weight", "head.video.bias")
        save(f"joint_{'idle' if idle_steps else 'left'}.safetensors", {"losses": losses, **{"final." + n: state[n] for n in names}})


if __name__ == "__main__":
    main()
