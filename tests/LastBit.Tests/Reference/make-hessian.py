"""Writes products with the Hessian of the mean loss computed by PyTorch's double backward (Debian's python3-torch, CPU).

Usage: make-hessian.py NAME.npz OUT.npz      (NAME as make-pytorch.py writes it: resnet8-swish, cnn-elu-mse, ...; its x, y and w0 are used)

Arrays, one a parameter, in PyTorch's layouts:
  v/NAME          a direction of whole numbers from -3 to 3
  hv64/NAME       the product in float64: the yardstick
  error/NAME      how far the same product in float32 is from it: the root of the mean square, and the largest difference
"""
import sys, os, re, copy, runpy, numpy as np, torch, torch.nn.functional as F

def cross_entropy(z, y): return F.cross_entropy(z, y)

def squared_error(z, y): return (z - F.one_hot(y, 10)).pow(2).sum(1).mean() / 2

def product(net, loss, x, y, v):
    parameters = list(net.parameters())
    gradients = torch.autograd.grad(loss(net(x), y), parameters, create_graph=True)
    along = sum((g * d).sum() for g, d in zip(gradients, v))
    return [h.detach() for h in torch.autograd.grad(along, parameters)]

def network(made, name, size):
    resnet = re.fullmatch(r"(pre)?resnet(\d+)-(\w+)", name)
    if resnet:
        pre, depth, activation = resnet.groups()
        act = F.relu if activation == "relu" else (lambda t: t * torch.sigmoid(5 * t))
        return made["PreResNet" if pre else "ResNet"]((int(depth) - 2) // 6, act), cross_entropy
    kind, loss = re.fullmatch(r"(.*)-(mse|cross-entropy)", name).groups()
    return made["network"](kind, size), squared_error if loss == "mse" else cross_entropy

def main():
    source, out = sys.argv[1:]
    made = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "make-pytorch.py"))
    given = np.load(source)
    net, loss = network(made, os.path.basename(source)[:-len(".npz")], given["x"].shape[2])
    net.load_state_dict({name[3:]: torch.from_numpy(given[name]) for name in given.files if name.startswith("w0/")}, strict=False)
    x, y = torch.from_numpy(given["x"]), torch.from_numpy(given["y"]).long()
    torch.manual_seed(3); torch.set_num_threads(1)
    v = [torch.randint(-3, 4, p.shape).float() for p in net.parameters()]
    exact = product(copy.deepcopy(net).double(), loss, x.double(), y, [d.double() for d in v])
    single = product(net, loss, x, y, v)
    save = {}
    for (name, _), d, h64, h in zip(net.named_parameters(), v, exact, single):
        save[f"v/{name}"] = d.numpy().astype(np.float32)
        save[f"hv64/{name}"] = h64.numpy()
        error = (h.double() - h64).abs()
        save[f"error/{name}"] = np.array([error.square().mean().sqrt().item(), error.max().item()])
    np.savez_compressed(out, **save)

if __name__ == "__main__":
    main()
