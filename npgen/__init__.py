"""npgen: deep generative models in NumPy and autograd that read like the papers.

The map of the package, from the bottom up; imports run downward only.

L0  distributions   Bernoulli, categorical, Gaussian: log-densities, KL, samplers
    nn              fully connected networks
    optim           Adam, step-size schedules, clipping of the gradient
    nested          nested parameters: leaves, mapping, counting
    autodiff        value and gradient with respect to nested parameters
    data            data sets as arrays
    figures         arrays to matplotlib figures
    errors          what a user can mend
L1  kernels         compiled primitives, one file each
    train           minibatches, fit, evaluate, early stopping
    checkpoint      one .npz file, written atomically
L2  models          the table of contents of the field, one file each
L3  experiments     one table of recipes, and the run that follows one
    demo, cli       the `npgen` command

Importing npgen imports none of them.
"""

__version__ = "0.1.0"
