import random

import pytest
import torch

from gan_lab.errors import CheckpointError
from gan_lab.training.image_pool import ImagePool
from gan_lab.training.per_process import PerProcessState


def image(value: float) -> torch.Tensor:
    return torch.full((1, 1, 2, 2), float(value))


def test_a_pool_gives_back_what_it_gets_until_it_is_full():
    pool = ImagePool(3)
    assert [pool.query(image(value)).mean().item() for value in range(3)] == [0, 1, 2]
    assert len(pool.images) == 3


def test_a_full_pool_swaps_half_the_time_with_any_of_its_images():
    random.seed(0)
    pool = ImagePool(50)
    for value in range(50):
        pool.query(image(value))
    returned = [int(pool.query(image(value)).mean()) for value in range(50, 2050)]
    new = sum(given == back for given, back in enumerate(returned, start=50))
    assert abs(new - 1000) < 100  # five standard deviations
    assert len(pool.images) == 50
    kept = {int(stored.mean()) for stored in pool.images}
    assert not kept & set(returned) - set(range(50))  # what was given back directly was not stored


def test_images_of_a_batch_are_exchanged_one_by_one_and_carry_no_gradient():
    pool = ImagePool(1)
    batch = torch.rand(4, 3, 2, 2, requires_grad=True)
    out = pool.query(batch)
    assert out.shape == batch.shape
    assert not out.requires_grad
    assert len(pool.images) == 1


def test_a_pool_of_none_is_no_pool():
    pool = ImagePool(0)
    assert torch.equal(pool.query(image(3)), image(3))
    assert pool.images == []


def test_a_restored_pool_goes_on_as_the_first_would():
    pool, twin = ImagePool(2), ImagePool(2)
    for value in range(5):
        pool.query(image(value))
    twin.load_state_dict(pool.state_dict())
    random.seed(1)
    one = [pool.query(image(value)) for value in range(9, 20)]
    random.seed(1)
    two = [twin.query(image(value)) for value in range(9, 20)]
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize(
    "images", [None, torch.zeros(2, 3, 4, 4), ["image"], [torch.zeros(4, 4)], [torch.full((3, 4, 4), float("nan"))]]
)
def test_a_kept_pool_of_other_things_than_images_is_refused(images):
    with pytest.raises(CheckpointError, match="its pool of generated images holds other things"):
        ImagePool(2).load_state_dict({"images": images})


def test_a_state_that_was_not_kept_is_refused_by_name():
    kept = PerProcessState()
    kept.keep(pool_a=ImagePool(2), pool_b=ImagePool(2))
    with pytest.raises(CheckpointError, match="its 'per_process' has no pool_b"):
        kept.load([{"pool_a": {"images": []}}], rank=0)


def filled(count: int) -> ImagePool:
    pool = ImagePool(count)
    for value in range(count):
        pool.query(image(value))
    return pool


@pytest.mark.parametrize(("size", "kept"), [(0, 0), (2, 2), (9, 4)])
def test_a_pool_of_another_size_takes_over_what_it_has_room_for(size, kept):
    pool = ImagePool(size)
    pool.load_state_dict(filled(4).state_dict())
    assert len(pool.images) == kept
    for value in range(100):
        pool.query(image(value))
    assert len(pool.images) == size


def test_images_of_another_precision_are_given_back_in_that_of_the_run():
    pool = ImagePool(1)
    pool.load_state_dict({"images": [torch.full((1, 2, 2), 7, dtype=torch.bfloat16)]})
    given = [pool.query(image(value)) for value in range(20)]
    assert {back.dtype for back in given} == {torch.float32}
    assert any((back == 7).all() for back in given)


def test_images_of_another_size_make_room():
    pool = ImagePool(2)
    pool.load_state_dict(filled(2).state_dict())
    larger = torch.rand(3, 1, 4, 4)
    assert pool.query(larger).shape == larger.shape
    assert {tuple(kept.shape) for kept in pool.images} == {(1, 4, 4)}
