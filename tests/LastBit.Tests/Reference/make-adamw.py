"""Writes adamw.npz: torch.optim.AdamW on given gradients (Debian's python3-torch 1.13, CPU, one tensor at a time).

  w0, gradients [step][n]      where it begins, and the gradients of 7 steps: small, large, zero and subnormal ones among them
  w, w64 [step][n]             the weights after each step, computed in float32 and in float64
  m, v, m64, v64               the moments after the last step
Learning rate 0.01, weight decay 0.1; b1 = 0.9, b2 = 0.999 and e = 1e-8 are PyTorch's own.
"""
import numpy as np, torch

torch.manual_seed(5)
torch.set_num_threads(1)
N, STEPS = 1003, 7
w0 = torch.randn(N)
gradients = torch.randn(STEPS, N) * torch.logspace(-6, 3, N)
gradients[:, 100:110] = 0
gradients[2:4, 200:210] = 0
gradients[:, 300:310] = 1e-40
save = {"w0": w0.numpy(), "gradients": gradients.numpy()}
for dtype, suffix in ((torch.float32, ""), (torch.float64, "64")):
    w = torch.nn.Parameter(w0.to(dtype).clone())
    optimizer = torch.optim.AdamW([w], lr=0.01, weight_decay=0.1, foreach=False)
    states = []
    for step in range(STEPS):
        w.grad = gradients[step].to(dtype)
        optimizer.step()
        states.append(w.detach().numpy().copy())
    save["w" + suffix] = np.stack(states)
    save["m" + suffix] = optimizer.state[w]["exp_avg"].numpy()
    save["v" + suffix] = optimizer.state[w]["exp_avg_sq"].numpy()
np.savez_compressed("adamw.npz", **save)
