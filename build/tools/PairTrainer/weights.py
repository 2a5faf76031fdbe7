"""Writes the weights as PairLayout.cs and CrossEncoderLayout.cs in src/LlmThrift.Embeddings/Pairs describe them."""

import numpy
import torch

MAGIC = 0x32534D50  # "PMS2"
CROSS_ENCODER_MAGIC = 0x32454350  # "PCE2"
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


def pack_cross_encoder(path, readers, features, factors, shift):
    """features: how many there are of a pair; factors: of each reader's, the network's and the similarity's part in the log-odds; shift: what is added to them."""
    reader_factor, network_factor, cosine_factor = factors
    array = lambda value: value.detach().float().numpy()
    parts = []
    for reader in readers:
        codes, scales = [], []
        for layer in reader.layers:
            for place, linear in enumerate(layer.maps()):
                by_outputs = array(linear.by_outputs).copy()
                if place == 0:
                    # The scorer's queries are scaled beforehand.
                    by_outputs[:DIMENSIONS] /= numpy.sqrt(HEAD_DIMENSIONS)
                for rows in (array(linear.by_inputs), by_outputs.T):
                    rounded_rows, steps = rounded(rows)
                    codes.append(rounded_rows)
                    scales.append(steps)
        hidden = array(reader.hidden.weight).T
        unused = numpy.zeros((features - reader.features, hidden.shape[1]), "float32")
        halves = [array(reader.added_to_tokens()), hidden, unused]
        floats = [*scales, array(reader.hidden.bias), reader_factor * array(reader.output.weight)]
        shift += reader_factor * float(reader.output.bias)
        parts.append(numpy.concatenate([part.ravel() for part in floats]).astype("<f4").tobytes())
        parts.append(numpy.concatenate([part.ravel() for part in halves]).astype("<f2").tobytes())
        parts.append(numpy.concatenate([part.ravel() for part in codes]).tobytes())
    with open(path, "wb") as file:
        file.write(numpy.array([CROSS_ENCODER_MAGIC], "<u4").tobytes())
        file.write(numpy.array([network_factor, cosine_factor, shift], "<f4").tobytes())
        for part in parts:
            file.write(part)


def unpack_cross_encoder(path, readers):
    """Sets the weights of readers, which are told all features, to those of a file, with their factors; returns the factors of the network and the similarity, and the shift."""
    file = open(path, "rb").read()
    mixture = numpy.frombuffer(file, "<f4", 3, 4)
    place = 16
    for reader in readers:
        maps = [(linear, number == 0) for layer in reader.layers for number, linear in enumerate(layer.maps())]
        rank, units, inputs = len(maps[0][0].by_inputs), len(reader.hidden.bias), reader.hidden.weight.shape[1]
        rows = 2 * len(reader.kinds)
        floats = numpy.frombuffer(file, "<f4", 2 * rank * len(maps) + 2 * units, place)
        place += floats.nbytes
        halves = numpy.frombuffer(file, "<f2", rows * DIMENSIONS + inputs * units, place).astype("float32")
        place += 2 * halves.size
        scales = iter(floats[: 2 * rank * len(maps)].reshape(-1, rank, 1))
        with torch.no_grad():
            for linear, is_first in maps:
                for weights in (linear.by_inputs, linear.by_outputs.T):
                    codes = numpy.frombuffer(file, "int8", weights.numel(), place).reshape(weights.shape)
                    place += codes.size
                    weights.copy_(torch.from_numpy(codes * next(scales)))
                if is_first:
                    linear.by_outputs[:DIMENSIONS] *= numpy.sqrt(HEAD_DIMENSIONS)
            added = torch.from_numpy(halves[: rows * DIMENSIONS]).view(rows, DIMENSIONS)
            reader.kinds.copy_(added[: rows // 2])
            reader.types[0] = reader.first_type
            reader.types[1] = reader.first_type + added[rows // 2] - added[0]
            reader.hidden.weight.copy_(torch.from_numpy(halves[rows * DIMENSIONS :]).view(inputs, units).T)
            reader.hidden.bias.copy_(torch.from_numpy(floats[-2 * units : -units].copy()))
            reader.output.weight.copy_(torch.from_numpy(floats[-units:].copy())[None])
            reader.output.bias.zero_()
    return [float(value) for value in mixture]
