"""MADE: un autocodificador cuyos pesos enmascarados hacen de sus salidas las condicionales de un modelo autorregresivo.

La regla de la cadena escribe la probabilidad de una imagen binaria x de D píxeles como un producto de D condicionales,
píxel a píxel según una ordenación. En MADE una sola red calcula todos sus logits en una pasada,

    h_0 = x
    h_l = relu(h_{l-1} (W_l * M_l) + b_l)          l = 1, ..., L      las capas ocultas
    o   = h_L (W_{L+1} * M_{L+1}) + b_{L+1}                           los D logits,

donde * multiplica elemento a elemento, y las máscaras M_l, de ceros y unos, cortan todo camino que lleve de un píxel a
su propio logit o al de uno anterior. Qué pesos se cortan depende de los *grados*, un número por cada unidad:

    m_0(d)   el lugar del píxel d en la ordenación, de 1 a D
    m_l(k)   de la unidad oculta k de la capa l, que puede ver los m_l(k) primeros píxeles de la ordenación y no los
             demás. Se sortea entre el menor grado de la capa anterior y D - 1, cada número con la misma probabilidad.

A una unidad se puede llegar desde unidades que no ven más píxeles que ella misma; a un logit, desde unidades que ven
menos píxeles de los que indica su lugar:

    M_l[j, k]     = 1  si m_l(k) >= m_{l-1}(j), y 0 si no       l = 1, ..., L
    M_{L+1}[j, d] = 1  si m_0(d) >  m_L(j),     y 0 si no

La máscara está en la pasada hacia delante, no en los pesos: estos se quedan como están, y lo que se corta no recibe
gradiente.

    weights, masks    listas de L + 1 arrays, (D, H_1), (H_1, H_2), ..., (H_L, D)
    biases            lista de L + 1 arrays, (H_1,), ..., (H_L,), (D,)
    x  (B, D), floats que son 0 o 1

Escribe las funciones en el orden de este archivo. Se comprueban una a una: sus valores y sus gradientes (en la tercera
y la cuarta):

    npgen check made                    todas
    npgen check made.made_masks         una de ellas
    npgen hint made.made_masks          una pista, y luego otra más clara

Usa `np` y `npr` tal como se importan aquí, para que autograd pueda derivar lo que escribas.

Fuente: Germain, Gregor, Murray y Larochelle, "MADE: masked autoencoder for distribution estimation", ICML 2015. Sus
pesos son los traspuestos de los nuestros.
"""

import autograd.numpy as np
import autograd.numpy.random as npr

# --- lo que ya tienes ------------------------------------------------------------------------------------------------


def sigmoid(x):
    """1 / (1 + exp(-x)), para x de cualquier forma. Ningún x produce desbordamiento."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


def relu(x):
    """max(x, 0), para x de cualquier forma."""
    return np.maximum(x, 0)


# --- lo que escribes tú ----------------------------------------------------------------------------------------------


def made_degrees(ordering, hidden_sizes):
    """Grados de las unidades ocultas, sorteados al azar.

        m_l(k) uniforme en { min_j m_{l-1}(j), ..., D - 1 },     m_0 = ordering

    Cada unidad necesita su propio sorteo, y dos llamadas dan grados distintos.

    Parameters
    ----------
    ordering : array de enteros (D,)
        m_0: una permutación de 1, ..., D, con D de al menos 2.
    hidden_sizes : lista de int
        H_1, ..., H_L

    Returns
    -------
    lista de L arrays de enteros (H_1,), ..., (H_L,)
    """
    # BEGIN SOLUTION
    degrees, least = [], np.min(ordering)
    for size in hidden_sizes:
        degrees.append(npr.randint(least, len(ordering), size))  # randint acaba antes de len(ordering)
        least = np.min(degrees[-1])
    return degrees
    # END SOLUTION


def made_masks(degrees):
    """Las máscaras que corresponden a los grados.

    Parameters
    ----------
    degrees : lista de L + 1 arrays de enteros (D,), (H_1,), ..., (H_L,)
        m_0, ..., m_L

    Returns
    -------
    lista de L + 1 arrays (D, H_1), (H_1, H_2), ..., (H_L, D)
        Ceros y unos.
    """
    # BEGIN SOLUTION
    masks = []
    for layer in range(1, len(degrees)):
        masks.append(1.0 * (degrees[layer][None, :] >= degrees[layer - 1][:, None]))
    masks.append(1.0 * (degrees[0][None, :] > degrees[-1][:, None]))
    return masks
    # END SOLUTION


def made_logits(weights, biases, masks, x):
    """Los logits de las D condicionales de cada imagen, en una sola pasada.

    Las máscaras pueden ser ceros y unos cualesquiera. No modifiques ningún argumento.

    Parameters
    ----------
    weights, biases, masks : listas de L + 1 arrays
    x : array (B, D), de ceros y unos

    Returns
    -------
    array (B, D)
    """
    # BEGIN SOLUTION
    h = x
    for W, b, M in zip(weights[:-1], biases[:-1], masks[:-1], strict=True):
        h = relu(np.dot(h, W * M) + b)
    return np.dot(h, weights[-1] * masks[-1]) + biases[-1]
    # END SOLUTION


def made_log_likelihood(weights, biases, masks, x):
    """La log-probabilidad de cada imagen, en nats.

        log p(x) = sum_d [ x_d log s_d + (1 - x_d) log(1 - s_d) ],        s_d = sigmoid(o_d)

    El valor tiene que ser correcto también para logits de -1000 y 1000, donde s_d es 0 o 1 con la precisión de la
    máquina.

    Parameters
    ----------
    weights, biases, masks, x : como en `made_logits`

    Returns
    -------
    array (B,)
        Un número por imagen, como mucho 0.
    """
    # BEGIN SOLUTION
    logits = made_logits(weights, biases, masks, x)
    return -np.sum(np.logaddexp(0, np.where(x == 1, -logits, logits)), axis=1)
    # END SOLUTION


def made_sample(weights, biases, masks, ordering, n_samples):
    """Imágenes muestreadas del modelo, píxel a píxel, según la ordenación dada.

    Un logit se conoce en cuanto se conocen los píxeles anteriores: hacen falta, pues, D pasadas. Cada píxel de cada
    imagen se muestrea por separado. Dos llamadas dan imágenes distintas.

    Parameters
    ----------
    weights, biases, masks : como en `made_logits`
        Las máscaras son las de esta ordenación.
    ordering : array de enteros (D,)
        m_0: ordering[d] es el lugar del píxel d, de 1 a D. Primero se muestrea el píxel que tiene el lugar 1.
    n_samples : int

    Returns
    -------
    array (n_samples, D)
        Ceros y unos.
    """
    # BEGIN SOLUTION
    x = np.zeros((n_samples, len(ordering)))
    for d in np.argsort(ordering):
        x[:, d] = npr.rand(n_samples) < sigmoid(made_logits(weights, biases, masks, x)[:, d])
    return x
    # END SOLUTION
