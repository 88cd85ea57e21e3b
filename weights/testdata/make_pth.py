"""Writes small PyTorch checkpoints in both forms, and what is in them; run with PyTorch 1.13 in this folder."""
import argparse, json
import numpy, torch

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
optimizer = torch.optim.AdamW(model.parameters())
model(torch.randn(2, 3)).sum().backward()
optimizer.step()
base = torch.arange(12.0)
state = model.state_dict()
state.update({
    "transposed": base.reshape(3, 4).t(), "view": base[4:8], "strided": base.reshape(3, 4)[:, 1::2], "shared": base,
    "half": torch.tensor([1.5, -2, 6e-8, 65504]).half(), "bfloat16": torch.tensor([1.5, -2]).bfloat16(),
    "double": torch.tensor([0.1], dtype=torch.float64), "int64": torch.tensor([[5, -6]]), "int32": torch.tensor([7], dtype=torch.int32),
    "int16": torch.tensor([-8], dtype=torch.int16), "int8": torch.tensor([-9], dtype=torch.int8), "uint8": torch.tensor([200], dtype=torch.uint8),
    "bool": torch.tensor([True, False]), "scalar": torch.tensor(3.25), "empty": torch.zeros(0, 3), "parameter": torch.nn.Parameter(torch.ones(2)),
})
whole = {"model": state, "optimizer": optimizer.state_dict(), "epoch": 3, "loss": 0.25, "best": numpy.float64(0.5), "scaler": {"scale": 65536.0, "none": None, "list": [1, 2.5, True]},
         "args": argparse.Namespace(lr=4e-5, name="x" * 300, big=2 ** 70)}
torch.save(whole, "zip.pth")
torch.save(whole, "legacy.pth", _use_new_zipfile_serialization=False)
torch.save(state, "plain.pth")
torch.save({"module": state}, "protocol4.pth", pickle_protocol=4)
torch.save({"epoch": 3, "loss": 0.25}, "no_tensors.pth")
torch.save(base, "tensor.pth")
json.dump({k: {"shape": list(v.shape), "values": v.double().reshape(-1).tolist()} for k, v in state.items()}, open("expected.json", "w"))
