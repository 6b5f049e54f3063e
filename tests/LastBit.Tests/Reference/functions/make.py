"""Writes functions.json: arguments and values of functions with 50 digits, each value as a binary64 number and what it leaves over. python3 make.py (mpmath)"""
import json, random
from mpmath import mp, mpf, log, log1p, exp, cos, sin, pi
mp.dps = 50
random.seed(1)

def split(v):
    high = float(v)
    return [high, float(v - mpf(high))]

def logspread(low, high, n):
    return [random.uniform(1, 2) * 2.0 ** random.randint(low, high) for _ in range(n)]

x_log = logspread(-1021, 1022, 150) + [random.uniform(0.5, 2) for _ in range(150)] + [5e-324, 2.2e-308, 1 - 2**-53, 1 + 2**-52, 1.7976931348623157e308]
x_log1p = logspread(-60, 60, 150) + [random.uniform(-1, 1) for _ in range(150)] + [-1 + 2**-53, 1e-300, -1e-17]
x_exp = [random.uniform(-745, 0) for _ in range(200)] + [-v for v in logspread(-60, 8, 200)] + [0.0]
x_sigmoid = [random.uniform(-745, 40) for _ in range(200)] + [random.uniform(-5, 5) for _ in range(200)] + [0.0, 800.0]
turns = [[k, n] for n in (7, 12, 225, 256, 1000) for k in range(0, n, max(1, n // 40))]
json.dump({
    "log": [[x] + split(log(mpf(x))) for x in x_log],
    "log1p": [[x] + split(log1p(mpf(x))) for x in x_log1p],
    "exp": [[x] + split(exp(mpf(x))) for x in x_exp],
    "sigmoid": [[x] + split(1 / (1 + exp(-mpf(x)))) for x in x_sigmoid],
    "cos": [t + split(cos(2 * pi * t[0] / t[1])) for t in turns],
    "sin": [t + split(sin(2 * pi * t[0] / t[1])) for t in turns],
}, open("functions.json", "w"))
