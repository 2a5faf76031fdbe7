"""A reader of the cross-encoder, as src/LlmThrift.Embeddings/Pairs/PairReader.cs runs it, with what fitting adds: dropout and gradients."""

import json
import math
import struct

import numpy
import torch
from torch import nn
from torch.nn import functional

DIMENSIONS = 384
HEADS = 12
LAYERS = 6
RANK = 16
HIDDEN = 64
DROPOUT = 0.1
HIDDEN_DROPOUT = 0.2
FEATURE_DROPOUT = 0.15
MAX_TOKENS = 83

CLASSIFIER = 101
SEPARATOR = 102

# Rows of what is added to a token's embedding, for the first question; those for the second follow.
MARK, MISSING, FOUND = 0, 1, 2
KINDS = 3


def read_encoder(path):
    """The tensors of model.fp16.safetensors."""
    data = path.read_bytes()
    header_length = struct.unpack("<Q", data[:8])[0]
    start = 8 + header_length
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if entry.get("dtype") == "F16":
            begin, end = entry["data_offsets"]
            values = numpy.frombuffer(data[start + begin : start + end], "<f2").astype("float32")
            tensors[name] = torch.from_numpy(values.reshape(entry["shape"]))
    return tensors


class PooledDropout(nn.Module):
    """Dropout by masks that are cut from a long one, at a random place: to draw each anew takes as long as the matrices do."""

    LENGTH = 1 << 23
    pools = {}

    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, values):
        if not self.training:
            return values
        key = (self.share, values.dtype)
        if key not in self.pools:
            self.pools[key] = ((torch.rand(self.LENGTH) >= self.share).float() / (1 - self.share)).to(values.dtype)
        start = int(torch.randint(0, self.LENGTH - values.numel(), (1,)))
        return values * self.pools[key][start : start + values.numel()].view(values.shape)


class AdaptedLinear(nn.Module):
    """A linear map that stays as it is, with a matrix of low rank added to it (Hu et al., LoRA, 2021)."""

    def __init__(self, tensors, names, kind):
        super().__init__()
        weight = torch.cat([tensors[name + ".weight"] for name in names])
        bias = torch.cat([tensors[name + ".bias"] for name in names])
        self.register_buffer("weight", weight.to(kind))
        self.register_buffer("bias", bias.to(kind))
        self.by_inputs = nn.Parameter(torch.randn(RANK, weight.shape[1]) / math.sqrt(weight.shape[1]))
        self.by_outputs = nn.Parameter(torch.zeros(weight.shape[0], RANK))

    def forward(self, values):
        added = functional.linear(functional.linear(values, self.by_inputs), self.by_outputs)
        return functional.linear(values, self.weight, self.bias) + added


def fixed_norm(tensors, name):
    norm = nn.LayerNorm(DIMENSIONS, eps=1e-12)
    norm.weight.data.copy_(tensors[name + ".weight"])
    norm.bias.data.copy_(tensors[name + ".bias"])
    return norm.requires_grad_(False)


class Layer(nn.Module):
    def __init__(self, tensors, number, kind):
        super().__init__()
        name = f"encoder.layer.{number}."
        parts = ["query", "key", "value"]
        self.attention_input = AdaptedLinear(tensors, [f"{name}attention.self.{part}" for part in parts], kind)
        self.attention_output = AdaptedLinear(tensors, [name + "attention.output.dense"], kind)
        self.attention_norm = fixed_norm(tensors, name + "attention.output.LayerNorm")
        self.up = AdaptedLinear(tensors, [name + "intermediate.dense"], kind)
        self.down = AdaptedLinear(tensors, [name + "output.dense"], kind)
        self.feed_forward_norm = fixed_norm(tensors, name + "output.LayerNorm")
        self.dropout = PooledDropout(DROPOUT)

    def maps(self):
        return [self.attention_input, self.attention_output, self.up, self.down]

    def forward(self, values, mask):
        batch, length, _ = values.shape
        heads = self.attention_input(values).view(batch, length, 3, HEADS, DIMENSIONS // HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = heads
        products = (query @ key.transpose(2, 3)).float() / math.sqrt(DIMENSIONS // HEADS)
        shares = self.dropout(torch.softmax(products + mask, 3).to(value.dtype))
        context = (shares @ value).transpose(1, 2).reshape(batch, length, DIMENSIONS)
        values = self.attention_norm(values + self.dropout(self.attention_output(context)))
        return self.feed_forward_norm(values + self.dropout(self.down(functional.gelu(self.up(values)))))


class PairReader(nn.Module):
    def __init__(self, tensors, features=0, kind=torch.bfloat16):
        """features: how many it is told of each pair; kind: of the encoder's own weights, which are not fitted."""
        super().__init__()
        name = "embeddings."
        self.register_buffer("words", tensors[name + "word_embeddings.weight"])
        self.register_buffer("positions", tensors[name + "position_embeddings.weight"][:MAX_TOKENS])
        self.types = nn.Parameter(tensors[name + "token_type_embeddings.weight"].clone())
        self.register_buffer("first_type", tensors[name + "token_type_embeddings.weight"][0])
        self.kinds = nn.Parameter(torch.zeros(KINDS, DIMENSIONS))
        self.norm = fixed_norm(tensors, name + "LayerNorm")
        self.layers = nn.ModuleList([Layer(tensors, number, kind) for number in range(LAYERS)])
        self.features = features
        self.hidden = nn.Linear(3 * DIMENSIONS + features, HIDDEN)
        self.output = nn.Linear(HIDDEN, 1)
        self.dropout = PooledDropout(DROPOUT)
        self.hidden_dropout = PooledDropout(HIDDEN_DROPOUT)
        self.feature_dropout = nn.Dropout(FEATURE_DROPOUT)

    def added_to_tokens(self):
        """What is added to a token by its question and kind, where the type of the first question is in already."""
        return (self.types[:, None] + self.kinds[None] - self.first_type).reshape(2 * KINDS, DIMENSIONS)

    def forward(self, tokens, questions, kinds, features):
        """
        tokens: a row a pair, padded with 0; questions: 0 or 1 for each token; kinds: MARK, MISSING or FOUND; features: scaled, a row a pair, of which those
        beyond what it is told are left aside. Returns log-odds.
        """
        values = self.words[tokens] + self.positions[: tokens.shape[1]] + self.types[questions] + self.kinds[kinds]
        values = self.dropout(self.norm(values))
        mask = torch.where(tokens > 0, 0.0, -1e4)[:, None, None]
        for layer in self.layers:
            values = layer(values, mask)
        values = values.float()
        first = self._mean(values, (kinds != MARK) & (questions == 0))
        second = self._mean(values, (kinds != MARK) & (questions == 1))
        vectors = self.hidden_dropout(torch.cat([values[:, 0], (first - second).abs(), first * second], 1))
        inputs = torch.cat([vectors, self.feature_dropout(features[:, : self.features])], 1)
        return self.output(self.hidden_dropout(functional.gelu(self.hidden(inputs))))[:, 0]

    @staticmethod
    def _mean(values, chosen):
        return (values * chosen[..., None]).sum(1) / chosen.sum(1, keepdim=True).clamp(min=1)


def read_together(left, right):
    """Tokens, questions and kinds of pairs, for a batch; left, right: tokens, a row a question, padded with 0."""
    lengths = (left > 0).sum(1) + (right > 0).sum(1) + 3
    tokens, questions, kinds = (numpy.zeros((len(left), lengths.max()), "int64") for _ in range(3))
    for row in range(len(left)):
        first, second = left[row][left[row] > 0], right[row][right[row] > 0]
        second_at = len(first) + 2
        tokens[row, : lengths[row]] = [CLASSIFIER, *first, SEPARATOR, *second, SEPARATOR]
        questions[row, second_at : lengths[row]] = 1
        kinds[row, 1 : 1 + len(first)] = numpy.where(numpy.isin(first, second), FOUND, MISSING)
        kinds[row, second_at : second_at + len(second)] = numpy.where(numpy.isin(second, first), FOUND, MISSING)
    return torch.from_numpy(tokens), torch.from_numpy(questions), torch.from_numpy(kinds)
