"""Writes all eigenvalues of the whole Hessian of small networks' mean loss, computed by PyTorch in float64 and NumPy's eigvalsh,
and the largest by SciPy's eigsh from products alone (Debian's python3-torch, python3-numpy, python3-scipy).

Usage: make-eigenvalues.py OUT.npz

Arrays, for PREFIX in convolutional (convolution, batch normalisation, Swish, average, linear; cross-entropy), connected (linear, tanh, linear; half the squared
distance), relu (linear, ReLU, linear; cross-entropy), dead (the same with half the squared distance and no unit that is ever active), saturated (tanh with large
weights; cross-entropy) and normalised (convolution, batch normalisation, ReLU, average, linear; half the squared distance):
  PREFIX/x, PREFIX/y           images NCHW and labels
  PREFIX/w/NAME                the parameters, float32
  PREFIX/loss                  the mean loss
  PREFIX/eigvalsh              all eigenvalues of the Hessian, ascending
  PREFIX/eigsh                 the four algebraically largest, ascending
"""
import sys, numpy as np, torch, torch.nn.functional as F
from scipy.sparse.linalg import LinearOperator, eigsh

def squared(z, y):
    return 0.5 * (z - F.one_hot(y, z.shape[1]).double()).square().sum(1).mean()

def convolutional(act, loss):
    def of(w, x, y):
        z = F.conv2d(x, w["conv.weight"], padding=1)
        z = act(F.batch_norm(z, None, None, w["bn.weight"], w["bn.bias"], training=True))
        return loss(F.linear(z.mean((2, 3)), w["fc.weight"], w["fc.bias"]), y)
    return of, {"conv.weight": (16, 3, 3, 3), "bn.weight": (16,), "bn.bias": (16,), "fc.weight": (3, 16), "fc.bias": (3,)}

def connected(act, loss, classes=3):
    def of(w, x, y):
        z = act(F.linear(x.flatten(1), w["fc1.weight"], w["fc1.bias"]))
        return loss(F.linear(z, w["fc2.weight"], w["fc2.bias"]), y)
    return of, {"fc1.weight": (9, 48), "fc1.bias": (9,), "fc2.weight": (classes, 9), "fc2.bias": (classes,)}

def main():
    torch.manual_seed(5); torch.set_num_threads(1)
    shapes = {
        "convolutional": convolutional(lambda z: z * torch.sigmoid(5 * z), F.cross_entropy),
        "connected": connected(torch.tanh, squared),
        "relu": connected(F.relu, F.cross_entropy),
        "dead": connected(F.relu, squared, classes=10),
        "saturated": connected(torch.tanh, F.cross_entropy),
        "normalised": convolutional(F.relu, squared),
    }
    save = {}
    for prefix, (loss_of, tensors) in shapes.items():
        x, y = torch.randn(12, 3, 4, 4), torch.arange(12) % 3
        flat = {name: torch.randn(shape) * 0.4 + (1 if name == "bn.weight" else 0) for name, shape in tensors.items()}
        if prefix == "dead":
            flat["fc1.bias"] -= 100
        if prefix == "saturated":
            flat["fc1.weight"] *= 4
        leaves = {name: value.double().requires_grad_() for name, value in flat.items()}
        parameters = list(leaves.values())
        loss = loss_of(leaves, x.double(), y)
        gradient = torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters, create_graph=True)])
        def product(v):
            pieces = torch.autograd.grad(gradient @ torch.from_numpy(np.ascontiguousarray(v).reshape(-1)), parameters, retain_graph=True)
            return torch.cat([p.flatten() for p in pieces]).numpy()
        n = gradient.numel()
        hessian = np.stack([product(row) for row in np.eye(n)])
        values = np.linalg.eigvalsh((hessian + hessian.T) / 2)
        largest = np.sort(eigsh(LinearOperator((n, n), matvec=product, dtype=np.float64), k=4, which="LA", v0=np.ones(n), tol=1e-10)[0])
        print(prefix, n, np.abs(hessian - hessian.T).max(), values[-4:], largest, values[0])
        save.update({f"{prefix}/w/{name}": value.numpy() for name, value in flat.items()})
        save.update({f"{prefix}/x": x.numpy(), f"{prefix}/y": y.numpy().astype(np.int32), f"{prefix}/loss": np.float64(loss.item()),
                     f"{prefix}/eigvalsh": values, f"{prefix}/eigsh": largest})
    np.savez_compressed(sys.argv[1], **save)

if __name__ == "__main__":
    main()
