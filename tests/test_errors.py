import numpy as np
import pytest

from npgen.errors import InputError, require_positive, unknown_name


def test_the_nearest_name_is_suggested():
    assert str(unknown_name("model", "nad", ["vae", "nade"])) == "unknown model 'nad'. Did you mean nade?"


def test_without_a_near_name_all_are_told():
    assert str(unknown_name("model", "zzz", ["vae", "nade"])) == "unknown model 'zzz'. Known: nade, vae."


def test_require_positive():
    require_positive(n=1, m=np.int64(3))
    for value in (0, -2, 1.0, "3", None):
        with pytest.raises(InputError, match="n_hidden: expected an integer of at least 1"):
            require_positive(n_hidden=value)
