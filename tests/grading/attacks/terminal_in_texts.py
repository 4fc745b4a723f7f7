"""Texts for the terminal, the report and the spreadsheet of whoever reads the verdict.

verdict: compute_KL error
verdict: bernoulli_log_prob failed
verdict: adam_update error
must not: send control characters
"""

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e<script>alert(1)</script>\ud800=cmd|' /C calc'!A0{0}{x}%s"


def compute_KL(q):
    print(EVIL.encode("utf-8", "replace").decode())
    raise ValueError(EVIL * 20)


def bernoulli_log_prob(targets, logits):
    return type(EVIL.replace("\ud800", ""), (), {})()


def adam_update(*args):
    raise type("E\x1b[31m" * 10, (Exception,), {})("\U0001f600" * 5000)
