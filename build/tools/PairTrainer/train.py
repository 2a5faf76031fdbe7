"""Fits the pair scorer to what the verb fit-pairs exported, see README.md: one weights file for each fold, fitted to the other folds, and one fitted to all pairs."""

import argparse
import pathlib

import numpy
import torch
from torch.nn import functional

from network import PairNetwork
from weights import pack

EPOCHS = 6
BATCH = 128
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-2

# Labels are taken for right so often, no more: some of them are not.
LABEL_TRUST = 0.98

# Features are cut off so many standard deviations from their mean.
FEATURE_BOUND = 4

# Rows of the word table have about this length, so that their values are as large as other inputs.
WORD_LENGTH = 4
COMPONENTS = 64
FIRST_WORD = 999

# The weight that the similarity keeps beside the network. It costs a little on pairs like those of the fit; in other domains it keeps the order
# that the encoder gives, which knows more of them.
COSINE_WEIGHT = 8.0


class Pairs:
    """What was exported: a row a pair."""

    def __init__(self, folder):
        read = lambda name, kind: numpy.fromfile(folder / name, kind)
        self.labels = read("labels.f32", "<f4")
        self.folds = read("folds.i32", "<i4")
        count = len(self.labels)
        self.left = torch.from_numpy(read("left.i32", "<i4").reshape(count, -1).astype("int64"))
        self.right = torch.from_numpy(read("right.i32", "<i4").reshape(count, -1).astype("int64"))
        self.features = read("features.f32", "<f4").reshape(count, -1)
        self.cosines = self.features[:, 0]
        self.rarity = torch.from_numpy(read("rarity.f32", "<f4"))
        self.lengths = torch.maximum((self.left > 0).sum(1), (self.right > 0).sum(1)).numpy()
        embeddings = read("words.f32", "<f4").reshape(len(self.rarity), -1)
        self.words = torch.from_numpy(principal_components(embeddings, torch.cat([self.left, self.right]).numpy()))


def principal_components(embeddings, tokens):
    """
    The encoder's word embeddings on their principal components: with fewer values a token, 40,000 pairs are enough, and words that no pair has are
    placed as well. Each word is weighted by the root of how often it occurs.
    """
    weights = numpy.sqrt(numpy.bincount(tokens[tokens > 0], minlength=len(embeddings)) + 1.0)[FIRST_WORD:, None]
    words = embeddings[FIRST_WORD:] / numpy.linalg.norm(embeddings[FIRST_WORD:], axis=1, keepdims=True)
    words = words - (weights * words).sum(0) / weights.sum()
    _, vectors = numpy.linalg.eigh(words.T @ (weights * words))
    reduced = words @ vectors[:, ::-1][:, :COMPONENTS]
    table = numpy.zeros((len(embeddings), COMPONENTS), "float32")
    table[FIRST_WORD:] = WORD_LENGTH * reduced / numpy.linalg.norm(reduced, axis=1, keepdims=True)
    return table


def scaling(features):
    """Means, and factors that make the standard deviation one."""
    return features.mean(0), 1 / (features.std(0) + 1e-6)


def scaled(features, means, factors):
    return torch.from_numpy(((features - means) * factors).astype("float32")).clamp(-FEATURE_BOUND, FEATURE_BOUND)


def batches(chosen, lengths, random, size=BATCH):
    """Pairs of about the same length, so that little is padding, in random order."""
    chosen = random.permutation(chosen)
    made = []
    for start in range(0, len(chosen), 40 * size):
        part = chosen[start : start + 40 * size]
        part = part[numpy.argsort(lengths[part], kind="stable")]
        made += [part[i : i + size] for i in range(0, len(part), size)]
    random.shuffle(made)
    return made


def fit(pairs, chosen, seed):
    torch.manual_seed(seed)
    random = numpy.random.default_rng(seed)
    means, factors = scaling(pairs.features[chosen])
    features = scaled(pairs.features, means, factors)
    targets = torch.from_numpy(pairs.labels) * (2 * LABEL_TRUST - 1) + (1 - LABEL_TRUST)
    network = PairNetwork(pairs.words, pairs.rarity, features.shape[1])
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    epochs = [batches(chosen, pairs.lengths, random) for _ in range(EPOCHS)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=sum(map(len, epochs)) + 1)
    network.train()
    for epoch in epochs:
        for batch in epoch:
            width = pairs.lengths[batch].max()
            batch = torch.from_numpy(batch)
            log_odds = network(pairs.left[batch, :width], pairs.right[batch, :width], features[batch])
            loss = functional.binary_cross_entropy_with_logits(log_odds, targets[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    network.eval()
    return network, means, factors


def score(pairs, fitted, chosen):
    """What the network and the similarity come to."""
    network, means, factors = fitted
    with torch.no_grad():
        parts = [
            network(pairs.left[part], pairs.right[part], scaled(pairs.features[part.numpy()], means, factors))
            for part in torch.from_numpy(chosen).split(512)
        ]
    return torch.cat(parts).numpy() + COSINE_WEIGHT * pairs.cosines[chosen]


def calibrate(scores, labels):
    """Platt's calibration, by Newton's method: the factor and the shift that make scores the log-odds of a probability."""
    inputs = numpy.stack([scores, numpy.ones_like(scores)], 1).astype("float64")
    weights = numpy.zeros(2)
    for _ in range(25):
        probabilities = 1 / (1 + numpy.exp(-inputs @ weights))
        gradient = inputs.T @ (probabilities - labels)
        hessian = inputs.T @ (inputs * (probabilities * (1 - probabilities))[:, None])
        weights -= numpy.linalg.solve(hessian, gradient)
    return weights


def average_precision(scores, labels):
    """Without regard to ties, which are rare."""
    hits = labels[numpy.argsort(-scores, kind="stable")]
    return float((numpy.cumsum(hits) / numpy.arange(1, len(hits) + 1) * hits).sum() / hits.sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=pathlib.Path, help="the folder that fit-pairs filled")
    parser.add_argument("output", type=pathlib.Path, help="the folder for pair-scorer.bin and fold-0.bin, fold-1.bin, ...")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    pairs = Pairs(options.export)
    options.output.mkdir(parents=True, exist_ok=True)
    count = pairs.folds.max() + 1
    fitted = []
    scores = numpy.zeros_like(pairs.labels)
    for fold in range(count):
        fitted.append(fit(pairs, numpy.flatnonzero(pairs.folds != fold), options.seed))
        held = numpy.flatnonzero(pairs.folds == fold)
        scores[held] = score(pairs, fitted[fold], held)
        print(f"fold {fold}: average precision {average_precision(scores[held], pairs.labels[held]):.4f}", flush=True)

    print(f"all folds: average precision {average_precision(scores, pairs.labels):.4f}", flush=True)

    # One calibration for all, made on scores of pairs that were left out: it changes no fold's order.
    calibration = calibrate(scores, pairs.labels)
    (calibration[0] * scores + calibration[1]).astype("<f4").tofile(options.output / "scores.f32")
    for fold in range(count):
        pack(options.output / f"fold-{fold}.bin", *fitted[fold], COSINE_WEIGHT, calibration)
    everything = fit(pairs, numpy.arange(len(pairs.labels)), options.seed)
    pack(options.output / "pair-scorer.bin", *everything, COSINE_WEIGHT, calibration)


if __name__ == "__main__":
    main()
