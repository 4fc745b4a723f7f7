"""NADE, el estimador neuronal autorregresivo de distribuciones, para imágenes binarias.

La regla de la cadena escribe la probabilidad de una imagen x de D píxeles como un producto de D condicionales,

    p(x) = prod_d p(x_d | x_1, ..., x_{d-1}),        p(x_d = 1 | x_<d) = sigmoid(l_d),

y NADE calcula cada logit l_d con una red pequeña de H unidades ocultas que solo ve los píxeles anteriores a d:

    a_d = c + sum_{j<d} x_j W_j        (H,)   la preactivación
    h_d = sigmoid(a_d)                 (H,)   la capa oculta
    l_d = V_d . h_d + b_d                     el logit

W_j y V_d son filas de W y V. Las D redes comparten W, y ese es todo el truco: para pasar de a_d a a_{d+1} basta sumar
un término. Una imagen cuesta O(D H) operaciones en lugar de O(D^2 H), tanto si se evalúa como si se muestrea. A tus
funciones se les exige ese coste: se cuentan las operaciones que hacen, para dos valores de D. Cuando tu docente
califica tu archivo (`npgen grade`), además se mide el tiempo con imágenes de hasta 20 000 píxeles.

    W, V  (D, H)        c  (H,)        b  (D,)        x  (B, D), floats que son 0 o 1

Escribe las funciones en el orden de este archivo. Se comprueban una a una: sus valores, sus gradientes (en las dos
primeras) y su coste:

    npgen check nade                          todas
    npgen check nade.nade_log_likelihood      una de ellas
    npgen hint nade.nade_log_likelihood       una pista, y luego otra más clara

Usa `np` y `npr` tal como se importan aquí, para que autograd pueda derivar lo que escribas.

Fuente: Larochelle y Murray, "The neural autoregressive distribution estimator", AISTATS 2011; Uria, Cote, Gregor,
Murray y Larochelle, "Neural autoregressive distribution estimation", JMLR 2016. Su W es la traspuesta de la nuestra.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# --- lo que ya tienes ------------------------------------------------------------------------------------------------


def sigmoid(x):
    """1 / (1 + exp(-x)), para x de cualquier forma. Ningún x produce desbordamiento."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


# --- lo que escribes tú ----------------------------------------------------------------------------------------------


def nade_logits(W, c, V, b, x):
    """Los logits de las D condicionales de cada imagen.

        l_d = V_d . sigmoid(c + sum_{j<d} x_j W_j) + b_d

    Los logits son números reales de cualquier tamaño. La suma del primer píxel está vacía. No modifiques ningún
    argumento.

    Parameters
    ----------
    W, V : arrays (D, H)
    c : array (H,)
    b : array (D,)
    x : array (B, D), de ceros y unos

    Returns
    -------
    array (B, D)
        l_d de la imagen i en [i, d], en O(B D H) operaciones.
    """
    # BEGIN SOLUTION
    n_images, n_pixels = x.shape
    a = np.tile(c, (n_images, 1))
    logits = []
    for d in range(n_pixels):
        logits.append(np.dot(sigmoid(a), V[d]) + b[d])
        a = a + np.outer(x[:, d], W[d])
    return np.stack(logits, axis=1)
    # END SOLUTION


def nade_log_likelihood(W, c, V, b, x):
    """La log-probabilidad de cada imagen, en nats.

        log p(x) = sum_d [ x_d log s_d + (1 - x_d) log(1 - s_d) ],        s_d = sigmoid(l_d)

    El valor tiene que ser correcto también para logits de -1000 y 1000, donde s_d es 0 o 1 con la precisión de la
    máquina.

    Parameters
    ----------
    W, c, V, b, x : como en `nade_logits`

    Returns
    -------
    array (B,)
        Un número por imagen, como mucho 0, en O(B D H) operaciones.
    """
    # BEGIN SOLUTION
    logits = nade_logits(W, c, V, b, x)
    return -np.sum(np.logaddexp(0, np.where(x == 1, -logits, logits)), axis=1)
    # END SOLUTION


def nade_sample(W, c, V, b, n_samples):
    """Imágenes muestreadas del modelo, píxel a píxel.

    x_1 se muestrea de p(x_1), x_2 de p(x_2 | x_1), y así sucesivamente; cada píxel de cada imagen se muestrea por
    separado. Dos llamadas dan imágenes distintas.

    Parameters
    ----------
    W, c, V, b : como en `nade_logits`
    n_samples : int

    Returns
    -------
    array (n_samples, D)
        Ceros y unos, en O(n_samples D H) operaciones.
    """
    # BEGIN SOLUTION
    a = np.tile(c, (n_samples, 1))
    pixels = []
    for d in range(len(b)):
        p = sigmoid(np.dot(sigmoid(a), V[d]) + b[d])
        pixels.append(1.0 * (npr.rand(n_samples) < p))
        a = a + np.outer(pixels[d], W[d])
    return np.stack(pixels, axis=1)
    # END SOLUTION
