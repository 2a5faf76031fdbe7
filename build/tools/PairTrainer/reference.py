"""Writes what the cross-encoder says of exported pairs in 32-bit floats: the figures that the tests hold the scorer's own arithmetic against."""

import argparse
import pathlib

import torch

import train
from cross_encoder import CrossEncoder, read_encoder, read_together
from weights import unpack_cross_encoder


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=pathlib.Path, help="the folder that fit-pairs filled")
    parser.add_argument("encoder", type=pathlib.Path, help="model.fp16.safetensors")
    parser.add_argument("weights", type=pathlib.Path, help="cross-encoder.bin")
    options = parser.parse_args()
    pairs = train.Pairs(options.export)
    network = CrossEncoder(read_encoder(options.encoder), torch.float32).eval()
    shift = unpack_cross_encoder(options.weights, network)
    with torch.no_grad():
        for left, right in zip(pairs.left.numpy(), pairs.right.numpy()):
            print(f"{float(network(*read_together(left[None], right[None]))) + shift:.4f}")


if __name__ == "__main__":
    main()
