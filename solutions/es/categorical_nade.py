"""NADE categórica: píxeles de K niveles de gris en lugar de dos.

La regla de la cadena escribe la probabilidad de una imagen x de D píxeles, cada uno de ellos uno de los números
0, ..., K - 1, como un producto de D condicionales,

    p(x) = prod_d p(x_d | x_1, ..., x_{d-1}),        p(x_d = k | x_<d) = softmax(l_d)_k = exp(l_dk) / sum_j exp(l_dj),

y los K logits de cada una salen de una capa oculta de H unidades que solo ve los píxeles anteriores a d:

    a_d = c + sum_{j<d} W_j e(x_j)     (H,)   la preactivación
    h_d = sigmoid(a_d)                 (H,)   la capa oculta
    l_d = V_d h_d + b_d                (K,)   los logits

e(k) es el vector one-hot de k: K números, todos 0 salvo el número k, que es 1. Un nivel de gris es aquí un nombre, no
una cantidad: el nivel 6 no es el doble del nivel 3. Una matriz por un vector one-hot es una columna de la matriz, y
esas columnas las guardamos como las filas de W[d], de modo que

    W_d e(x_d) = W[d, x_d].

Para pasar de a_d a a_{d+1} basta una de esas filas. Una imagen cuesta O(D H) operaciones en las capas ocultas y
O(D K H) en las softmax; calcular de nuevo cada suma costaría O(D^2 H). A tus funciones se les exige ese coste: se
cuentan las operaciones que hacen, para dos valores de D. Cuando tu docente califica tu archivo (`npgen grade`), además
se mide el tiempo con imágenes de hasta 16 000 píxeles.

    W, V  (D, K, H)     c  (H,)        b  (D, K)      x  (B, D), enteros de 0 a K - 1

Escribe las funciones en el orden de este archivo. Se comprueban una a una: sus valores, sus gradientes (en las tres
primeras) y su coste (en las tres últimas):

    npgen check categorical_nade                     todas
    npgen check categorical_nade.log_softmax         una de ellas
    npgen hint categorical_nade.log_softmax          una pista, y luego otra más clara

Usa `np` y `npr` tal como se importan aquí, para que autograd pueda derivar lo que escribas.

Fuente: Uria, Cote, Gregor, Murray y Larochelle, "Neural autoregressive distribution estimation", JMLR 2016, la parte
sobre datos que no son binarios.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# --- lo que ya tienes ------------------------------------------------------------------------------------------------


def sigmoid(x):
    """1 / (1 + exp(-x)), para x de cualquier forma. Ningún x produce desbordamiento."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


# --- lo que escribes tú ----------------------------------------------------------------------------------------------


def log_softmax(logits):
    """Los logaritmos de las K probabilidades que corresponden a K logits, a lo largo del último eje.

        log softmax(l)_k = l_k - log sum_j exp(l_j)

    exp(800) es infinito, y exp(-800) es 0, cuyo logaritmo no es finito. El resultado tiene que ser correcto también con
    esos logits: sumar un mismo número a los K no cambia nada, así que puedes elegir qué exponenciales se calculan.

    Parameters
    ----------
    logits : array (..., K)
        Uno, dos o tres ejes. Números reales de cualquier tamaño.

    Returns
    -------
    array (..., K)
        Números que son como mucho 0. Las exponenciales de cada K de ellos suman 1.
    """
    # BEGIN SOLUTION
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    # END SOLUTION


def categorical_nade_logits(W, c, V, b, x):
    """Los K logits de cada una de las D condicionales de cada imagen.

        l_d = V_d sigmoid(c + sum_{j<d} W[j, x_j]) + b_d

    La suma del primer píxel está vacía. No modifiques ningún argumento.

    Parameters
    ----------
    W, V : arrays (D, K, H)
        W[d, k] es lo que x_d = k suma a la preactivación; V[d, k], los pesos del nivel k en la condicional de x_d.
    c : array (H,)
    b : array (D, K)
    x : array de enteros (B, D), de 0 a K - 1

    Returns
    -------
    array (B, D, K)
        l_dk de la imagen i en [i, d, k], en O(B D K H) operaciones.
    """
    # BEGIN SOLUTION
    n_images, n_pixels = x.shape
    a = np.tile(c, (n_images, 1))
    logits = []
    for d in range(n_pixels):
        logits.append(np.dot(sigmoid(a), V[d].T) + b[d])
        a = a + W[d, x[:, d]]
    return np.stack(logits, axis=1)
    # END SOLUTION


def categorical_nade_log_likelihood(W, c, V, b, x):
    """La log-probabilidad de cada imagen, en nats.

        log p(x) = sum_d log softmax(l_d)_{x_d}

    El valor tiene que ser correcto también para logits de -1000 y 1000.

    Parameters
    ----------
    W, c, V, b, x : como en `categorical_nade_logits`

    Returns
    -------
    array (B,)
        Un número por imagen, como mucho 0, en O(B D K H) operaciones.
    """
    # BEGIN SOLUTION
    log_probs = log_softmax(categorical_nade_logits(W, c, V, b, x))
    one_hot = x[:, :, None] == np.arange(b.shape[1])
    return np.sum(np.where(one_hot, log_probs, 0.0), axis=(1, 2))
    # END SOLUTION


def categorical_nade_sample(W, c, V, b, n_samples):
    """Imágenes muestreadas del modelo, píxel a píxel.

    x_1 se muestrea de p(x_1), x_2 de p(x_2 | x_1), y así sucesivamente; cada píxel de cada imagen se muestrea por
    separado. Dos llamadas dan imágenes distintas.

    Parameters
    ----------
    W, c, V, b : como en `categorical_nade_logits`
    n_samples : int

    Returns
    -------
    array (n_samples, D)
        Enteros de 0 a K - 1, en O(n_samples D K H) operaciones.
    """
    # BEGIN SOLUTION
    a = np.tile(c, (n_samples, 1))
    pixels = []
    for d in range(len(b)):
        probs = np.exp(log_softmax(np.dot(sigmoid(a), V[d].T) + b[d]))
        below = np.cumsum(probs, axis=1)[:, :-1]  # (n_samples, K - 1): donde acaba un nivel y empieza el siguiente
        pixels.append(np.sum(npr.rand(n_samples, 1) > below, axis=1))
        a = a + W[d, pixels[d]]
    return np.stack(pixels, axis=1)
    # END SOLUTION
