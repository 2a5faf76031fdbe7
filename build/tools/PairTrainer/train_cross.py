"""Fits the cross-encoder to what the verb fit-pairs exported, see README.md: one weights file for each fold, fitted to the other folds, and one fitted to all pairs."""

import argparse
import pathlib

import numpy
import torch
from torch.nn import functional

import train
from cross_encoder import PairReader, read_encoder, read_together
from weights import pack_cross_encoder

EPOCHS = 2
BATCH = 32
LEARNING_RATE = 8e-4
HEAD_LEARNING_RATE = 5e-4
WARM_UP = 0.08
WEIGHT_DECAY = 1e-2
LARGEST_GRADIENT = 1.0

# The first reader has the words alone, the second is told the features of the pair as well: they err in different places.
TOLD_FEATURES = False, True

# How much the readers' log-odds count together, beside the network's, and what is added for the cosine: more of the one or less of the other costs
# precision where all are surest.
SHARE = 0.5
COSINE_SHARE = 2.0

# What is kept is the mean of the weights over about the last 500 steps.
AVERAGING = 0.998


def fit(pairs, features, chosen, encoder, is_told_features, seed):
    torch.manual_seed(seed)
    random = numpy.random.default_rng(seed)
    reader = PairReader(encoder, features.shape[1] if is_told_features else 0)
    fitted = [(name, weights) for name, weights in reader.named_parameters() if weights.requires_grad]
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
    reader.train()
    for step, batch in enumerate(batches):
        swapped = (random.random(len(batch)) < 0.5)[:, None]
        first = numpy.where(swapped, right[batch], left[batch])
        second = numpy.where(swapped, left[batch], right[batch])
        with torch.autocast("cpu", torch.bfloat16):
            log_odds = reader(*read_together(first, second), features[batch])
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
    reader.eval()
    return reader


def score(pairs, features, reader, chosen):
    left, right = pairs.left.numpy()[chosen], pairs.right.numpy()[chosen]
    if reader.features:
        # As the second reader does.
        left, right = right, left
    scores = numpy.zeros(len(chosen), "float32")
    order = numpy.argsort((left > 0).sum(1) + (right > 0).sum(1), kind="stable")
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(chosen), 128):
            part = order[start : start + 128]
            scores[part] = reader(*read_together(left[part], right[part]), features[chosen[part]]).float().numpy()
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
    path = lambda fold, number: options.output / f"reader-{fold}-{number}.pt"
    for fold in folds if options.fold is None else [options.fold]:
        chosen, held = numpy.flatnonzero(pairs.folds != fold), numpy.flatnonzero(pairs.folds == fold)
        features = train.scaled(pairs.features, *train.scaling(pairs.features[chosen]))
        for number, is_told_features in enumerate(TOLD_FEATURES):
            if not path(fold, number).exists():
                reader = fit(pairs, features, chosen, encoder, is_told_features, options.seed)
                torch.save({"state": reader.state_dict(), "scores": score(pairs, features, reader, held)}, path(fold, number))
                print(f"fold {fold}: reader {number} fitted", flush=True)
    if options.fold is not None:
        return

    network_scores = numpy.fromfile(options.output / "scores.f32", "<f4")
    scores = numpy.zeros((len(TOLD_FEATURES), len(network_scores)), "float32")
    for fold in range(pairs.folds.max() + 1):
        for number in range(len(TOLD_FEATURES)):
            scores[number, pairs.folds == fold] = torch.load(path(fold, number))["scores"]
    readers = scores.mean(0)
    mixture = SHARE * readers + (1 - SHARE) * network_scores + COSINE_SHARE * pairs.cosines
    factor, shift = train.calibrate(mixture, pairs.labels)
    named = [("network", network_scores), *((f"reader {number}", part) for number, part in enumerate(scores)), ("mixture", mixture)]
    for name, values in named:
        print(f"{name}: average precision {train.average_precision(values, pairs.labels):.4f}", flush=True)
    factors = factor * SHARE / len(TOLD_FEATURES), factor * (1 - SHARE), factor * COSINE_SHARE
    for fold in folds:
        readers = [PairReader(encoder, pairs.features.shape[1] if is_told else 0) for is_told in TOLD_FEATURES]
        for number, reader in enumerate(readers):
            reader.load_state_dict(torch.load(path(fold, number))["state"])
        name = "cross-encoder.bin" if fold < 0 else f"cross-encoder-{fold}.bin"
        pack_cross_encoder(options.output / name, readers, pairs.features.shape[1], factors, shift)


if __name__ == "__main__":
    main()
