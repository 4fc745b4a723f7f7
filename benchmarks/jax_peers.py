"""The cases in JAX, jitted."""

import jax
import jax.numpy as jnp
import numpy as np


def log_prob(x, logits):
    return jnp.sum(x * logits - jax.nn.softplus(logits), axis=1)


def nade_gradient(x, *params):
    x, params = jnp.array(x), [jnp.array(parameter) for parameter in params]

    @jax.jit
    @jax.value_and_grad
    def gradient_of(params):
        W, c, V, b = params

        def pixel(a, inputs):
            x_d, W_d, V_d, b_d = inputs
            return a + jnp.outer(x_d, W_d), jax.nn.sigmoid(a) @ V_d + b_d

        _, logits = jax.lax.scan(pixel, jnp.tile(c, (len(x), 1)), (x.T, W, V, b))
        return -jnp.mean(log_prob(x, logits.T))

    return lambda: jax.block_until_ready(gradient_of(params))


def vae_step(x, encoder, decoder):
    x = jnp.array(x)
    params = jax.tree.map(jnp.array, (encoder, decoder))
    zeros = jax.tree.map(jnp.zeros_like, params)

    def predict(layers, inputs):
        for W, b in layers[:-1]:
            inputs = jax.nn.relu(inputs @ W + b)
        return inputs @ layers[-1][0] + layers[-1][1]

    def loss(params, key):
        encoder, decoder = params
        mean, log_std = jnp.split(predict(encoder, x), 2, axis=1)
        z = mean + jnp.exp(log_std) * jax.random.normal(key, mean.shape)
        kl = jnp.sum(0.5 * (mean**2 + jnp.exp(2 * log_std) - 1) - log_std, axis=1)
        return -jnp.mean(log_prob(x, predict(decoder, z)) - kl)

    @jax.jit
    def update(params, m, v, t, key):
        key, noise = jax.random.split(key)
        gradient = jax.grad(loss)(params, noise)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
        moved = jax.tree.map(
            lambda p, m, v: p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), params, m, v
        )
        return moved, m, v, t, key

    state = [params, zeros, zeros, np.float32(0), jax.random.key(0)]

    def step():
        state[:] = update(*state)
        jax.block_until_ready(state[0])

    return step
