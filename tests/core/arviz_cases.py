#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes arviz_cases.h: what ArviZ says of chains that tst_convergence makes again.

pip install "arviz-stats>=1"; python3 tests/core/arviz_cases.py > tests/core/arviz_cases.h
The chains come from the C library's classic generator, the same doubles in any language.
"""
import random

import arviz_stats
import numpy as np
from arviz_stats.base import array_stats


def chains_of(seed, chains, draws, memory, shift, kind):
    rows = []
    for m in range(chains):
        state, x, row = seed + m, 0.0, []
        for t in range(draws):
            state = (1103515245 * state + 12345) % 2147483648
            x = x * memory + (state / 2147483648.0 - 0.5)
            row.append(x + shift * m)
            if kind == 1:  # ties
                row[t] = np.floor(8 * row[t]) / 8
            if kind == 2 and m == 0 and t >= draws // 3:  # the first chain is stuck from here on
                row[t] = row[draws // 3]
            if kind == 3:  # a drift
                row[t] += t / 64
        rows.append(row)
    return np.array(rows)


def chainwise(row):
    """R-hat of one chain's halves, which ArviZ does not offer: by its own parts."""
    return array_stats._rhat(array_stats._z_scale(array_stats._split_chains(np.array([row]))))


def numbers(chains):
    axes = {"chain_axis": 0, "draw_axis": 1}
    return [
        array_stats.rhat(chains, method="rank", **axes),
        array_stats.ess(chains, method="bulk", **axes),
        array_stats.ess(chains, method="tail", prob=(0.05, 0.95), **axes),
        array_stats.ess(chains, method="mean", **axes),
        array_stats.mcse(chains, method="mean", **axes),
        chainwise(chains[0]),
    ]


def case():
    draw = random.Random(20250111)
    for i in range(60):
        kind = i % 4
        memory = -0.1 * draw.randint(3, 9) if i % 5 == 0 else 0.1 * draw.randint(0, 9)
        draws = draw.randint(4, 9) if i % 6 == 0 else draw.randint(10, 400)
        shift = draw.choice([0, 0, 0.25, 1])
        yield draw.randint(1, 10**6), draw.randint(1, 6), draws, round(memory, 1), shift, kind


def text(value):
    return "NAN" if np.isnan(value) else repr(float(value))


np.seterr(all="ignore")
print("// SPDX-License-Identifier: GPL-3.0-or-later")
print(f"// Made by arviz_cases.py with arviz-stats {arviz_stats.__version__}.")
print("// clang-format off")
print("// {seed, chains, draws, memory, shift, kind, R-hat, bulk ESS, tail ESS, ESS of the mean,")
print("//  MCSE of the mean, chain-wise R-hat of the first chain}")
for parts in case():
    values = numbers(chains_of(*parts))
    print("{" + ", ".join([*map(str, parts), *map(text, values)]) + "},")
