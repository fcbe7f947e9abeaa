"""Random programs at special values have no finite wrong derivative."""

import pytest

from tests.special_values import drawn, findings


@pytest.mark.parametrize("seed", range(4))
def test_no_finite_wrong_number(seed: int) -> None:
    faults = [
        (k, drawn(seed, k), finding)
        for k in range(60)
        for finding in findings(seed, k)
        if finding.is_fault
    ]
    assert not faults
