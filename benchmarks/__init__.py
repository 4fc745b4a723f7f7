"""npgen beside its peers: `python -m benchmarks [CASE ...] --json FILE`.

Every case gives npgen and each peer the same inputs, in float32 and with two threads. Each runs in a process of its
own, one after the other, for several rounds; what counts is the ratio peer / npgen within a round, for a machine that
is slow in one round is slow for both.

The peers need PyTorch and JAX: `pip install -e ".[bench]"`.
"""
