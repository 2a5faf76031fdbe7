"""Writes the weights as PairLayout.cs and CrossEncoderLayout.cs in src/LlmThrift.Embeddings/Pairs describe them."""

import numpy
import torch

MAGIC = 0x32534D50  # "PMS2"
CROSS_ENCODER_MAGIC = 0x31454350  # "PCE1"
HEAD_DIMENSIONS = 32
DIMENSIONS = 384


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


def pack_cross_encoder(path, network, mixture):
    """mixture: the factors of the cross-encoder's and the network's log-odds in the result, and its shift."""
    array = lambda value: value.detach().float().numpy()
    halves = []
    for layer in network.layers:
        for place, linear in enumerate(layer.maps()):
            by_outputs = array(linear.by_outputs).copy()
            if place == 0:
                # The scorer's queries are scaled beforehand.
                by_outputs[:DIMENSIONS] /= numpy.sqrt(HEAD_DIMENSIONS)
            halves += [array(linear.by_inputs), by_outputs]
    halves += [array(network.added_to_tokens()), array(network.hidden.weight).T]
    factor, network_factor, shift = mixture
    floats = [
        array(network.hidden.bias),
        factor * array(network.output.weight),
        network_factor,
        factor * array(network.output.bias) + shift,
    ]
    with open(path, "wb") as file:
        file.write(numpy.array([CROSS_ENCODER_MAGIC], "<u4").tobytes())
        file.write(numpy.concatenate([part.ravel() for part in halves]).astype("<f2").tobytes())
        file.write(numpy.concatenate([numpy.asarray(part, "<f4").ravel() for part in floats]).tobytes())


def unpack_cross_encoder(path, network):
    """Sets the weights of a network to those of a file, with the factor of its log-odds in them; returns the shift, without the network's part."""
    file = open(path, "rb").read()
    count = sum(linear.by_inputs.numel() + linear.by_outputs.numel() for layer in network.layers for linear in layer.maps())
    rows, hidden, units = 2 * len(network.kinds), network.hidden.weight.numel(), len(network.hidden.bias)
    halves = numpy.frombuffer(file, "<f2", count + rows * DIMENSIONS + hidden, 4).astype("float32")
    floats = numpy.frombuffer(file, "<f4", 2 * units + 2, 4 + 2 * len(halves))
    take = iter(numpy.split(halves, numpy.cumsum([w.numel() for l in network.layers for m in l.maps() for w in (m.by_inputs, m.by_outputs)])))
    with torch.no_grad():
        for layer in network.layers:
            for place, linear in enumerate(layer.maps()):
                linear.by_inputs.copy_(torch.from_numpy(next(take)).view_as(linear.by_inputs))
                linear.by_outputs.copy_(torch.from_numpy(next(take)).view_as(linear.by_outputs))
                if place == 0:
                    linear.by_outputs[:DIMENSIONS] *= numpy.sqrt(HEAD_DIMENSIONS)
        rest = next(take)
        added = torch.from_numpy(rest[: rows * DIMENSIONS]).view(rows, DIMENSIONS)
        network.kinds.copy_(added[: rows // 2])
        network.types[0] = network.first_type
        network.types[1] = network.first_type + added[rows // 2] - added[0]
        network.hidden.weight.copy_(torch.from_numpy(rest[rows * DIMENSIONS :]).view(-1, units).T)
        network.hidden.bias.copy_(torch.from_numpy(floats[:units].copy()))
        network.output.weight.copy_(torch.from_numpy(floats[units : 2 * units].copy())[None])
        network.output.bias.zero_()
    return float(floats[2 * units + 1])
