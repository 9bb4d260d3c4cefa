"""Numbers that receive nothing: what they prove, and what excuses them."""

import numpy as np

from acquit.routes.contradiction import KNOWN_DEAD, Contradiction, contradicted, likelihood

SUPPLIERS = 6


def of(delivered: list[int], tried: int = 2_000) -> Contradiction:
    """Six suppliers on one carrier."""
    size = len(delivered)
    return contradicted(
        np.full(size, tried), np.array(delivered), np.zeros(size, np.int64), np.arange(size), KNOWN_DEAD
    )


def test_deliveries_to_dead_numbers_contradict_a_route() -> None:
    assert of([100, 6, 5, 7, 4, 6]).nats[0] > 10


def test_the_error_of_the_list_contradicts_nobody() -> None:
    assert of([6, 6, 5, 7, 4, 6]).nats.max() < 2


def test_numbers_given_anew_contradict_nobody() -> None:
    """A carrier's numbers get new owners: then all of its suppliers deliver to them."""
    found = of([30, 28, 33, 29, 31, 30])
    assert found.nats.max() < 4.6
    assert found.operator_nats.max() < 4.6


def test_one_liar_does_not_hide_behind_numbers_given_anew() -> None:
    assert of([600, 28, 33, 29, 31, 30]).nats[0] > 20


def test_most_suppliers_of_a_carrier_cannot_make_lying_normal() -> None:
    assert (of([200, 210, 190, 205, 195, 6]).nats[:5] > 20).all()


def test_all_suppliers_alike_and_beyond_any_wave_is_the_operator() -> None:
    assert (of([500, 510, 490, 505, 495, 500]).operator_nats > 10).all()


def test_without_messages_to_dead_numbers_nothing_is_said() -> None:
    assert of([0] * SUPPLIERS, tried=0).nats.tolist() == [0.0] * SUPPLIERS


def test_a_supplier_is_not_its_own_peer() -> None:
    """Five routes of one supplier: they excuse one another no more than one does."""
    many = contradicted(np.full(5, 2_000), np.full(5, 30), np.zeros(5, np.int64), np.zeros(5, np.int64), KNOWN_DEAD)
    alone = contradicted(np.array([2_000]), np.array([30]), np.zeros(1, np.int64), np.zeros(1, np.int64), KNOWN_DEAD)
    np.testing.assert_allclose(many.nats, alone.nats[0])


def test_the_likeliest_share_is_that_of_the_dead_numbers() -> None:
    shares = np.linspace(0.01, 0.2, 39)
    found = likelihood(of([200, 6, 5, 7, 4, 6]), 0, shares)
    assert abs(shares[found.argmax()] - 0.1) < 0.011
