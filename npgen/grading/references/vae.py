"""Our own functions of the exercise on the variational autoencoder, and those that it gives away."""

import autograd.numpy as np
import autograd.numpy.random as npr

from npgen import distributions


def neural_net_predict(params, inputs):
    """The network that the exercise ships."""
    for W, b in params[:-1]:
        inputs = np.tanh(np.dot(inputs, W) + b)
    W, b = params[-1]
    return np.dot(inputs, W) + b


GIVEN = {"neural_net_predict": neural_net_predict}


def halves(means_and_log_stds):
    """(means, log stds), each (B, L)."""
    L = means_and_log_stds.shape[1] // 2
    return means_and_log_stds[:, :L], means_and_log_stds[:, L:]


def sample_latent_variables_from_posterior(encoder_output):
    """The reference: z ~ N(mu, sigma^2), (B, L)."""
    mean, log_std = halves(encoder_output)
    return mean + np.exp(log_std) * npr.randn(*mean.shape)


def compute_KL(q_means_and_log_stds):
    """The reference: KL(q || N(0, I)), (B,)."""
    return distributions.gaussian_kl(*halves(q_means_and_log_stds))


def vae_lower_bound(gen_params, rec_params, data):
    """The reference: the ELBO with one sample, a number."""
    encoder_output = neural_net_predict(rec_params, data)
    logits = neural_net_predict(gen_params, sample_latent_variables_from_posterior(encoder_output))
    return np.mean(distributions.bernoulli_log_prob(data, logits) - compute_KL(encoder_output))


def adam_update(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """The reference: algorithm 1 of Kingma and Ba, uphill."""
    m, v = moments(grad, m, v, beta1, beta2)
    return params + alpha * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def moments(grad, m, v, beta1, beta2):
    """The averages of gradients and of their squares, with this gradient."""
    return beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2
