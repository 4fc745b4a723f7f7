"""Imágenes de un autocodificador variacional: generadas, reconstruidas, interpoladas.

Un VAE entrenado son dos redes. El decodificador lleva un punto latente z (L números) a los logits de D píxeles, y el
codificador lleva una imagen x a la media y al logaritmo de la desviación típica de q(z | x), 2L números:

    z ~ N(0, I),    p(x_d = 1 | z) = sigmoid(decoder(z)_d)
    encoder(x) = (mean, log_std),    q(z | x) = N(mean, diag(exp(log_std)^2))

Con ellas dibujas las tres figuras que todo el mundo dibuja de un VAE: dígitos que no existen, dígitos junto a lo que
queda de ellos tras pasar por el espacio latente, y dígitos que se convierten unos en otros. Lo que se muestra son
siempre las probabilidades sigmoid(decoder(z)), imágenes en gris, y no ceros y unos muestreados con ellas.

    gen_params    los del decodificador; rec_params, los del codificador: listas de (W, b), un par por capa
    images        (n, D), D = 784 para los dígitos del curso

Las comprobaciones usan redes de todos los tamaños: toma n, D y L de los argumentos. Escribe las funciones en el orden
de este archivo. La primera es aleatoria y se juzga por los z que hay detrás de sus imágenes; las demás tienen una sola
respuesta correcta.

    npgen check vae_images                         todas
    npgen check vae_images.reconstruct_images      una de ellas
    npgen hint vae_images.reconstruct_images       una pista, y luego otra más clara

Fuente: Kingma y Welling, "Auto-encoding variational Bayes", ICLR 2014.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# --- lo que ya tienes ------------------------------------------------------------------------------------------------


def neural_net_predict(params, inputs):
    """La salida (n, d_out) de una red para las entradas (n, d_in).

    params es una lista de (W, b), un par por capa, con W de forma (d_in, d_out). Entre las capas está tanh; la salida
    es lineal.
    """
    for W, b in params[:-1]:
        inputs = np.tanh(np.dot(inputs, W) + b)
    W, b = params[-1]
    return np.dot(inputs, W) + b


def sigmoid(x):
    """1 / (1 + exp(-x)), para x de cualquier forma. Ningún x produce desbordamiento."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


# --- lo que escribes tú ----------------------------------------------------------------------------------------------


def generate_images(gen_params, n_images):
    """Imágenes de puntos del espacio latente muestreados de la distribución a priori.

        z ~ N(0, I),    image = sigmoid(decoder(z))

    El decodificador sabe cuántos números recibe: L es el número de filas de sus primeros pesos.

    Parameters
    ----------
    gen_params : lista de (W, b)
    n_images : int

    Returns
    -------
    array (n_images, D)
        Probabilidades. Cada imagen tiene su propio z, y dos llamadas dan imágenes distintas.
    """
    # BEGIN SOLUTION
    first_weights, _ = gen_params[0]
    z = npr.randn(n_images, first_weights.shape[0])
    return sigmoid(neural_net_predict(gen_params, z))
    # END SOLUTION


def reconstruct_images(gen_params, rec_params, images):
    """Lo que el decodificador obtiene de la media de q(z | x), para cada imagen x.

    El codificador devuelve (n, 2L): L medias y, tras ellas, L logaritmos de desviaciones típicas. No se muestrea nada:
    las mismas imágenes tienen siempre las mismas reconstrucciones.

    Parameters
    ----------
    gen_params, rec_params : listas de (W, b)
    images : array (n, D)

    Returns
    -------
    array (n, D)
        Probabilidades.
    """
    # BEGIN SOLUTION
    means, _ = np.split(neural_net_predict(rec_params, images), 2, axis=1)
    return sigmoid(neural_net_predict(gen_params, means))
    # END SOLUTION


def interpolate_images(gen_params, rec_params, first, second, n_steps):
    """Imágenes del segmento que une, en el espacio latente, cada imagen de `first` con la de `second`.

    El segmento va de una media de q(z | x) a la otra, en n_steps puntos equidistantes. El paso 0 es la reconstrucción
    de la imagen de `first`; el último, la de la imagen de `second`.

    Parameters
    ----------
    gen_params, rec_params : listas de (W, b)
    first, second : arrays (n_pairs, D)
    n_steps : int
        Al menos 2.

    Returns
    -------
    array (n_pairs, n_steps, D)
        Probabilidades.
    """
    # BEGIN SOLUTION
    start, _ = np.split(neural_net_predict(rec_params, first), 2, axis=1)
    end, _ = np.split(neural_net_predict(rec_params, second), 2, axis=1)
    steps = [(1 - t) * start + t * end for t in np.linspace(0, 1, n_steps)]
    return np.stack([sigmoid(neural_net_predict(gen_params, z)) for z in steps], axis=1)
    # END SOLUTION
