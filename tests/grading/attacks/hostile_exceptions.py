"""Exceptions whose text never ends, is 256 MB long, raises again, or ends the process; and whose type has no name.

verdict: compute_KL error|crashed|timeout
verdict: bernoulli_log_prob error|crashed|timeout
verdict: adam_update error|crashed|timeout
verdict: vae_lower_bound error|crashed|timeout|failed
must not: use the grader's memory
must not: stop the grader
"""


class Endless(Exception):
    def __str__(self):
        while True:
            pass


class Long(Exception):
    def __str__(self):
        return "x" * 2**28


class Meta(type):
    @property
    def __name__(cls):
        raise SystemExit


class Nameless(Exception, metaclass=Meta):
    def __str__(self):
        raise self


class Group(BaseException):
    @property
    def __traceback__(self):
        raise KeyboardInterrupt


def compute_KL(q):
    raise Endless


def bernoulli_log_prob(targets, logits):
    raise Long


def adam_update(*args):
    raise Nameless


def vae_lower_bound(*args):
    error = Group("\n" * 10**6)
    error.__cause__ = error
    raise error
