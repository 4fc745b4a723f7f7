"""The figures of the papers' tables, as negative log-likelihoods in nats: the lower the better.

UCI_BINARY and MNIST_BINARIZED: Germain et al. 2015 (MADE) and Uria et al. 2016 (NADE), where FVSBN and EoNADE are found
as well. UCI_REAL: Uria, Murray and Larochelle 2013 (RNADE), where they are mean log-likelihoods. All are quoted from
the literature and were not compared with the papers.
"""

BINARY_SETS = ("adult", "connect4", "dna", "mushrooms", "nips", "ocr_letters", "rcv1", "web")
REAL_SETS = ("red_wine", "white_wine", "parkinsons", "ionosphere")


def _cells(datasets, rows):
    """{(data set, model): nats} from a row of figures for each model."""
    return {(d, model): nats for model, row in rows.items() for d, nats in zip(datasets, row, strict=True)}


UCI_BINARY = _cells(
    BINARY_SETS,
    {
        "fvsbn": (13.17, 12.39, 83.64, 10.27, 276.88, 39.30, 49.84, 29.35),
        "nade": (13.19, 11.99, 84.81, 9.81, 273.08, 27.22, 46.66, 28.39),
        "made": (13.12, 11.90, 83.63, 9.68, 280.25, 28.34, 47.10, 28.53),
        "orderless_nade": (13.19, 12.58, 82.31, 9.69, 272.39, 27.32, 46.12, 27.87),  # EoNADE, 16 orderings
    },
)
MNIST_BINARIZED = _cells(
    ("binarized_mnist",),
    {
        "fvsbn": (97.45,),
        "nade": (88.33,),  # 500 rectified units; 88.86 with sigmoids in 2011
        "made": (88.40,),  # one hidden layer of 8000, one mask
        "orderless_nade": (86.41,),  # EoNADE, two hidden layers, 8 orderings
    },
)
UCI_REAL = _cells(
    REAL_SETS,
    {
        "gaussian": (13.18, 13.20, 10.85, 41.24),
        "rnade": (9.36, 10.23, 0.90, 2.50),  # mixtures of Gaussians
    },
)
