"""Mixture of K Gaussians, by expectation maximisation or by gradient.

    p(x) = sum_k pi_k N(x; mu_k, Sigma_k)

The covariance is kept as a triangular matrix A_k that whitens: z = A_k (x - mu_k) ~ N(0, I), so that

    Sigma_k^{-1} = A_k^T A_k,    log N(x; mu_k, Sigma_k) = -|z|^2 / 2 + sum_d log a_k,dd - (D / 2) log 2 pi,

without solving anything. Any numbers are good parameters, so a gradient may move them freely:

    params["log_pi"]  (K,)       pi = softmax(log_pi)
    params["means"]   (K, D)
    params["A"]       (K, D, D)  full: below the diagonal A_k, on it log a_k,dd; what is above it has no meaning
                      (1, D, D)  tied: one covariance for all components
                      (K, D)     diagonal: log a_k,dd = -log sigma_kd

Expectation maximisation (Dempster, Laird and Rubin 1977; Bishop 2006, section 9.2.2, equations 9.23 to 9.27; not
checked here), which never lowers the likelihood:

    E:  r_nk = p(k | x_n)
    M:  pi_k = mean_n r_nk,  mu_k = sum_n r_nk x_n / N_k,  Sigma_k = sum_n r_nk (x_n - mu_k) (x_n - mu_k)^T / N_k

with N_k = sum_n r_nk; tied: sum_k N_k Sigma_k / n; diagonal: the diagonal of Sigma_k. The likelihood has no maximum: it
grows without bound as a component shrinks onto one point, where its covariance becomes singular. That is an error here,
unless a floor for the eigenvalues is asked for.

By gradient: `npgen.train.fit(lambda params, x: -mean(log_prob(params, x)), ...)`.
"""

import autograd.numpy as np
import numpy as onp

from npgen.distributions import LOG_2PI, categorical_sample, logsumexp
from npgen.errors import InputError, require_positive, unknown_name
from npgen.examples import as_real

COVARIANCES = ("full", "diagonal", "tied")

# --- start -----------------------------------------------------------------------------------------------------------


def init_params(rng, x, n_components, covariance="full", dtype=onp.float64, *, floor=None):
    """Means by k-means from a k-means++ start; equal weights; for all the covariance of x around the nearest mean.

    Distances are in units of the columns' standard deviations.

    Parameters
    ----------
    rng : numpy.random.Generator
    x : array (n, D)
        The examples.
    n_components : int
        K, from 1 to n.
    covariance : str
        "full", "diagonal" or "tied".
    dtype : float dtype
    floor : float, optional
        As for `em_step`.

    Raises
    ------
    InputError
        If there are fewer examples than components, a value is not finite, a column is constant, or the covariance of
        the start is singular.
    """
    require_positive(n_components=n_components)
    _require_floor(floor)
    if covariance not in COVARIANCES:
        raise unknown_name("covariance", covariance, COVARIANCES)
    if n_components > len(x):
        raise InputError(f"n_components: expected at most the {len(x)} examples there are; found {n_components}")
    x = as_real(x, onp.shape(x)[-1], onp.float64)
    spread = _spread(x)
    means = _kmeans(x / spread, _kmeans_plus_plus(rng, x / spread, n_components)) * spread
    centred = x - means[_nearest(x / spread, means / spread)]
    tied = onp.dot(centred.T, centred)[None] / len(x)
    if covariance == "diagonal":
        A = _log_whitening_of_variances(onp.tile(onp.diag(tied[0]), (n_components, 1)), spread, floor)
    else:
        A = _log_whitening(tied, spread, floor)
    if covariance == "full":
        A = onp.tile(A, (n_components, 1, 1))
    log_pi = onp.full(n_components, -onp.log(n_components))
    return {"log_pi": log_pi.astype(dtype), "means": means.astype(dtype), "A": A.astype(dtype)}


def _kmeans_plus_plus(rng, x, n_components):
    """K examples far apart, (K, D): each drawn in proportion to its squared distance to the nearest of those so far.

    Source: Arthur and Vassilvitskii 2007, section 2.2 (not checked).
    """
    chosen = [rng.integers(len(x))]
    while len(chosen) < n_components:
        distances = _squared_distances(x, x[chosen]).min(axis=1)
        if distances.sum() == 0:
            raise InputError(f"n_components: expected at most the {len(chosen)} different examples there are")
        chosen.append(rng.choice(len(x), p=distances / distances.sum()))
    return x[chosen]


def _kmeans(x, centres, n_steps=10):
    """The centres (K, D), each moved to the mean of the examples nearest to it, again and again: a few times do."""
    for _ in range(n_steps):
        nearest = _nearest(x, centres)
        members = [x[nearest == k] for k in range(len(centres))]
        centres = onp.stack([own.mean(axis=0) if len(own) else c for own, c in zip(members, centres, strict=True)])
    return centres


def _nearest(x, centres):
    return _squared_distances(x, centres).argmin(axis=1)


def _squared_distances(x, centres):
    return onp.stack([onp.square(x - centre).sum(axis=1) for centre in centres], axis=1)


def _require_floor(floor):
    if floor is not None and not 0 < floor < onp.inf:
        raise InputError(f"floor: expected a variance above 0, in the squared units of x; found {floor!r}")


def _spread(x):
    """The standard deviation of each column, (D,); a constant column has no density."""
    constant = onp.flatnonzero(onp.ptp(x, axis=0) == 0)
    if len(constant):
        columns = ", ".join(map(str, constant))
        raise InputError(f"expected columns that vary; column {columns} (counted from 0) is constant. Leave it out")
    return x.std(axis=0)


# --- the density -----------------------------------------------------------------------------------------------------


def _whitening(A):
    """The matrices A_k from `params["A"]` of ndim 3: lower triangular, with the exponential of the diagonal."""
    below, diagonal = onp.tril(onp.ones(A.shape[1:], A.dtype), -1), onp.eye(A.shape[1], dtype=A.dtype)
    return A * below + np.exp(A * diagonal) * diagonal


def _whitened(A, centred):
    """z = A_k (x - mu_k), (K, n, D), for centred x (K, n, D)."""
    if A.ndim == 2:
        return centred * np.exp(np.expand_dims(A, 1))
    return np.matmul(centred, np.swapaxes(_whitening(A), 1, 2))


def _log_determinants(A):
    """sum_d log a_k,dd = log |Sigma_k|^{-1/2}, (K,) or (1,)."""
    return np.sum(A if A.ndim == 2 else A * onp.eye(A.shape[1], dtype=A.dtype), axis=tuple(range(1, A.ndim)))


def component_log_prob(params, x):
    """log N(x; mu_k, Sigma_k), in nats, (n, K), for finite x (n, D)."""
    means, A = params["means"], params["A"]
    x = as_real(x, means.shape[1], means.dtype)
    squares = np.sum(np.square(_whitened(A, x - np.expand_dims(means, 1))), axis=2)  # (K, n)
    return np.transpose(-0.5 * squares) + _log_determinants(A) - 0.5 * LOG_2PI * means.shape[1]


def joint_log_prob(params, x):
    """log p(x, k) = log pi_k + log N(x; mu_k, Sigma_k), in nats, (n, K)."""
    log_pi = params["log_pi"]
    return log_pi - logsumexp(log_pi) + component_log_prob(params, x)


def log_prob(params, x):
    """log p(x), in nats, (n,), for finite x (n, D)."""
    return logsumexp(joint_log_prob(params, x), axis=1)


def responsibilities(params, x):
    """r_nk = p(k | x_n), (n, K); rows sum to 1."""
    joint = joint_log_prob(params, x)
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


def covariances(params):
    """Sigma_k = A_k^{-1} A_k^{-T}, (K, D, D), whichever way they are kept."""
    roots = _roots(params)
    return onp.matmul(roots, onp.swapaxes(roots, 1, 2))


def _roots(params):
    """A_k^{-1}, (K, D, D)."""
    A, (K, D) = params["A"], params["means"].shape
    if A.ndim == 2:
        return onp.exp(-A)[:, :, None] * onp.eye(D, dtype=A.dtype)
    return onp.broadcast_to(onp.linalg.inv(_whitening(A)), (K, D, D))


def sample(params, rng, n_samples):
    """k ~ pi, x = mu_k + A_k^{-1} noise, (n_samples, D), of the dtype of the means."""
    require_positive(n_samples=n_samples)
    means = params["means"]
    k = categorical_sample(rng, onp.tile(params["log_pi"], (n_samples, 1)))
    noise = rng.standard_normal((n_samples, means.shape[1]), dtype=means.dtype)
    x = means[k]
    for component, root in enumerate(_roots(params)):
        x[k == component] += onp.dot(noise[k == component], root.T)
    return x


# --- expectation maximisation ----------------------------------------------------------------------------------------


def em_step(params, x, floor=None):
    """One step of expectation maximisation on the examples x (n, D); the likelihood of x never falls.

    Parameters
    ----------
    params : dict
    x : array (n, D)
    floor : float, optional
        The least eigenvalue that a covariance may have; smaller ones are raised to it. That maximises the M-step among
        the covariances with no smaller eigenvalue, so if those of `params` have none either, the likelihood still
        never falls. Without a floor a singular covariance is an error.

    Raises
    ------
    InputError
        If a component's covariance becomes singular and there is no floor, or no example is left to a component; says
        which. If a value of x is not finite or a column constant.
    """
    _require_floor(floor)
    means, A = params["means"], params["A"]
    x = as_real(x, means.shape[1], means.dtype)
    spread = _spread(x)
    r = responsibilities(params, x)
    counts = r.sum(axis=0)
    if (counts < onp.finfo(counts.dtype).tiny * len(x)).any():
        raise InputError(f"component {counts.argmin()} has no example left. Take fewer components or another start")
    means = onp.dot(r.T, x) / counts[:, None]
    if A.ndim == 2:
        A = _log_whitening_of_variances(_diagonal(r, x, means), spread, floor)
    else:
        A = _log_whitening((_full if len(A) == len(means) else _tied)(r, x, means), spread, floor)
    return {"log_pi": onp.log(counts / counts.sum()), "means": means, "A": A}


def _full(r, x, means):
    """Sigma_k = sum_n r_nk (x_n - mu_k) (x_n - mu_k)^T / N_k, (K, D, D)."""
    weighted = [(r_k / r_k.sum(), x - mu) for r_k, mu in zip(r.T, means, strict=True)]
    return onp.stack([onp.dot((weights[:, None] * centred).T, centred) for weights, centred in weighted])


def _tied(r, x, means):
    """sum_k N_k Sigma_k / n, (1, D, D)."""
    return onp.tensordot(r.sum(axis=0) / len(x), _full(r, x, means), axes=1)[None]


def _diagonal(r, x, means):
    """The diagonals of Sigma_k, (K, D)."""
    return onp.stack([onp.dot(r_k / r_k.sum(), (x - mu) ** 2) for r_k, mu in zip(r.T, means, strict=True)])


# From covariances to `params["A"]`. Whether one is singular is judged in units of the columns' standard deviations, so
# that it does not matter in which units they were measured.


def _log_whitening(covariances, spread, floor):
    """A = L^{-1} with Sigma = L L^T, the logarithm of its diagonal on the diagonal: (K, D, D), or (1, D, D) tied."""
    rounding = len(spread) * onp.finfo(covariances.dtype).eps
    if floor is not None:
        L = _floored_root(covariances, floor)
    else:
        least = onp.linalg.eigvalsh(covariances / onp.outer(spread, spread))[:, 0]
        _require_regular(least > rounding)
        L = onp.linalg.cholesky(covariances)
    A = onp.tril(onp.linalg.inv(L))
    d = onp.arange(len(spread))
    A[:, d, d] = onp.log(A[:, d, d])
    return A


def _floored_root(covariances, floor):
    """L with Sigma = L L^T, (K, D, D), for the covariances with their eigenvalues raised to the floor.

    With Sigma = U diag(v) U^T and diag(v)^{1/2} U^T = Q R it is R^T, up to the signs of the columns. Sigma itself, put
    together again, would lose to rounding what is small beside its largest eigenvalue, and the floor with it.
    """
    values, vectors = onp.linalg.eigh(covariances)
    R = onp.linalg.qr(onp.sqrt(onp.maximum(values, floor))[:, :, None] * onp.swapaxes(vectors, 1, 2))[1]
    signs = onp.where(onp.diagonal(R, axis1=1, axis2=2) < 0, -1, 1).astype(R.dtype)
    return onp.swapaxes(signs[:, :, None] * R, 1, 2)


def _log_whitening_of_variances(variances, spread, floor):
    """log a_k,dd = -log sigma_kd, (K, D)."""
    if floor is not None:
        variances = onp.maximum(variances, floor)
    else:
        _require_regular((variances / spread**2 > onp.finfo(variances.dtype).eps).all(axis=1))
    return -0.5 * onp.log(variances)


def _require_regular(regular):
    """For each component, or once for the one covariance of all."""
    if not regular.all():
        which = f" of component {onp.argmin(regular)}" if len(regular) > 1 else ""
        raise InputError(
            f"the covariance{which} became singular: its examples lie on a point or a plane.\n"
            "Take less free covariances, fewer components or another start; or say what the least variance may be, for "
            "instance floor=1e-3"
        )
