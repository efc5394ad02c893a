import torch

from gan_lab.images.pixels import from_bytes, to_bytes


def test_images_become_the_bytes_of_a_file():
    values = torch.tensor([-1.2, -1.0, -0.5, 0.0, 0.5, 1.0, 1.005])
    assert to_bytes(values).tolist() == [0, 0, 64, 128, 191, 255, 255]


def test_bytes_come_back():
    every = torch.arange(256, dtype=torch.uint8)
    images = from_bytes(every)
    assert (images.min(), images.max()) == (-1, 1)
    assert torch.equal(to_bytes(images), every)
