import pytest

from gan_lab.errors import ConfigurationError
from gan_lab.schedules import GrowingSchedule, linear_decay, step_decay, style_layer_count


@pytest.mark.parametrize(
    ("epoch", "factor"),
    [(0, 1.0), (99, 1.0), (100, 100 / 101), (149, 51 / 101), (199, 1 / 101), (200, 0.0), (500, 0.0)],
)
def test_100_constant_and_100_decaying_epochs(epoch, factor):
    assert linear_decay(epoch, 100, 100) == pytest.approx(factor)


def test_no_decay_epochs_means_constant():
    assert linear_decay(10_000, 100, 0) == 1.0


@pytest.mark.parametrize(
    ("kimg", "resolution", "alpha"),
    [  # 600 + 600 thousand images a resolution, from 8
        (0, 8, 1.0),
        (600, 8, 1.0),
        (750, 16, 0.25),
        (900, 16, 0.5),
        (1200, 16, 1.0),
        (1800, 16, 1.0),
        (2100, 32, 0.5),
        (4800, 128, 1.0),
        (8250, 1024, 0.75),
        (8400, 1024, 1.0),
        (25_000, 1024, 1.0),
    ],
)
def test_growing_goes_as_in_the_released_code(kimg, resolution, alpha):
    assert GrowingSchedule().stage(1000 * kimg)[:2] == (resolution, pytest.approx(alpha))


def test_the_new_resolution_comes_with_the_first_image_of_its_fade():
    schedule = GrowingSchedule(resolution=32, stable_kimg=1, fade_kimg=2)
    assert schedule.stage(1000) == (8, 1.0, 0)
    assert schedule.stage(1001) == (16, 0.0005, 1)
    assert schedule.stage(2999) == (16, 0.9995, 1)
    assert schedule.stage(3000) == (16, 1.0, 2)
    phases = [schedule.stage(images).phase for images in range(0, 8000, 10)]
    assert phases == sorted(phases)
    assert set(phases) == set(range(5))  # 8, fade, 16, fade, 32


def test_networks_may_grow_without_a_fade_or_not_at_all():
    sudden = GrowingSchedule(resolution=16, stable_kimg=1, fade_kimg=0)
    assert [sudden.stage(images)[:2] for images in (0, 999, 1000)] == [(8, 1.0), (8, 1.0), (16, 1.0)]
    fixed = GrowingSchedule(resolution=64, start_resolution=64, stable_kimg=0, fade_kimg=0)
    assert {fixed.stage(images) for images in (0, 10, 10**9)} == {(64, 1.0, 0)}


@pytest.mark.parametrize(
    ("processes", "sizes"),
    [
        (1, [128, 128, 64, 32, 16, 8, 4, 4]),
        (2, [256, 128, 64, 32, 16, 8, 8, 8]),
        (4, [256, 128, 64, 32, 16, 16, 16, 16]),
        (8, [256, 128, 64, 32, 32, 32, 32, 32]),
    ],
)
def test_batches_are_the_released_codes(processes, sizes):
    schedule = GrowingSchedule()
    reached = [schedule.batch_size(1_200_000 * doublings, processes) for doublings in range(8)]
    assert reached == sizes
    assert schedule.batch_size(600_001, processes) == sizes[1]  # from the beginning of the fade


def test_training_ends_after_so_many_images():
    schedule = GrowingSchedule(total_kimg=1)
    assert [schedule.done(images) for images in (999, 1000, 1001)] == [False, True, True]
    assert not GrowingSchedule(total_kimg=0).done(10**9)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"resolution": 100}, "powers of two, got 8 and 100"),
        ({"resolution": 8, "start_resolution": 16}, "start_resolution must be from 4 to the resolution 8, got 16"),
        ({"start_resolution": 2}, "start_resolution must be from 4"),
        ({"fade_kimg": -1}, "must be at least 0"),
        ({"stable_kimg": 0, "fade_kimg": 0}, "need a stable_kimg or a fade_kimg"),
        ({"resolution": 16, "batch_sizes": {8: 4}}, "batch_sizes lacks the resolution 16"),
    ],
)
def test_a_schedule_that_does_not_fit_together_is_refused(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        GrowingSchedule(**settings)


def test_batches_that_processes_cannot_share_are_refused():
    with pytest.raises(ConfigurationError, match="for 1, 2, 4 or 8 processes, not 3: give batch_sizes"):
        GrowingSchedule().batch_size(0, 3)
    schedule = GrowingSchedule(resolution=16, batch_sizes={8: 6, 16: 5})
    assert schedule.batch_size(0, 3) == 6
    with pytest.raises(ConfigurationError, match="5 images a step at 16 cannot be shared by 2 processes"):
        schedule.batch_size(10**6, 2)


@pytest.mark.parametrize(("epoch", "rate"), [(0, 1e-3), (39, 1e-3), (40, 2e-4), (60, 4e-5), (79, 4e-5), (199, 8e-6)])
def test_a_drop_by_five_after_40_60_and_80_epochs(epoch, rate):
    assert 1e-3 * step_decay(epoch, (40, 60, 80), 0.2) == pytest.approx(rate)


@pytest.mark.parametrize(("resolution", "layers"), [(4, 2), (8, 4), (256, 14), (1024, 18)])
def test_style_layers_are_two_a_resolution(resolution, layers):
    assert style_layer_count(resolution) == layers
