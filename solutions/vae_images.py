"""Images from a variational autoencoder: generated, reconstructed, interpolated.

A trained VAE is two networks. The decoder takes a latent point z (L numbers) to the logits of D pixels, and the encoder
takes an image x to the mean and the logarithm of the standard deviation of q(z | x), 2L numbers:

    z ~ N(0, I),    p(x_d = 1 | z) = sigmoid(decoder(z)_d)
    encoder(x) = (mean, log_std),    q(z | x) = N(mean, diag(exp(log_std)^2))

With them you draw the three figures that everybody draws of a VAE: digits that do not exist, digits beside what is left
of them after the way through the latent space, and digits that turn into one another. What is shown are always the
probabilities sigmoid(decoder(z)), grey images, and not zeros and ones drawn with them.

    gen_params    of the decoder, rec_params of the encoder: lists of (W, b), one for each layer
    images        (n, D), D = 784 for the course's digits

The checks use networks of all sizes: take n, D and L from the arguments. Write the functions in the order of this file.
The first is random and is judged by the z behind its images; the others have one right answer.

    npgen check vae_images                         all of them
    npgen check vae_images.reconstruct_images      one of them
    npgen hint vae_images.reconstruct_images       a hint, then a clearer one

Source: Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# --- given -----------------------------------------------------------------------------------------------------------


def neural_net_predict(params, inputs):
    """The output (n, d_out) of a network for inputs (n, d_in).

    params is a list of (W, b), one for each layer, W of shape (d_in, d_out). Between the layers is tanh; the output is
    linear.
    """
    for W, b in params[:-1]:
        inputs = np.tanh(np.dot(inputs, W) + b)
    W, b = params[-1]
    return np.dot(inputs, W) + b


def sigmoid(x):
    """1 / (1 + exp(-x)), of any shape. No x makes it overflow."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


# --- yours -----------------------------------------------------------------------------------------------------------


def generate_images(gen_params, n_images):
    """Images of points of the latent space that are drawn from the prior.

        z ~ N(0, I),    image = sigmoid(decoder(z))

    The decoder knows how many numbers it takes: L is the number of rows of its first weights.

    Parameters
    ----------
    gen_params : list of (W, b)
    n_images : int

    Returns
    -------
    array (n_images, D)
        Probabilities. Each image has a z of its own, and two calls give different images.
    """
    # BEGIN SOLUTION
    first_weights, _ = gen_params[0]
    z = npr.randn(n_images, first_weights.shape[0])
    return sigmoid(neural_net_predict(gen_params, z))
    # END SOLUTION


def reconstruct_images(gen_params, rec_params, images):
    """What the decoder makes of the mean of q(z | x), for each image x.

    The encoder returns (n, 2L): L means and after them L log standard deviations. Nothing is drawn: the same images
    always have the same reconstructions.

    Parameters
    ----------
    gen_params, rec_params : lists of (W, b)
    images : array (n, D)

    Returns
    -------
    array (n, D)
        Probabilities.
    """
    # BEGIN SOLUTION
    means, _ = np.split(neural_net_predict(rec_params, images), 2, axis=1)
    return sigmoid(neural_net_predict(gen_params, means))
    # END SOLUTION


def interpolate_images(gen_params, rec_params, first, second, n_steps):
    """Images on the straight line, in the latent space, from each image of `first` to that of `second`.

    The line runs between the means of q(z | x), in n_steps points at equal distances. Step 0 is the reconstruction of
    the image of `first`, the last step that of `second`.

    Parameters
    ----------
    gen_params, rec_params : lists of (W, b)
    first, second : arrays (n_pairs, D)
    n_steps : int
        At least 2.

    Returns
    -------
    array (n_pairs, n_steps, D)
        Probabilities.
    """
    # BEGIN SOLUTION
    start, _ = np.split(neural_net_predict(rec_params, first), 2, axis=1)
    end, _ = np.split(neural_net_predict(rec_params, second), 2, axis=1)
    steps = [(1 - t) * start + t * end for t in np.linspace(0, 1, n_steps)]
    return np.stack([sigmoid(neural_net_predict(gen_params, z)) for z in steps], axis=1)
    # END SOLUTION
