#!/bin/sh
# Two recipes, five seeds, three roundings of each: 30 runs of about half a minute each on one core. See docs/noise.md.
set -eu
export OMP_NUM_THREADS=1
for seed in 1 2 3 4 5; do
  for recipe in decay nodecay; do
    for k in 1 3 5; do
      python3 "$(dirname "$0")/train.py" --recipe "$recipe" --seed "$seed" --k "$k"
    done
  done
done
