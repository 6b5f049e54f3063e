#!/usr/bin/python3
"""Writes distributions.json beside this file: reference values for LastBit.Statistics.

Special functions come from mpmath with 60 digits (SciPy's own are right to twelve in the far tails), distributions and tests from SciPy.
Committed values: mpmath 1.2.1, SciPy 1.10.1, Debian 12.
"""
import itertools
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


def exact_two_samples(a, b):
    """The share of all assignments whose means are at least as far apart, and the least such share."""
    pool, n = numpy.array(a + b), len(a)
    pool = pool - pool.mean()
    sums = numpy.array([abs(pool[list(chosen)].sum()) for chosen in itertools.combinations(range(len(pool)), n)])
    return [(sums >= abs(pool[:n].sum()) - 1e-9).mean(), (sums >= sums.max() - 1e-9).mean()]


def power(effect, n, paired):
    """Of the two-sided t test at 5%, from the noncentral t distribution (both tails)."""
    df, delta = (n - 1, effect * numpy.sqrt(n)) if paired else (2 * n - 2, effect * numpy.sqrt(n / 2))
    t = stats.t.ppf(0.975, df)
    return stats.nct.sf(t, df, delta) + stats.nct.cdf(-t, df, delta)


def bca(samples, statistic):
    result = stats.bootstrap(samples, statistic, n_resamples=99999, method="BCa", random_state=1, vectorized=False)
    return list(result.confidence_interval)


values["normal"] = [[x, stats.norm.cdf(x)] for x in [-8, -3, -1.959963984540054, -0.5, 0.0, 0.3, 2.0]]
values["noncentralF"] = [[x, n, d, l, float(stats.ncf.sf(x, n, d, l))] for n, d in [(1, 4), (1, 18), (3, 20)] for x in [1.0, 4.4, 10.0] for l in [0.5, 7.85, 60.0]]
values["power"] = [[effect, n, paired, power(effect, n, paired)] for effect in [0.3, 1.0, 2.0] for n in [3, 5, 17, 100] for paired in [0, 1]]

samples = [
    ([91.02, 91.27, 90.93, 91.18, 91.40], [91.33, 91.19, 91.40, 91.57, 91.48]),
    ([0.8712, 0.8745, 0.8731], [0.8750, 0.8810, 0.8790, 0.8801, 0.8777]),
    ([2.31, 2.35, 2.29, 2.33, 2.30, 2.41, 2.36, 2.28], [2.30, 2.25, 2.27, 2.35, 2.22, 2.29, 2.26, 2.31]),
    ([5.0, 6.0, 5.0, 7.0], [8.0, 8.0, 7.0, 9.0]),
]
compared = []
for a, b in samples:
    welch = stats.ttest_ind(b, a, equal_var=False)
    va, vb = numpy.var(a, ddof=1) / len(a), numpy.var(b, ddof=1) / len(b)
    df = (va + vb) ** 2 / (va ** 2 / (len(a) - 1) + vb ** 2 / (len(b) - 1))
    margin = stats.t.ppf(0.975, df) * numpy.sqrt(va + vb)
    difference = numpy.mean(b) - numpy.mean(a)
    entry = {"a": a, "b": b, "difference": difference, "degrees": df, "p": welch.pvalue, "interval": [difference - margin, difference + margin],
             "permutation": exact_two_samples(a, b), "bca": bca((a, b), lambda x, y: numpy.mean(y) - numpy.mean(x)),
             "bBetter": stats.mannwhitneyu(b, a).statistic / len(a) / len(b)}
    if len(a) == len(b):
        d = numpy.array(b) - numpy.array(a)
        signs = numpy.array([abs((numpy.array(sign) * d).sum()) for sign in itertools.product([1, -1], repeat=len(d))])
        entry["paired"] = {"p": stats.ttest_rel(b, a).pvalue, "permutation": (signs >= abs(d.sum()) - 1e-9).mean(), "bca": bca((d,), numpy.mean)}
    compared.append(entry)
values["compared"] = compared
values["wilson"] = [[k, n, *map(float, stats.binomtest(k, n).proportion_ci(0.95, "wilson"))] for k, n in [(0, 20), (1, 20), (250, 500), (20, 20)]]
values["fisher"] = [[a, m, b, n, stats.fisher_exact([[a, m - a], [b, n - b]])[1]] for a, m, b, n in [(8, 10, 1, 6), (0, 5, 5, 5), (120, 200, 140, 200), (3, 3, 3, 3)]]
values["mcnemar"] = [[b, c, stats.binomtest(b, b + c).pvalue] for b, c in [(1, 9), (30, 45), (0, 6), (200, 160), (7, 7)]]
values["homogeneity"] = [[8, 10, 3, 12, stats.chi2_contingency([[8, 2], [3, 9]], correction=False)[1]], [50, 100, 60, 100, stats.chi2_contingency([[50, 50], [60, 40]], correction=False)[1]]]
pathlib.Path(__file__).with_name("distributions.json").write_text(json.dumps(values, indent=0, default=float) + "\n")
