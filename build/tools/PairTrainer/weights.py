"""Writes the weights as src/LlmThrift.Embeddings/Pairs/PairLayout.cs describes them."""

import numpy
import torch

MAGIC = 0x32534D50  # "PMS2"


def rounded(values):
    """Rows in 8 bits, and for each what one step stands for."""
    steps = numpy.abs(values).max(1).clip(1e-9) / 127
    return numpy.round(values / steps[:, None]).astype("int8"), steps.astype("<f4")


def pack(path, network, means, factors, cosine_weight, calibration):
    with torch.no_grad():
        keys = network.key(network.words).numpy()
        own = network.own(network.words).numpy()
    array = lambda value: value.detach().numpy()
    floats = [
        means,
        factors,
        array(network.log_sharpness.exp()),
        # PyTorch has a row for each output, the scorer one for each input.
        array(network.compare.weight).T,
        array(network.hidden.weight).T,
        array(network.hidden.bias),
        array(network.last.weight).T,
        array(network.last.bias),
        array(network.output.weight),
        array(network.output.bias),
        cosine_weight,
        calibration,
    ]
    key_values, key_steps = rounded(keys)
    own_values, own_steps = rounded(own)
    steps = numpy.stack([key_steps, own_steps], 1)
    rows = numpy.concatenate([steps.view("int8"), key_values, own_values], 1)
    with open(path, "wb") as file:
        file.write(numpy.array([MAGIC], "<u4").tobytes())
        file.write(numpy.concatenate([numpy.asarray(part, "<f4").ravel() for part in floats]).tobytes())
        file.write(rows.tobytes())
