"""The cases in PyTorch, eager, as the course writes them."""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

torch.set_num_threads(2)


def tensors(*arrays, requires_grad=False):
    return [torch.tensor(array, requires_grad=requires_grad) for array in arrays]


def nade_logits(x, W, c, V, b):
    a = c.expand(len(x), -1)
    columns = []
    for d in range(len(b)):
        columns.append(torch.sigmoid(a) @ V[d] + b[d])
        a = a + torch.outer(x[:, d], W[d])
    return torch.stack(columns, dim=1)


def nade_gradient(x, W, c, V, b):
    (x,), params = tensors(x), tensors(W, c, V, b, requires_grad=True)

    def step():
        for parameter in params:
            parameter.grad = None
        loss = binary_cross_entropy_with_logits(nade_logits(x, *params), x, reduction="sum") / len(x)
        loss.backward()

    return step


@torch.no_grad()
def ancestral(n_samples, W, c, V, b):
    a = c.expand(n_samples, -1)
    columns = []
    for d in range(len(b)):
        x = torch.bernoulli(torch.sigmoid(torch.sigmoid(a) @ V[d] + b[d]))
        columns.append(x)
        a = a + torch.outer(x, W[d])
    return torch.stack(columns, dim=1)


def nade_sampling(n_samples, *params):
    params = tensors(*params)
    return lambda: ancestral(n_samples, *params)


@torch.no_grad()
def one_image_by_full_passes(W, c, V, b):
    """The course report's sampler: the whole network once for each pixel, of which it uses one output."""
    x = torch.zeros(1, len(b))
    for d in range(len(b)):
        x[:, d] = torch.bernoulli(torch.sigmoid(nade_logits(x, W, c, V, b)[:, d]))
    return x


def nade_sampling_full_passes(n_samples, *params):
    params = tensors(*params)
    return lambda: one_image_by_full_passes(*params)


def vae_step(x, encoder, decoder):
    (x,) = tensors(x)
    encoder = [tensors(*layer, requires_grad=True) for layer in encoder]
    decoder = [tensors(*layer, requires_grad=True) for layer in decoder]
    optimiser = torch.optim.Adam([parameter for layer in encoder + decoder for parameter in layer], 1e-3)

    def predict(layers, inputs):
        for W, b in layers[:-1]:
            inputs = torch.relu(torch.addmm(b, inputs, W))
        return torch.addmm(layers[-1][1], inputs, layers[-1][0])

    def step():
        mean, log_std = predict(encoder, x).chunk(2, dim=1)
        z = mean + torch.exp(log_std) * torch.randn_like(mean)
        cross_entropy = binary_cross_entropy_with_logits(predict(decoder, z), x, reduction="sum")
        kl = torch.sum(0.5 * (mean**2 + torch.exp(2 * log_std) - 1) - log_std)
        loss = (cross_entropy + kl) / len(x)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step
