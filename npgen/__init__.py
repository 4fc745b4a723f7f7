"""npgen: deep generative models in NumPy and autograd that read like the papers.

The map of the package, from the bottom up; a module imports only what stands before it.

L0  errors          what a user can fix
    nested          nested parameters: leaves, mapping, counting
    files           files that are complete or not there
    memory          memory that is kept between training steps
    kernels         compiled primitives, one file each
    autodiff        value and gradient with respect to nested parameters
    distributions   Bernoulli, categorical, Gaussian: log-densities, KL, samplers
    examples        checks of what the models take
    nn              fully connected networks
    optim           Adam, step-size schedules, clipping of the gradient
    sources         the files of the data sets: where they are, whether they are right, downloads
    readers         files of data as arrays
    folds           real-valued examples in ten folds
    data            data sets as arrays
    figures         arrays to matplotlib figures
L1  checkpoint      one .npz file, written atomically
    train           minibatches, fit, evaluate, early stopping
    run             a training run that can be interrupted and resumed
L2  models          the table of contents of the field, one file each
L3  experiments     one table of recipes
    preparation     what turns a row of it into a run
    published       the figures of the papers' tables
    recipes         how their cells are trained
    results         what they have come to, and the tables made of it
    progress        showing a run while it trains
    commands        what `npgen train` does, and what evaluates and draws its checkpoints
    demo            what `npgen demo` does
    reproduce       the papers' tables once more
    grading         exercises: submissions are run, judged, and talked about
    cli             the `npgen` command

Importing npgen imports none of them.
"""

__version__ = "0.1.0"
