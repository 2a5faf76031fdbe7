"""Writes what the cross-encoder says of exported pairs in 32-bit floats: the figures that the tests hold the scorer's own arithmetic against."""

import argparse
import pathlib

import torch

import train
from cross_encoder import PairReader, read_encoder, read_together
from weights import unpack_cross_encoder


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=pathlib.Path, help="the folder that fit-pairs filled")
    parser.add_argument("encoder", type=pathlib.Path, help="model.fp16.safetensors")
    parser.add_argument("weights", type=pathlib.Path, help="cross-encoder.bin")
    options = parser.parse_args()
    pairs = train.Pairs(options.export)
    encoder = read_encoder(options.encoder)
    readers = [PairReader(encoder, pairs.features.shape[1], torch.float32).eval() for _ in range(2)]
    _, _, shift = unpack_cross_encoder(options.weights, readers)

    # What the scorer scales its features by is in other weights: these are made up, and the test has the same.
    features = (torch.arange(pairs.features.shape[1]) % 5 - 2)[None] / 2
    with torch.no_grad():
        for left, right in zip(pairs.left.numpy(), pairs.right.numpy()):
            first = float(readers[0](*read_together(left[None], right[None]), features))
            second = float(readers[1](*read_together(right[None], left[None]), features))
            print(f"{first + second + shift:.4f}")


if __name__ == "__main__":
    main()
