"""Entrena un autocodificador variacional: cinco funciones, del ruido al optimizador.

El modelo de una imagen binaria x de D píxeles tiene una causa oculta z de L números,

    p(z)     = N(0, I)
    p(x | z) = prod_d Bernoulli(x_d; sigmoid(l_d)),     l = decoder(z)

y p(x), la integral de p(x | z) p(z) respecto de z, no tiene forma cerrada. Por eso una segunda red propone, para cada
imagen, los valores de z que pueden haberla causado,

    q(z | x) = N(mu, diag(sigma^2)),                    (mu, log sigma) = encoder(x)

y las dos redes se entrenan juntas para hacer crecer una cota inferior de log p(x), la ELBO:

    log p(x) >= E_q[ log p(x | z) ] - KL( q(z | x) || p(z) )

Fuente: Kingma y Welling 2014, "Auto-Encoding Variational Bayes"; el optimizador es el de Kingma y Ba 2015, "Adam: A
Method for Stochastic Optimization". Un convenio no es el del primer artículo: aquí el codificador da log sigma, el
logaritmo de la *desviación típica*, y allí da el de la varianza.

Formas: B imágenes en un lote, D píxeles, L variables latentes. encoder_output (B, 2 L) tiene las L medias en sus
primeras columnas y los L logaritmos de las desviaciones típicas en las últimas. Los tamaños se leen de los arrays: cada
función tiene que servir para cualquier tamaño.

Escribe las funciones en el orden del archivo; cada una se comprueba por separado, así que una posterior no tiene que
esperar a las anteriores. Qué se comprueba: valores y formas para lotes de varios tamaños, entre ellos el de una sola
imagen; números muy alejados de cero; que autograd obtiene el gradiente correcto a través de tus funciones, y por eso el
`np` de abajo es el de autograd; que los argumentos quedan como estaban; y, donde hay ruido, su distribución.

    npgen check vae                        las cinco
    npgen check vae.compute_KL             una de ellas
    npgen hint vae.compute_KL              la siguiente pista, si te atascas
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# --- lo que ya tienes: una red de capas totalmente conectadas --------------------------------------------------------


def init_net_params(layer_sizes, scale=0.1):
    """Los parámetros de una red con estos tamaños de capa: una lista de (W, b), un par por capa.

    W (entradas, salidas) y b (salidas,) se muestrean de N(0, scale^2).
    """
    params = []
    for layer in range(len(layer_sizes) - 1):
        m, n = layer_sizes[layer : layer + 2]
        params.append((scale * npr.randn(m, n), scale * npr.randn(n)))
    return params


def neural_net_predict(params, inputs):
    """Las salidas (B, K) de una red para las entradas (B, J): tanh entre capas, y la última capa, lineal."""
    for W, b in params[:-1]:
        inputs = np.tanh(np.dot(inputs, W) + b)
    W, b = params[-1]
    return np.dot(inputs, W) + b


# --- lo que escribes tú ----------------------------------------------------------------------------------------------


def sample_latent_variables_from_posterior(encoder_output):
    """Un z ~ q(z | x) = N(mu, diag(sigma^2)) por imagen, reparametrizado.

    Una muestra tiene que ser una función derivable de mu y de log sigma; si no, el codificador no aprendería nada de
    ella. Por eso el azar viene de un ruido que no depende de ellos, un valor independiente de N(0, 1) para cada imagen
    y cada variable latente, que después se escala y se desplaza para que siga N(mu, sigma^2) (sección 2.4 del
    artículo).

    Parameters
    ----------
    encoder_output : array (B, 2 L)
        mu en las columnas de 0 a L - 1, log sigma en las columnas de L a 2 L - 1.

    Returns
    -------
    array (B, L)
        Distinto en cada llamada.
    """
    # BEGIN SOLUTION
    B, two_L = encoder_output.shape
    L = two_L // 2
    mean, log_std = encoder_output[:, :L], encoder_output[:, L:]
    return mean + np.exp(log_std) * npr.randn(B, L)
    # END SOLUTION


def bernoulli_log_prob(targets, logits):
    """log p(x | z) de cada imagen: la log-probabilidad de unos píxeles binarios independientes.

        log p(x | z) = sum_d x_d log s_d + (1 - x_d) log(1 - s_d),      s_d = 1 / (1 + exp(-l_d))

    El resultado tiene que ser finito y correcto para logits entre -800 y 800, donde s es 0 o 1 para el ordenador: log p
    es entonces un número como -800, no menos infinito ni el logaritmo de una constante pequeña. Así que simplifica
    log s y log(1 - s) en papel antes de escribirlos.

    Parameters
    ----------
    targets : array (B, D)
        Los píxeles x, 0 o 1.
    logits : array (B, D)
        l, números reales cualesquiera.

    Returns
    -------
    array (B,)
        En nats, un número por imagen.
    """
    # BEGIN SOLUTION
    # log s = -log(1 + exp(-l)) y log(1 - s) = -log(1 + exp(l)): una sola fórmula, con el signo de l cambiado si x es 1.
    signs = 2 * targets - 1
    return -np.sum(np.logaddexp(0, -signs * logits), axis=1)
    # END SOLUTION


def compute_KL(q_means_and_log_stds):
    """KL( q(z | x) || p(z) ) de cada imagen: cuánto dista su N(mu, diag(sigma^2)) de la distribución a priori N(0, I).

        KL(q || p) = E_q[ log q(z | x) - log p(z) ]

    Las dos son normales, así que la esperanza es una fórmula en mu y log sigma y no hace falta muestrear. Vale cero
    para mu = 0 y sigma = 1, y es positiva en todos los demás casos.

    Parameters
    ----------
    q_means_and_log_stds : array (B, 2 L)
        mu y después log sigma, como los da el codificador.

    Returns
    -------
    array (B,)
        En nats, un número por imagen.
    """
    # BEGIN SOLUTION
    L = q_means_and_log_stds.shape[1] // 2
    mean, log_std = q_means_and_log_stds[:, :L], q_means_and_log_stds[:, L:]
    return 0.5 * np.sum(mean**2 + np.exp(2 * log_std) - 1 - 2 * log_std, axis=1)
    # END SOLUTION


def vae_lower_bound(gen_params, rec_params, data):
    """La ELBO de un lote, estimada con una muestra de z por imagen: lo que el entrenamiento maximiza.

        ELBO = 1 / B sum_i ( log p(x_i | z_i) - KL( q(z | x_i) || p(z) ) ),     z_i ~ q(z | x_i)

    Llama a `neural_net_predict` y a las tres funciones anteriores: si alguna todavía no es correcta, la comprobación
    pone en su lugar una que sí lo es. También vale usar más de una muestra de z por imagen.

    Parameters
    ----------
    gen_params, rec_params : listas de (W, b)
        El decodificador ("generative network", L entradas, D salidas) y el codificador ("recognition network",
        D entradas, 2 L salidas).
    data : array (B, D)
        Imágenes, 0 o 1.

    Returns
    -------
    número
        En nats por imagen.
    """
    # BEGIN SOLUTION
    encoder_output = neural_net_predict(rec_params, data)
    z = sample_latent_variables_from_posterior(encoder_output)
    log_likelihood = bernoulli_log_prob(data, neural_net_predict(gen_params, z))
    return np.mean(log_likelihood - compute_KL(encoder_output))
    # END SOLUTION


def adam_update(params, grad, m, v, t, alpha=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Una actualización de Adam, cuesta arriba: la cota tiene que crecer.

        m <- beta1 m + (1 - beta1) grad             la media de los gradientes, con menos peso los más antiguos
        v <- beta2 v + (1 - beta2) grad^2           lo mismo, de sus cuadrados
        m_hat = m / (1 - beta1^t)                   las dos empezaron en cero, y aquí se corrige
        v_hat = v / (1 - beta2^t)
        params <- params + alpha m_hat / (sqrt(v_hat) + eps)

    Todas las operaciones son elemento a elemento. Es el algoritmo 1 del artículo, salvo por el sentido; también es
    correcta la forma más rápida que el artículo da debajo, con eps sumado a sqrt(v).

    Parameters
    ----------
    params, grad : arrays (n,)
        Los parámetros, y el gradiente de la cota respecto de ellos.
    m, v : arrays (n,)
        Como los devolvió la actualización anterior; ceros antes de la primera.
    t : int
        El número de esta actualización: 1 en la primera.
    alpha, beta1, beta2, eps : floats

    Returns
    -------
    params, m, v : arrays (n,)
        Arrays nuevos. m y v sin la corrección, listos para la siguiente actualización.
    """
    # BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return params + alpha * m_hat / (np.sqrt(v_hat) + eps), m, v
    # END SOLUTION
