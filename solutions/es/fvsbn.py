"""FVSBN: una distribución de imágenes binarias; cada píxel es una regresión logística sobre los anteriores.

La regla de la cadena escribe cualquier distribución de x = (x_1, ..., x_D) como un producto de condicionales,

    p(x) = prod_d p(x_d | x_<d),    x_<d = (x_1, ..., x_{d-1}),

pero una tabla de p(x_d | x_<d) tiene 2^(d-1) filas. La FVSBN (fully visible sigmoid belief network, red de creencias
sigmoide totalmente visible) sustituye cada tabla por una regresión logística:

    l_d = b_d + sum_{j < d} W_dj x_j        el logit del píxel d
    p(x_d = 1 | x_<d) = sigmoid(l_d),       sigmoid(l) = 1 / (1 + exp(-l))

    W  (D, D)  pesos; la fila d es la del píxel d
    b  (D,)    sesgos
    x  (B, D)  B imágenes de D píxeles, cada uno 0.0 o 1.0

W se guarda como matriz completa, pero solo son parámetros sus elementos estrictamente por debajo de la diagonal. En la
diagonal y por encima de ella puede haber números cualesquiera, y las comprobaciones ponen algunos ahí.

Fuente: Neal 1992; Frey, Hinton y Dayan 1996; el nombre es de Gan, Henao, Carlson y Carin 2015.

Qué se comprueba: valores para varios B y D, también con logits de varios cientos; los gradientes respecto de W y b, que
hacen falta para entrenar; las frecuencias de varios miles de muestras, y cuántas operaciones hace el muestreo.

Escribe las funciones de arriba abajo. Cada una se comprueba por separado:

    npgen check fvsbn                   todas las funciones
    npgen check fvsbn.fvsbn_logits      una función
    npgen hint fvsbn.fvsbn_logits       la siguiente pista
"""

import autograd.numpy as np
import autograd.numpy.random as npr


def sigmoid(x):
    """1 / (1 + exp(-x)), para x de cualquier forma, sin desbordamiento."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


def fvsbn_logits(W, b, x):
    """Los logits de las D condicionales, para todas las imágenes a la vez.

        l_d = b_d + sum_{j < d} W_dj x_j

    El logit de un píxel no depende ni del propio píxel ni de los posteriores; el del primero, de ningún píxel. El
    entrenamiento deriva a través de esta función, así que no asignes valores dentro de un array.

    Parameters
    ----------
    W : array (D, D)
        Solo cuentan los elementos estrictamente por debajo de la diagonal.
    b : array (D,)
    x : array (B, D)
        Ceros y unos.

    Returns
    -------
    array (B, D)
        Logits, no probabilidades.
    """
    # BEGIN SOLUTION
    return b + np.dot(x, np.tril(W, -1).T)
    # END SOLUTION


def fvsbn_log_likelihood(W, b, x):
    """La log-verosimilitud log p(x) de cada imagen, en nats.

        log p(x) = sum_d x_d log sigmoid(l_d) + (1 - x_d) log(1 - sigmoid(l_d))

    con los logits l de `fvsbn_logits`. Un logit puede llegar a 800 en valor absoluto: ahí sigmoid(l) es 0 o 1 en coma
    flotante, mientras que su logaritmo es un número corriente. El entrenamiento también deriva a través de esta
    función.

    Parameters
    ----------
    W : array (D, D)
    b : array (D,)
    x : array (B, D)
        Ceros y unos.

    Returns
    -------
    array (B,)
        En nats, un número por imagen, nunca positivo.
    """
    # BEGIN SOLUTION
    logits = fvsbn_logits(W, b, x)
    return np.sum(x * logits - np.logaddexp(0, logits), axis=1)
    # END SOLUTION


def fvsbn_sample(W, b, n_samples):
    """Imágenes muestreadas de p(x): muestreo ancestral.

        x_1 ~ p(x_1),  x_2 ~ p(x_2 | x_1),  ...,  x_D ~ p(x_D | x_1, ..., x_{D-1})

    Todas las imágenes se pueden muestrear a la vez, pero los píxeles de una imagen, solo uno tras otro. Muestrea con
    `npr`. Una imagen cuesta O(D^2) operaciones en total, más o menos las de su log-verosimilitud; la comprobación las
    cuenta. Cuando tu docente califica tu archivo (`npgen grade`), además se mide el tiempo con imágenes de hasta 3000
    píxeles.

    Parameters
    ----------
    W : array (D, D)
        Solo cuentan los elementos estrictamente por debajo de la diagonal.
    b : array (D,)
    n_samples : int

    Returns
    -------
    array (n_samples, D)
        Ceros y unos.
    """
    # BEGIN SOLUTION
    x = np.zeros((n_samples, len(b)))
    for d in range(len(b)):
        logits = b[d] + np.dot(x[:, :d], W[d, :d])
        x[:, d] = npr.rand(n_samples) < sigmoid(logits)
    return x
    # END SOLUTION


def fvsbn_n_parameters(n_visible):
    """Cuántos parámetros libres tiene el modelo, entre pesos y sesgos.

    Compara con los 2^D - 1 de una tabla de p(x).

    Parameters
    ----------
    n_visible : int
        D, al menos 1.

    Returns
    -------
    int
    """
    # BEGIN SOLUTION
    return n_visible * (n_visible + 1) // 2
    # END SOLUTION
