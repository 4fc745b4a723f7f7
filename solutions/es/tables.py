"""Tablas e histogramas: los primeros modelos generativos, para datos de pocas columnas.

Una distribución de dos variables discretas es una tabla. A partir de N ejemplos (x_n, y_n) se estima con las
frecuencias relativas,

    p(x, y) = #{n: x_n = x, y_n = y} / N,

y todo lo demás se deduce de ella: las marginales, sumando, p(x) = sum_y p(x, y), y las condicionales, dividiendo,
p(y | x) = p(x, y) / p(x). Si hay más columnas, se generan una tras otra, por la regla de la cadena:

    p(x_0, ..., x_{K-1}) = p(x_0) p(x_1 | x_0) p(x_2 | x_0, x_1) ... p(x_{K-1} | x_0, ..., x_{K-2}).

Las frecuencias relativas dan probabilidad cero a todo lo que no se ha observado. El suavizado de Laplace suma alpha > 0
a cada *recuento*, como si cada valor se hubiera visto alpha veces más.

Un número real, como una longitud, necesita una densidad: un histograma, o una gaussiana por clase.

Los datos: los 14 días de Quinlan 1986 (¿jugaron al tenis?) y las longitudes de los sépalos de los 150 lirios de Fisher
1936.

Qué se comprueba: valores en tablas pequeñas de varias formas, algunas con valores que no aparecen nunca; las
frecuencias de varios cientos de muestras; densidades en los bordes de los intervalos y fuera de ellos, y lejos de la
media de una clase.

Escribe las funciones de arriba abajo. Cada una se comprueba por separado:

    npgen check tables                  todas las funciones
    npgen check tables.joint_table      una función
    npgen hint tables.joint_table       la siguiente pista

Ejecuta este archivo, cuando hayas escrito sus funciones, para ver las tablas de los dos conjuntos de datos
(lo que imprime está en inglés).
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# Una fila por día. Un valor es la posición de su palabra en TENNIS_VALUES; el primer día: (no, sunny, high, weak, hot).
TENNIS_COLUMNS = ("tennis", "outlook", "humidity", "wind", "temperature")
TENNIS_VALUES = (
    ("no", "yes"),
    ("sunny", "overcast", "rain"),
    ("high", "normal"),
    ("weak", "strong"),
    ("hot", "mild", "cool"),
)
TENNIS_SIZES = (2, 3, 2, 2, 3)
TENNIS = np.array(
    [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0],
        [1, 1, 0, 0, 0],
        [1, 2, 0, 0, 1],
        [1, 2, 1, 0, 2],
        [0, 2, 1, 1, 2],
        [1, 1, 1, 1, 2],
        [0, 0, 0, 0, 1],
        [1, 0, 1, 0, 2],
        [1, 2, 1, 0, 1],
        [1, 0, 1, 1, 1],
        [1, 1, 0, 1, 1],
        [1, 1, 1, 0, 0],
        [0, 2, 0, 1, 1],
    ]
)

# Longitud del sépalo en cm; 50 flores de cada especie.
IRIS_SPECIES = ("setosa", "versicolor", "virginica")
IRIS_LABELS = np.repeat(np.arange(3), 50)
# fmt: off
IRIS_SEPAL_LENGTH = np.array([
    5.1, 4.9, 4.7, 4.6, 5.0, 5.4, 4.6, 5.0, 4.4, 4.9, 5.4, 4.8, 4.8, 4.3, 5.8, 5.7, 5.4, 5.1, 5.7, 5.1,
    5.4, 5.1, 4.6, 5.1, 4.8, 5.0, 5.0, 5.2, 5.2, 4.7, 4.8, 5.4, 5.2, 5.5, 4.9, 5.0, 5.5, 4.9, 4.4, 5.1,
    5.0, 4.5, 4.4, 5.0, 5.1, 4.8, 5.1, 4.6, 5.3, 5.0, 7.0, 6.4, 6.9, 5.5, 6.5, 5.7, 6.3, 4.9, 6.6, 5.2,
    5.0, 5.9, 6.0, 6.1, 5.6, 6.7, 5.6, 5.8, 6.2, 5.6, 5.9, 6.1, 6.3, 6.1, 6.4, 6.6, 6.8, 6.7, 6.0, 5.7,
    5.5, 5.5, 5.8, 6.0, 5.4, 6.0, 6.7, 6.3, 5.6, 5.5, 5.5, 6.1, 5.8, 5.0, 5.6, 5.7, 5.7, 6.2, 5.1, 5.7,
    6.3, 5.8, 7.1, 6.3, 6.5, 7.6, 4.9, 7.3, 6.7, 7.2, 6.5, 6.4, 6.8, 5.7, 5.8, 6.4, 6.5, 7.7, 7.7, 6.0,
    6.9, 5.6, 7.7, 6.3, 6.7, 7.2, 6.2, 6.1, 6.4, 7.2, 7.4, 7.9, 6.4, 6.3, 6.1, 7.7, 6.3, 6.4, 6.0, 6.9,
    6.7, 6.9, 5.8, 6.8, 6.7, 6.7, 6.3, 6.5, 6.2, 5.9,
])
# fmt: on


def joint_table(x, y, n_x, n_y, alpha=0.0):
    """La tabla conjunta p(x, y) de dos variables discretas, a partir de ejemplos.

        p(x, y) = (#{n: x_n = x, y_n = y} + alpha) / Z

    donde Z hace que los elementos de toda la tabla sumen uno. Con alpha = 0 son las frecuencias relativas.

    Parameters
    ----------
    x : array de enteros (N,)
        En 0..n_x-1. No tienen por qué aparecer todos los valores.
    y : array de enteros (N,)
        En 0..n_y-1.
    n_x, n_y : int
    alpha : float
        Lo que se suma a cada recuento; al menos 0.

    Returns
    -------
    array (n_x, n_y)
        Fila x, columna y.
    """
    # BEGIN SOLUTION
    counts = np.full((n_x, n_y), float(alpha))
    for i, j in zip(x, y, strict=True):
        counts[i, j] += 1
    return counts / np.sum(counts)
    # END SOLUTION


def marginal_tables(joint):
    """Las tablas marginales, cada una de una sola variable.

        p(x) = sum_y p(x, y),    p(y) = sum_x p(x, y)

    Parameters
    ----------
    joint : array (n_x, n_y)
        p(x, y); suma uno.

    Returns
    -------
    p_x : array (n_x,)
    p_y : array (n_y,)
    """
    # BEGIN SOLUTION
    return np.sum(joint, axis=1), np.sum(joint, axis=0)
    # END SOLUTION


def conditional_table(joint):
    """La tabla condicional p(y | x): para cada x, una distribución de y.

        p(y | x) = p(x, y) / p(x)

    Donde p(x) = 0, la fórmula es 0 / 0. Por convenio, a ese x le corresponde la distribución uniforme, 1 / n_y para
    cada y.

    Parameters
    ----------
    joint : array (n_x, n_y)
        p(x, y); suma uno.

    Returns
    -------
    array (n_x, n_y)
        La fila x es p(y | x); cada fila suma uno.
    """
    # BEGIN SOLUTION
    n_y = joint.shape[1]
    p_x = np.sum(joint, axis=1, keepdims=True)
    occurs = p_x > 0
    return np.where(occurs, joint / np.where(occurs, p_x, 1), 1 / n_y)
    # END SOLUTION


def chain_rule_conditional(data, sizes, prefix, alpha=0.0):
    """p(columna siguiente | las anteriores): un factor de la regla de la cadena, dados los valores de estas.

    Entre las filas de `data` que empiezan por `prefix`, los valores de las k primeras columnas, cuenta cuántas veces
    toma la siguiente cada valor v. Las columnas se cuentan desde 0, como en Python, así que es la columna k:

        p(x_k = v | prefix) = (#{filas que empiezan por prefix y siguen con v} + alpha) / Z

    donde Z hace que las sizes[k] probabilidades sumen uno. Con k = 0 es p(x_0). Si ninguna fila empieza
    por el prefijo y alpha = 0, la respuesta es, por convenio, la distribución uniforme.

    Parameters
    ----------
    data : array de enteros (N, K)
        La columna k tiene valores en 0..sizes[k]-1.
    sizes : tupla de K ints
    prefix : array de enteros (k,)
        Los valores de las k primeras columnas, 0 <= k < K.
    alpha : float
        Lo que se suma a cada recuento; al menos 0.

    Returns
    -------
    array (sizes[k],)
        La distribución de la columna k; suma uno.
    """
    # BEGIN SOLUTION
    k = len(prefix)
    begins_with_prefix = np.all(data[:, :k] == prefix, axis=1)
    next_values = data[begins_with_prefix, k]
    counts = np.array([np.sum(next_values == value) + alpha for value in range(sizes[k])])
    if np.sum(counts) == 0:
        return np.full(sizes[k], 1 / sizes[k])
    return counts / np.sum(counts)
    # END SOLUTION


def chain_rule_sample(data, sizes, n_samples, alpha=0.0):
    """Filas nuevas, muestreadas columna a columna por la regla de la cadena.

        x_0 ~ p(x_0),  x_1 ~ p(x_1 | x_0),  ...,  x_{K-1} ~ p(x_{K-1} | x_0, ..., x_{K-2})

    con los factores de `chain_rule_conditional`. Con alpha = 0 solo salen filas de `data`, con la frecuencia que tienen
    allí; con alpha > 0 aparecen también filas nuevas. Muestrea con `npr`.

    Parameters
    ----------
    data : array de enteros (N, K)
    sizes : tupla de K ints
    n_samples : int
    alpha : float

    Returns
    -------
    array de enteros (n_samples, K)
    """
    # BEGIN SOLUTION
    samples = np.zeros((n_samples, len(sizes)), dtype=int)
    for sample in samples:
        for k in range(len(sizes)):
            probs = chain_rule_conditional(data, sizes, sample[:k], alpha)
            sample[k] = npr.choice(sizes[k], p=probs)
    return samples
    # END SOLUTION


def histogram_density(values, edges):
    """Una densidad que es constante en cada intervalo del histograma.

    El intervalo k va de edges[k] a edges[k + 1]. Contiene su borde izquierdo, pero no el derecho; solo el último
    intervalo contiene los dos. De los n valores que caen en algún intervalo, n_k caen en el intervalo k, y

        heights_k = n_k / (n width_k)

    de modo que la integral de la densidad es uno. Los valores que quedan fuera de todos los intervalos no cuentan.

    Parameters
    ----------
    values : array (N,)
        Al menos uno de ellos cae en un intervalo.
    edges : array (M + 1,)
        Crecientes; los intervalos no tienen por qué ser igual de anchos.

    Returns
    -------
    array (M,)
        La altura de cada intervalo, en la inversa de la unidad de los valores.
    """
    # BEGIN SOLUTION
    left, right = edges[:-1], edges[1:]
    counts = np.array([np.sum((values >= a) & (values < b)) for a, b in zip(left, right, strict=True)])
    counts[-1] += np.sum(values == edges[-1])
    return counts / (np.sum(counts) * (right - left))
    # END SOLUTION


def class_gaussians(values, labels, n_classes):
    """Media y desviación típica de los valores de cada clase: las gaussianas que mejor se ajustan a ellos.

        mean_c = 1/N_c sum_{n: label_n = c} v_n
        std_c^2 = 1/N_c sum_{n: label_n = c} (v_n - mean_c)^2

    donde N_c es el número de ejemplos de la clase c. Es el máximo de la verosimilitud.

    Parameters
    ----------
    values : array (N,)
    labels : array de enteros (N,)
        En 0..n_classes-1; aparecen todas las clases.
    n_classes : int

    Returns
    -------
    means, stds : arrays (n_classes,)
        En la unidad de los valores.
    """
    # BEGIN SOLUTION
    classes = [values[labels == c] for c in range(n_classes)]
    means = np.array([np.mean(of_class) for of_class in classes])
    stds = np.array([np.std(of_class) for of_class in classes])
    return means, stds
    # END SOLUTION


def gaussian_log_density(x, means, stds):
    """log N(x; mean_c, std_c^2) de cada x según la gaussiana de cada clase.

        log N(x; m, s^2) = -(x - m)^2 / (2 s^2) - log s - log(2 pi) / 2

    Un x puede estar a 60 desviaciones típicas de una media, donde la densidad misma es cero en coma flotante.

    Parameters
    ----------
    x : array (B,)
    means : array (C,)
    stds : array (C,)
        Positivas.

    Returns
    -------
    array (B, C)
        Una fila por cada x, una columna por cada clase.
    """
    # BEGIN SOLUTION
    standardised = (x[:, None] - means) / stds
    return -0.5 * standardised**2 - np.log(stds) - 0.5 * np.log(2 * np.pi)
    # END SOLUTION


if __name__ == "__main__":
    np.set_printoptions(precision=3, suppress=True)

    outlook, tennis = TENNIS[:, 1], TENNIS[:, 0]
    for alpha in (0, 1):
        joint = joint_table(outlook, tennis, 3, 2, alpha)
        p_outlook, p_tennis = marginal_tables(joint)
        print(f"\nalpha = {alpha}. p(outlook) {p_outlook}, p(tennis) {p_tennis}")
        print("p(tennis | outlook), a row for each of", *TENNIS_VALUES[1])
        print(conditional_table(joint))
        print("three sampled days:")
        for day in chain_rule_sample(TENNIS, TENNIS_SIZES, 3, alpha):
            print("   ", *(f"{name}: {TENNIS_VALUES[k][day[k]]}" for k, name in enumerate(TENNIS_COLUMNS)))

    print("\nsepal length, heights of 9 bins from 4.3 to 7.9 cm:")
    print(histogram_density(IRIS_SEPAL_LENGTH, np.linspace(4.3, 7.9, 10)))
    means, stds = class_gaussians(IRIS_SEPAL_LENGTH, IRIS_LABELS, 3)
    for name, mean, std in zip(IRIS_SPECIES, means, stds, strict=True):
        print(f"{name}: {mean:.3f} +- {std:.3f} cm")
    print("log density of 5.8 cm in each species:", gaussian_log_density(np.array([5.8]), means, stds)[0])
