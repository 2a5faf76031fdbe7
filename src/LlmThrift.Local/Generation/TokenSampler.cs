using System.Numerics.Tensors;
using LlmThrift.Local.Models;
using LlmThrift.Local.Native;
using LlmThrift.Local.Tools;

namespace LlmThrift.Local.Generation;

/// <summary>Chooses the tokens of one answer. Used by one thread.</summary>
internal sealed unsafe class TokenSampler : IDisposable
{
    private const int PenalizedTokens = 64;

    private readonly LoadedModel _model;
    private readonly LlamaSamplerHandle? _chain;
    private readonly ToolCallReader? _calls;
    private LlamaSamplerHandle? _grammar;
    private Utf8Sequence _characters;

    /// <summary>Makes a sampler.</summary>
    /// <param name="model">The model.</param>
    /// <param name="settings">How it chooses.</param>
    /// <param name="calls">Follows the answer, and has the grammar of calls once one begins; null without tools.</param>
    /// <exception cref="LocalModelException">The grammar cannot be read.</exception>
    public TokenSampler(LoadedModel model, SamplingSettings settings, ToolCallReader? calls = null)
    {
        (_model, _calls) = (model, calls);
        if (settings.Grammar is { } grammar)
        {
            _grammar = ReadGrammar(grammar);
        }

        if (settings.IsPlainlyGreedy && calls is null)
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

        // llama.cpp's own lazy grammar searches all of the answer after each token, and ends the process where a token goes beyond what the grammar allows after the
        // marker. Here a grammar begins with the token after the marker, and the one that ends it goes no further.
        if (_grammar is null && _calls?.GrammarFromHere is { } grammar)
        {
            _grammar = ReadGrammar(grammar);
        }

        var token = Choose(logits, candidates, isConstrained: false);
        if (_grammar is null && _calls is not null && _calls.GoesBeyondMarker(PieceOf(token)))
        {
            token = Choose(logits, candidates, isConstrained: true);
        }

        if (_grammar is not null)
        {
            // Asking the grammar for one token is much cheaper than for all, and most often that one is allowed.
            if (!IsAllowed(token))
            {
                token = Choose(logits, candidates, isConstrained: true);
            }

            LlamaNative.Accept(_grammar, token);
            _ = _characters.TryAdd(PieceOf(token));
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
                    var isPossible = _grammar is null ? !_calls!.GoesBeyondMarker(PieceOf(candidate.Token)) : IsWellFormed(candidate.Token);
                    candidate.Logit = isPossible ? candidate.Logit : float.NegativeInfinity;
                }

                if (_grammar is not null)
                {
                    LlamaNative.Apply(_grammar, &array);
                }
            }

            LlamaNative.Apply(_chain!, &array);
            if (array.Selected < 0)
            {
                throw new InvalidOperationException("No token was chosen.");
            }

            // A grammar that is told of a token which it does not allow ends the process.
            return isConstrained && float.IsNegativeInfinity(array.Candidates[array.Selected].Logit)
                ? throw new LocalModelException("No token of the model's vocabulary continues the answer as its schema asks.")
                : array.Candidates[array.Selected].Token;
        }
    }

    private LlamaSamplerHandle ReadGrammar(string grammar)
    {
        var handle = new LlamaSamplerHandle(LlamaNative.GrammarSampler(_model.Vocabulary, grammar, "root"));
        if (!handle.IsInvalid)
        {
            return handle;
        }

        handle.Dispose();
        throw new LocalModelException("llama.cpp cannot read the grammar of the answer; its log says why.");
    }

    /// <summary>The bytes of a token in the answer, with those of the markup of calls.</summary>
    private ReadOnlySpan<byte> PieceOf(int token) =>
        _calls is not null && _calls.MarkupOf(token) is { IsEmpty: false } markup ? markup : _model.Piece(token);

    /// <summary>Whether a token leaves whole characters. Control tokens do not: a grammar takes their names for text, and the answer would be without it.</summary>
    private bool IsWellFormed(int token)
    {
        var piece = PieceOf(token);
        var characters = _characters;
        return piece.IsEmpty ? _model.EndsGeneration(token) : characters.TryAdd(piece);
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
