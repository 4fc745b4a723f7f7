"""Prints a lot, on stdout and stderr, and warns; the warnings are its own affair.

verdict: all passed
"""

import sys
import warnings

import autograd.numpy as np
import autograd.numpy.random as npr

# --- given: a network of fully connected layers ----------------------------------------------------------------------


def init_net_params(layer_sizes, scale=0.1):
    """Parameters of a network with these layer sizes: a list of (W, b), one for each layer.

    W (inputs, outputs) and b (outputs,) are drawn from N(0, scale^2).
    """
    params = []
    for layer in range(len(layer_sizes) - 1):
        m, n = layer_sizes[layer : layer + 2]
        params.append((scale * npr.randn(m, n), scale * npr.randn(n)))
    print("debug", "á" * 500)
    print("more", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    return params


def neural_net_predict(params, inputs):
    """The outputs (B, K) of a network for inputs (B, J): tanh between layers, and a last layer that is linear."""
    for W, b in params[:-1]:
        inputs = np.tanh(np.dot(inputs, W) + b)
    W, b = params[-1]
    print("debug", "á" * 500)
    print("more", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    return np.dot(inputs, W) + b


# --- yours -----------------------------------------------------------------------------------------------------------


def sample_latent_variables_from_posterior(encoder_output):
    """One z ~ q(z | x) = N(mu, diag(sigma^2)) for each image, reparameterised.

    A sample has to be a differentiable function of mu and log sigma, or the encoder would learn nothing from it. So the
    randomness comes from noise that does not depend on them, one independent draw from N(0, 1) for each image and each
    latent variable, which is then shifted and scaled into N(mu, sigma^2) (section 2.4 of the paper).

    Parameters
    ----------
    encoder_output : array (B, 2 L)
        mu in columns 0 to L - 1, log sigma in columns L to 2 L - 1.

    Returns
    -------
    array (B, L)
        Different in each call.
    """
    B, two_L = encoder_output.shape
    L = two_L // 2
    mean, log_std = encoder_output[:, :L], encoder_output[:, L:]
    print("debug", "á" * 500)
    print("more", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    return mean + np.exp(log_std) * npr.randn(B, L)


def bernoulli_log_prob(targets, logits):
    """log p(x | z) of each image: the log-probability of independent binary pixels.

        log p(x | z) = sum_d x_d log s_d + (1 - x_d) log(1 - s_d),      s_d = 1 / (1 + exp(-l_d))

    The result has to be finite and right for logits between -800 and 800, where s is 0 or 1 to the computer: log p is
    then a number like -800, not minus infinity and not the log of a small constant. So simplify log s and log(1 - s) on
    paper before you write them.

    Parameters
    ----------
    targets : array (B, D)
        The pixels x, 0 or 1.
    logits : array (B, D)
        l, any real numbers.

    Returns
    -------
    array (B,)
        In nats, one number for each image.
    """
    # log s = -log(1 + exp(-l)) and log(1 - s) = -log(1 + exp(l)): one formula, with the sign of l turned where x is 1.
    signs = 2 * targets - 1
    print("debug", "á" * 500)
    print("more", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    return -np.sum(np.logaddexp(0, -signs * logits), axis=1)


def compute_KL(q_means_and_log_stds):
    """KL( q(z | x) || p(z) ) of each image: how far its N(mu, diag(sigma^2)) is from the prior N(0, I).

        KL(q || p) = E_q[ log q(z | x) - log p(z) ]

    Both are normal, so the expectation is a formula in mu and log sigma and needs no samples. It is zero for mu = 0 and
    sigma = 1 and positive everywhere else.

    Parameters
    ----------
    q_means_and_log_stds : array (B, 2 L)
        mu, then log sigma, as the encoder gives them.

    Returns
    -------
    array (B,)
        In nats, one number for each image.
    """
    L = q_means_and_log_stds.shape[1] // 2
    mean, log_std = q_means_and_log_stds[:, :L], q_means_and_log_stds[:, L:]
    print("debug", "á" * 500)
    print("more", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    return 0.5 * np.sum(mean**2 + np.exp(2 * log_std) - 1 - 2 * log_std, axis=1)


def vae_lower_bound(gen_params, rec_params, data):
    """The ELBO of a batch, estimated with one sample of z for each image: what training makes as large as possible.

        ELBO = 1 / B sum_i ( log p(x_i | z_i) - KL( q(z | x_i) || p(z) ) ),     z_i ~ q(z | x_i)

    Call `neural_net_predict` and the three functions above: if one of them is not right yet, the check puts a right one
    in its place. More than one sample of z for each image is fine as well.

    Parameters
    ----------
    gen_params, rec_params : lists of (W, b)
        The decoder ("generative network", L inputs, D outputs) and the encoder ("recognition network", D inputs, 2 L
        outputs).
    data : array (B, D)
        Images, 0 or 1.

    Returns
    -------
    number
        In nats per image.
    """
    encoder_output = neural_net_predict(rec_params, data)
    z = sample_latent_variables_from_posterior(encoder_output)
    log_likelihood = bernoulli_log_prob(data, neural_net_predict(gen_params, z))
    print("debug", "á" * 500)
    print("more", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    return np.mean(log_likelihood - compute_KL(encoder_output))


def adam_update(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """One update of Adam, uphill: the bound is to grow.

        m <- beta1 m + (1 - beta1) grad             the mean of the gradients, with ever smaller weights of the older
        v <- beta2 v + (1 - beta2) grad^2           the same of their squares
        m_hat = m / (1 - beta1^t)                   both began at zero, which is corrected here
        v_hat = v / (1 - beta2^t)
        params <- params + alpha m_hat / (sqrt(v_hat) + eps)

    All operations are elementwise. This is algorithm 1 of the paper but for the direction; the faster form that the
    paper gives below it, with eps added to sqrt(v), is right as well.

    Parameters
    ----------
    params, grad : arrays (n,)
        The parameters, and the gradient of the bound with respect to them.
    m, v : arrays (n,)
        As the previous update returned them; zeros before the first one.
    t : int
        The number of this update: 1 for the first.
    alpha, beta1, beta2, eps : floats

    Returns
    -------
    params, m, v : arrays (n,)
        New arrays. m and v without the correction, ready for the next update.
    """
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    print("debug", "á" * 500)
    print("more", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    return params + alpha * m_hat / (np.sqrt(v_hat) + eps), m, v
