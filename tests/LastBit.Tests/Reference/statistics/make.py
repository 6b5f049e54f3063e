#!/usr/bin/python3
"""Writes distributions.json beside this file: reference values for LastBit.Arithmetic.

Special functions come from mpmath with 60 digits (SciPy's own are right to twelve in the far tails), distributions and tests from SciPy.
Committed values: mpmath 1.2.1, SciPy 1.10.1, Debian 12.
"""
import json
import pathlib

import mpmath
import numpy
import scipy
from scipy import stats

mpmath.mp.dps = 60

probabilities = [1e-6, 1e-3, 0.025, 0.05, 0.3, 0.5, 0.9, 0.95, 0.975, 0.999, 1 - 1e-6]


def quantile(distribution, p):
    """distribution.ppf is right to about ten digits only; Newton steps on its own distribution function mend that."""
    x = distribution.ppf(p)
    for _ in range(3):
        x -= (distribution.cdf(x) - p if p <= 0.5 else (1 - p) - distribution.sf(x)) / distribution.pdf(x)
    return x


small = [1, 2, 3, 5, 10, 15, 30, 150]
values = {
    "scipy": scipy.__version__,
    "mpmath": mpmath.__version__,
    "logGamma": [[x, mpmath.loggamma(x)] for x in [0.01, 0.1, 0.5, 0.9, 1.5, 2.5, 3.7, 10.0, 15.9, 16.1, 100.5, 5000.0, 1e8]],
    "gammaP": [[a, x, mpmath.gammainc(a, 0, x, regularized=True)] for a in [0.5, 1.0, 2.5, 17.0, 500.0, 5000.0] for x in [0.5 * a, 0.9 * a, a, a + 1, 1.2 * a, 2 * a]],
    "gammaQ": [[a, x, mpmath.gammainc(a, x, mpmath.inf, regularized=True)] for a in [0.5, 1.0, 2.5, 17.0, 500.0, 5000.0] for x in [0.5 * a, 0.9 * a, a, a + 1, 1.2 * a, 2 * a]],
    "betaI": [[a, b, x, mpmath.betainc(a, b, 0, x, regularized=True)] for a in [0.5, 1.0, 3.0, 20.0, 800.0] for b in [0.5, 2.0, 7.5, 9200.0] for x in [0.01, 0.07, 0.09, 0.5, 0.95]],
    "chiSquare": [[p, d, quantile(stats.chi2(d), p)] for p in probabilities for d in small],
    "f": [[p, n, d, quantile(stats.f(n, d), p)] for p in probabilities for n in [1, 2, 5, 30] for d in [1, 2, 10, 15, 150]],
    "studentT": [[p, d, quantile(stats.t(d), p)] for p in probabilities if p != 0.5 for d in small],
    "clopperPearson": [[k, n, *map(float, stats.binomtest(k, n).proportion_ci(0.95, "exact"))] for k, n in [(0, 20), (1, 20), (250, 500), (9171, 10000), (20, 20)]],
}

# One table of 6 k by 4 seeds (rows k), and what SciPy makes of it.
table = numpy.array([
    [91.02, 91.33, 91.03, 91.30],
    [91.27, 91.19, 90.88, 91.12],
    [90.93, 91.40, 91.27, 91.47],
    [91.18, 91.07, 90.96, 91.03],
    [91.40, 91.48, 91.12, 91.21],
    [91.11, 91.16, 90.81, 91.36],
])
f, p = stats.f_oneway(*table.T)
resampled = stats.permutation_test(list(table.T), lambda *groups: stats.f_oneway(*groups).statistic, permutation_type="independent",
                                   n_resamples=20000, alternative="greater", vectorized=False, random_state=1)
k, s = table.shape
between = k * table.mean(axis=0).var(ddof=1)
within = table.var(axis=0, ddof=1).mean()
rows = s * table.mean(axis=1).var(ddof=1)
residual = ((table - table.mean(axis=0) - table.mean(axis=1)[:, None] + table.mean()) ** 2).sum() / ((k - 1) * (s - 1))
ratio = [1 / numpy.sqrt(1 + (between / within / q - 1) / k) for q in [1, stats.f.ppf(0.025, s - 1, s * (k - 1)), stats.f.ppf(0.975, s - 1, s * (k - 1))]]
degrees = s * (k - 1)
values["table"] = {
    "rows": table.tolist(),
    "stdOverSeeds": table.std(axis=1).tolist(),
    "stdOverK": table.std(axis=0).tolist(),
    "rounding": [numpy.sqrt(within)] + [numpy.sqrt(within * degrees / stats.chi2.ppf(q, degrees)) for q in [0.975, 0.025]],
    "seeds": numpy.sqrt((between + (k - 1) * within) / k),
    "ratio": ratio,
    "f": f, "p": p, "permutationP": resampled.pvalue,
    "rowF": rows / residual, "rowP": stats.f.sf(rows / residual, k - 1, (k - 1) * (s - 1)),
    "leastDifference": stats.t.ppf(0.975, degrees) * numpy.sqrt(2 * within),
}
pathlib.Path(__file__).with_name("distributions.json").write_text(json.dumps(values, indent=0, default=float) + "\n")
