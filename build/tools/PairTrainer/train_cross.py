"""Fits the cross-encoder to what the verb fit-pairs exported, see README.md: one weights file for each fold, fitted to the other folds, and one fitted to all pairs."""

import argparse
import pathlib

import numpy
import torch
from torch.nn import functional

import train
from cross_encoder import CrossEncoder, read_encoder, read_together
from weights import pack_cross_encoder

EPOCHS = 2
BATCH = 32
LEARNING_RATE = 8e-4
HEAD_LEARNING_RATE = 5e-4
WARM_UP = 0.08
WEIGHT_DECAY = 1e-2
LARGEST_GRADIENT = 1.0

# How much the cross-encoder's log-odds count, beside the network's. Where both are surest, more of it costs precision.
SHARE = 0.4

# What is kept is the mean of the weights over about the last 500 steps.
AVERAGING = 0.998


def fit(pairs, chosen, encoder, seed):
    torch.manual_seed(seed)
    random = numpy.random.default_rng(seed)
    network = CrossEncoder(encoder)
    fitted = [(name, weights) for name, weights in network.named_parameters() if weights.requires_grad]
    groups = [
        {
            "params": [weights],
            "lr": HEAD_LEARNING_RATE if name.startswith(("hidden", "output", "kinds", "types")) else LEARNING_RATE,
            "weight_decay": WEIGHT_DECAY if weights.dim() > 1 else 0,
        }
        for name, weights in fitted
    ]
    fitted = [weights for _, weights in fitted]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6)
    left, right = pairs.left.numpy(), pairs.right.numpy()
    targets = torch.from_numpy(pairs.labels) * (2 * train.LABEL_TRUST - 1) + (1 - train.LABEL_TRUST)
    lengths = (left > 0).sum(1) + (right > 0).sum(1)
    batches = [batch for _ in range(EPOCHS) for batch in train.batches(chosen, lengths, random, BATCH)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        [group["lr"] for group in groups],
        total_steps=len(batches) + 1,
        pct_start=WARM_UP,
        anneal_strategy="linear",
        cycle_momentum=False,
    )
    means = [weights.detach().clone() for weights in fitted]
    network.train()
    for step, batch in enumerate(batches):
        swapped = (random.random(len(batch)) < 0.5)[:, None]
        first = numpy.where(swapped, right[batch], left[batch])
        second = numpy.where(swapped, left[batch], right[batch])
        with torch.autocast("cpu", torch.bfloat16):
            log_odds = network(*read_together(first, second))
        loss = functional.binary_cross_entropy_with_logits(log_odds.float(), targets[torch.from_numpy(batch)])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(fitted, LARGEST_GRADIENT)
        optimiser.step()
        schedule.step()
        kept = min(AVERAGING, (step + 1) / (step + 10))
        for mean, weights in zip(means, fitted):
            mean.mul_(kept).add_(weights.detach(), alpha=1 - kept)
    for mean, weights in zip(means, fitted):
        weights.data.copy_(mean)
    network.eval()
    return network


def score(pairs, network, chosen):
    left, right = pairs.left.numpy()[chosen], pairs.right.numpy()[chosen]
    scores = numpy.zeros(len(chosen), "float32")
    order = numpy.argsort((left > 0).sum(1) + (right > 0).sum(1), kind="stable")
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(chosen), 128):
            part = order[start : start + 128]
            scores[part] = network(*read_together(left[part], right[part])).float().numpy()
    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=pathlib.Path, help="the folder that fit-pairs filled")
    parser.add_argument("encoder", type=pathlib.Path, help="model.fp16.safetensors")
    parser.add_argument("output", type=pathlib.Path, help="the folder that train.py filled: for cross-encoder.bin and cross-encoder-0.bin, ...")
    parser.add_argument("--fold", type=int, help="fit without this fold only, and save what can be gone on from; -1: to all pairs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    pairs = train.Pairs(options.export)
    encoder = read_encoder(options.encoder)
    folds = range(-1, pairs.folds.max() + 1)
    for fold in folds if options.fold is None else [options.fold]:
        state = options.output / f"cross-encoder-{fold}.pt"
        if not state.exists():
            network = fit(pairs, numpy.flatnonzero(pairs.folds != fold), encoder, options.seed)
            held = numpy.flatnonzero(pairs.folds == fold)
            torch.save({"state": network.state_dict(), "scores": score(pairs, network, held)}, state)
            if fold >= 0:
                print(f"fold {fold}: fitted", flush=True)
    if options.fold is not None:
        return

    network_scores = numpy.fromfile(options.output / "scores.f32", "<f4")
    scores = numpy.zeros_like(network_scores)
    for fold in range(pairs.folds.max() + 1):
        held = numpy.flatnonzero(pairs.folds == fold)
        scores[held] = torch.load(options.output / f"cross-encoder-{fold}.pt")["scores"]
    both = SHARE * scores + (1 - SHARE) * network_scores
    factor, shift = train.calibrate(both, pairs.labels)
    mixture = factor * SHARE, factor * (1 - SHARE), shift
    for name, values in (("network", network_scores), ("cross-encoder", scores), ("both", both)):
        print(f"{name}: average precision {train.average_precision(values, pairs.labels):.4f}", flush=True)
    for fold in folds:
        network = CrossEncoder(encoder)
        network.load_state_dict(torch.load(options.output / f"cross-encoder-{fold}.pt")["state"])
        name = "cross-encoder.bin" if fold < 0 else f"cross-encoder-{fold}.bin"
        pack_cross_encoder(options.output / name, network, mixture)


if __name__ == "__main__":
    main()
