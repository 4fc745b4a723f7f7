"""RNADE: NADE para números reales.

La regla de la cadena escribe la densidad de un vector x de D números reales como un producto de D densidades de una
sola dimensión,

    p(x) = prod_d p(x_d | x_1, ..., x_{d-1}),

y una densidad de una dimensión puede ser cualquiera a la que se acerque una mezcla de K gaussianas. Aquí las K tienen
el mismo peso:

    p(x_d | x_<d) = (1 / K) sum_k N(x_d; mu_dk, sigma_dk^2)

    N(x; mu, sigma^2) = exp(-(x - mu)^2 / (2 sigma^2)) / (sigma sqrt(2 pi))

Las medias y las desviaciones típicas salen de una capa oculta de H unidades que solo ve las variables anteriores a d:

    a_d = c + sum_{j<d} x_j W_j        (H,)   la preactivación
    h_d = sigmoid(rho_d a_d)           (H,)   la capa oculta
    o_d = h_d V_d + b_d                (2K,)  K medias, y después K logaritmos de desviaciones típicas

W_j es la fila j de W, y V_d = V[d] es una matriz (H, 2K). Cuantos más sumandos tiene a_d, mayor es; el número rho_d da
a cada capa oculta su propia escala. Como en NADE, para pasar de a_d a a_{d+1} basta sumar un término, así que x cuesta
O(D H K) operaciones y no O(D^2 H). A tus funciones se les exige ese coste: se cuentan las operaciones que hacen, para
dos valores de D. Cuando tu docente califica tu archivo (`npgen grade`), además se mide el tiempo con vectores de hasta
16 000 variables.

    W  (D, H)     c  (H,)     rho  (D,)     V  (D, H, 2K)     b  (D, 2K)     x  (B, D), números reales

Una densidad puede ser mayor que 1, y su logaritmo mayor que 0. Lejos de todas las medias es tan pequeña que el
ordenador la toma por 0; aun así, su logaritmo es un número corriente, y es ese logaritmo lo que calculas.

Escribe las funciones en el orden de este archivo. Se comprueban una a una: sus valores, sus gradientes (en las tres
primeras) y su coste (en las dos de en medio):

    npgen check rnade                          todas
    npgen check rnade.mixture_log_density      una de ellas
    npgen hint rnade.mixture_log_density       una pista, y luego otra más clara

Usa `np` y `npr` tal como se importan aquí, para que autograd pueda derivar lo que escribas.

Fuente: Uria, Murray y Larochelle, "RNADE: the real-valued neural autoregressive density-estimator", NIPS 2013. Allí
también los pesos de las mezclas se calculan a partir de las capas ocultas.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# --- lo que ya tienes ------------------------------------------------------------------------------------------------


def sigmoid(x):
    """1 / (1 + exp(-x)), para x de cualquier forma. Ningún x produce desbordamiento."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


# --- lo que escribes tú ----------------------------------------------------------------------------------------------


def mixture_log_density(x, means, log_stds):
    """La log-densidad de B números, cada uno con su propia mezcla de K gaussianas, todas de peso 1 / K.

        log p(x) = log (1 / K) sum_k exp(t_k),     t_k = -(x - mu_k)^2 / (2 sigma_k^2) - log sigma_k - log(2 pi) / 2

    El valor tiene que ser correcto también a mil desviaciones típicas de todas las medias, donde cada exp(t_k) es 0 con
    la precisión de la máquina, y para log sigma de -30 a 30.

    Parameters
    ----------
    x : array (B,)
    means : array (B, K)
    log_stds : array (B, K)
        log sigma: logaritmos de desviaciones típicas, no de varianzas.

    Returns
    -------
    array (B,)
        En nats.
    """
    # BEGIN SOLUTION
    z = (x[:, None] - means) * np.exp(-log_stds)
    terms = -0.5 * z**2 - log_stds - 0.5 * np.log(2 * np.pi)
    largest = np.max(terms, axis=1)
    return largest + np.log(np.mean(np.exp(terms - largest[:, None]), axis=1))
    # END SOLUTION


def rnade_conditionals(W, c, rho, V, b, x):
    """Las K medias y los K logaritmos de desviaciones típicas de cada una de las D condicionales de cada x.

        o_d = sigmoid(rho_d (c + sum_{j<d} x_j W_j)) V_d + b_d

    La suma de la primera variable está vacía. No modifiques ningún argumento.

    Parameters
    ----------
    W : array (D, H)
    c : array (H,)
    rho : array (D,)
    V : array (D, H, 2K)
    b : array (D, 2K)
    x : array (B, D)

    Returns
    -------
    array (B, D, 2K)
        o_d del ejemplo i en [i, d], en O(B D H K) operaciones.
    """
    # BEGIN SOLUTION
    n_examples, n_variables = x.shape
    a = np.tile(c, (n_examples, 1))
    outputs = []
    for d in range(n_variables):
        outputs.append(np.dot(sigmoid(rho[d] * a), V[d]) + b[d])
        a = a + np.outer(x[:, d], W[d])
    return np.stack(outputs, axis=1)
    # END SOLUTION


def rnade_log_likelihood(W, c, rho, V, b, x):
    """La log-densidad de cada x, en nats: log p(x) = sum_d log p(x_d | x_<d).

    Parameters
    ----------
    W, c, rho, V, b, x : como en `rnade_conditionals`

    Returns
    -------
    array (B,)
        Un número por ejemplo, en O(B D H K) operaciones.
    """
    # BEGIN SOLUTION
    outputs = rnade_conditionals(W, c, rho, V, b, x)
    n_components = b.shape[1] // 2
    means, log_stds = outputs[:, :, :n_components], outputs[:, :, n_components:]
    terms = [mixture_log_density(x[:, d], means[:, d], log_stds[:, d]) for d in range(len(b))]
    return np.sum(np.stack(terms), axis=0)
    # END SOLUTION


def mixture_sample(means, log_stds):
    """Un número de cada una de B mezclas de K gaussianas, todas de peso 1 / K.

    Primero se sortea una de las K componentes y después se muestrea un número de esa gaussiana. Cada uno de los B
    números necesita sus propios sorteos, y dos llamadas dan números distintos.

    Parameters
    ----------
    means, log_stds : arrays (B, K), medias y log sigma (de las desviaciones típicas)

    Returns
    -------
    array (B,)
    """
    # BEGIN SOLUTION
    n_examples, n_components = means.shape
    chosen = npr.randint(0, n_components, n_examples)
    rows = np.arange(n_examples)
    return means[rows, chosen] + np.exp(log_stds[rows, chosen]) * npr.randn(n_examples)
    # END SOLUTION
