"""The network of the pair scorer, as src/LlmThrift.Embeddings/Pairs/PairNetwork.cs runs it, with what fitting adds: dropout and gradients."""

import torch
from torch import nn
from torch.nn import functional

KEY = 32
COMPARED = 32
HIDDEN = 128
LAST = 32
SUM_SHARE = 0.2
ALIGNMENT_FEATURES = 7


class PairNetwork(nn.Module):
    def __init__(self, words, rarity, features):
        """words: a row for each token, fixed; rarity: of each token; features: how many there are of a pair."""
        super().__init__()
        components = words.shape[1]
        self.register_buffer("words", words)
        self.register_buffer("rarity", rarity)
        self.key = nn.Linear(components, KEY, bias=False)
        with torch.no_grad():
            self.key.weight.copy_(torch.eye(KEY, components))
        self.own = nn.Linear(components, COMPARED)
        self.compare = nn.Linear(2 * KEY, COMPARED, bias=False)
        self.log_sharpness = nn.Parameter(torch.tensor(2.0))
        self.hidden = nn.Linear(4 * COMPARED + features + ALIGNMENT_FEATURES, HIDDEN)
        self.last = nn.Linear(HIDDEN, LAST)
        self.output = nn.Linear(LAST, 1)
        self.token_dropout = nn.Dropout(0.15)
        self.input_dropout = nn.Dropout(0.15)
        self.hidden_dropout = nn.Dropout(0.4)

    def forward(self, left, right, features):
        """left, right: tokens, a row a question, padded with 0; features: scaled, a row a pair. Returns log-odds."""
        left_words, right_words = self.words[left], self.words[right]
        left_keys, right_keys = self.key(left_words), self.key(right_words)
        likeness = functional.normalize(left_keys, dim=2) @ functional.normalize(right_keys, dim=2).transpose(1, 2)
        sharp = likeness * self.log_sharpness.exp()
        left_here, right_here = left > 0, right > 0
        left_found = torch.softmax(sharp.masked_fill(~right_here[:, None], -1e4), 2) @ right_keys
        right_found = torch.softmax(sharp.transpose(1, 2).masked_fill(~left_here[:, None], -1e4), 2) @ left_keys
        left_sum, left_peak = self._compared(left_words, left_keys, left_found, left_here)
        right_sum, right_peak = self._compared(right_words, right_keys, right_found, right_here)
        inputs = [
            SUM_SHARE * (left_sum + right_sum),
            SUM_SHARE * (left_sum - right_sum).abs(),
            torch.maximum(left_peak, right_peak),
            torch.minimum(left_peak, right_peak),
            features,
            self._alignment(likeness.detach(), left, right),
        ]
        hidden = self.hidden_dropout(functional.gelu(self.hidden(self.input_dropout(torch.cat(inputs, 1)))))
        return self.output(functional.gelu(self.last(hidden)))[:, 0]

    def _compared(self, words, keys, found, here):
        both = self.token_dropout(torch.cat([keys * found, (keys - found).abs()], 2))
        compared = functional.gelu(self.compare(both) + self.own(self.token_dropout(words)))
        return (compared * here[..., None]).sum(1), compared.masked_fill(~here[..., None], -1e4).amax(1)

    def _alignment(self, likeness, left, right):
        """How much of each question has no like in the other, as AlignmentFeatures.cs has it."""
        likeness = likeness.masked_fill(~((left > 0)[:, :, None] & (right > 0)[:, None]), 0).clamp(min=0)
        covered, largest, total = zip(self._missing(likeness.amax(2), left), self._missing(likeness.amax(1), right))
        features = [
            5 * torch.minimum(*covered) - 4,
            5 * torch.maximum(*covered) - 4,
            0.5 * torch.minimum(*largest) - 1,
            0.5 * torch.maximum(*largest) - 1,
            torch.log1p(total[0] + total[1]) - 1.5,
            torch.log1p(torch.maximum(*total)) - 1.5,
            torch.log1p(torch.minimum(*total)) - 1.5,
        ]
        return torch.stack(features, 1)

    def _missing(self, best, tokens):
        rarity = self.rarity[tokens] * (tokens > 0)
        missing = ((1 - best) * rarity).clamp(min=0)
        return 1 - missing.sum(1) / rarity.sum(1).clamp(min=1e-6), missing.amax(1), missing.sum(1)
