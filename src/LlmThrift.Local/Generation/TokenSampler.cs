using System.Numerics.Tensors;
using LlmThrift.Local.Models;
using LlmThrift.Local.Native;

namespace LlmThrift.Local.Generation;

/// <summary>Chooses the tokens of one answer. Used by one thread.</summary>
internal sealed unsafe class TokenSampler : IDisposable
{
    private const int PenalizedTokens = 64;

    private readonly LoadedModel _model;
    private readonly LlamaSamplerHandle? _chain;
    private readonly LlamaSamplerHandle? _grammar;
    private Utf8Sequence _characters;

    /// <exception cref="LocalModelException">The grammar cannot be read.</exception>
    public TokenSampler(LoadedModel model, SamplingSettings settings)
    {
        _model = model;
        if (settings.Grammar is { } grammar)
        {
            _grammar = new LlamaSamplerHandle(LlamaNative.GrammarSampler(model.Vocabulary, grammar, "root"));
            if (_grammar.IsInvalid)
            {
                _grammar.Dispose();
                throw new LocalModelException("llama.cpp cannot read the grammar of the answer; its log says why.");
            }
        }

        if (settings.IsPlainlyGreedy)
        {
            return;
        }

        _chain = new LlamaSamplerHandle(LlamaNative.CreateSamplerChain(withoutTimings: true));
        if (settings.HasPenalties)
        {
            Add(
                LlamaNative.PenaltySampler(
                    model.VocabularySize,
                    PenalizedTokens,
                    settings.RepeatPenalty,
                    settings.FrequencyPenalty,
                    settings.PresencePenalty
                )
            );
        }

        if (settings.Temperature <= 0)
        {
            Add(LlamaNative.GreedySampler());
            return;
        }

        // The order of llama.cpp's own tools.
        if (settings.TopK > 0)
        {
            Add(LlamaNative.TopKSampler(settings.TopK));
        }

        if (settings.TopP < 1)
        {
            Add(LlamaNative.TopPSampler(settings.TopP, 1));
        }

        if (settings.MinP > 0)
        {
            Add(LlamaNative.MinPSampler(settings.MinP, 1));
        }

        Add(LlamaNative.TemperatureSampler(settings.Temperature));
        Add(LlamaNative.RandomSampler(settings.Seed));
    }

    /// <summary>The next token, which is taken down.</summary>
    /// <param name="logits">Log-odds of all tokens.</param>
    /// <param name="candidates">Room for as many candidates.</param>
    public int Next(ReadOnlySpan<float> logits, Span<LlamaTokenData> candidates)
    {
        if (_chain is null)
        {
            return TensorPrimitives.IndexOfMax(logits);
        }

        var token = Choose(logits, candidates, isConstrained: false);
        if (_grammar is not null)
        {
            // Asking the grammar for one token is much cheaper than for all, and most often that one is allowed.
            if (!IsAllowed(token))
            {
                token = Choose(logits, candidates, isConstrained: true);
            }

            LlamaNative.Accept(_grammar, token);
            _ = _characters.TryAdd(_model.Piece(token));
        }

        LlamaNative.Accept(_chain, token);
        return token;
    }

    public void Dispose()
    {
        _chain?.Dispose();
        _grammar?.Dispose();
    }

    private void Add(nint sampler) => LlamaNative.AddToChain(_chain!, sampler);

    private int Choose(ReadOnlySpan<float> logits, Span<LlamaTokenData> candidates, bool isConstrained)
    {
        for (var token = 0; token < logits.Length; token++)
        {
            candidates[token] = new LlamaTokenData { Token = token, Logit = logits[token] };
        }

        fixed (LlamaTokenData* first = candidates)
        {
            var array = new LlamaTokenDataArray
            {
                Candidates = first,
                Count = (nuint)logits.Length,
                Selected = -1,
            };
            if (isConstrained)
            {
                foreach (ref var candidate in candidates[..logits.Length])
                {
                    candidate.Logit = IsWellFormed(candidate.Token) ? candidate.Logit : float.NegativeInfinity;
                }

                LlamaNative.Apply(_grammar!, &array);
            }

            LlamaNative.Apply(_chain!, &array);
            return array.Selected >= 0
                ? array.Candidates[array.Selected].Token
                : throw new InvalidOperationException("No token was chosen.");
        }
    }

    private bool IsWellFormed(int token)
    {
        var characters = _characters;
        return characters.TryAdd(_model.Piece(token));
    }

    private bool IsAllowed(int token)
    {
        if (!IsWellFormed(token))
        {
            return false;
        }

        var candidate = new LlamaTokenData { Token = token, Logit = 1 };
        var array = new LlamaTokenDataArray
        {
            Candidates = &candidate,
            Count = 1,
            Selected = -1,
        };
        LlamaNative.Apply(_grammar!, &array);
        return !float.IsNegativeInfinity(array.Candidates[0].Logit);
    }
}
