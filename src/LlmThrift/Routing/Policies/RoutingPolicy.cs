using System.Security.Cryptography;
using System.Text;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>
/// What an audit found out about two tiers on an app's own traffic: a scorer of how much the stronger one gains on a prompt, and how much quality each threshold keeps. Immutable; a file of JSON.
/// </summary>
/// <remarks>
/// The scorer is a Gaussian process over embeddings and what can be counted in a prompt (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006). The
/// file holds embeddings of the audited prompts, and none of their text: as embeddings tell what a text is about, keep it where the prompts may be kept.
/// </remarks>
public sealed class RoutingPolicy
{
    /// <summary>The fewest prompts that a policy is fitted to.</summary>
    public const int MinPrompts = 50;

    /// <summary>The most prompts that a policy learns from; of more, so many are drawn.</summary>
    public const int MaxPrompts = GainFitter.MaxAnchors;

    private const int CurveSteps = 20;
    private const int BatchSize = 32;

    internal RoutingPolicy(GainModel model, PolicyEvidence? evidence, GainPrior? prior)
    {
        (Model, Evidence, Prior) = (model, evidence, prior);
        Curve = evidence?.Curve(CurveSteps) ?? [];
    }

    /// <summary>The cheaper tier.</summary>
    public required PolicyTier WeakTier { get; init; }

    /// <summary>The dearer one, which quality is measured by.</summary>
    public required PolicyTier StrongTier { get; init; }

    /// <summary>The model of the embedding generator that the scorer needs, such as "all-MiniLM-L6-v2".</summary>
    public required string EmbeddingModel { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>SHA-256 of the prompts and their qualities, as hexadecimal digits; empty without an audit.</summary>
    public string DataDigest { get; init; } = "";

    /// <summary>Who said that it may be used, and for what; null as long as nobody has.</summary>
    public PolicySignOff? SignOff { get; init; }

    /// <summary>How many audited prompts it was fitted to; 0 without an audit.</summary>
    public int Prompts => Evidence?.Count ?? 0;

    /// <summary>The mean quality of the weaker tier's answers; null without an audit.</summary>
    public double? WeakQuality => Evidence?.Weak.Average();

    /// <summary>The mean quality of the stronger tier's answers; null without an audit.</summary>
    public double? StrongQuality => Evidence?.Strong.Average();

    /// <summary>Quality against the share of calls to the stronger tier, by growing share; each prompt scored without having been learned from. Empty without an audit.</summary>
    public IReadOnlyList<PolicyPoint> Curve { get; }

    internal GainModel Model { get; }

    internal PolicyEvidence? Evidence { get; }

    internal GainPrior? Prior { get; }

    /// <summary>
    /// The scorer that comes with the package, fitted to public benchmarks: what to explore with before there is an audit. It holds to <see cref="RoutingTarget.StrongShare"/> and
    /// <see cref="RoutingTarget.Threshold"/> only, as it knows nothing of the app's prompts and models.
    /// </summary>
    /// <param name="weakTier">The name of the cheaper tier.</param>
    /// <param name="strongTier">The name of the dearer one.</param>
    /// <returns>A policy for embeddings of all-MiniLM-L6-v2 (the package LlmThrift.Embeddings).</returns>
    /// <exception cref="ArgumentException">A name is null, empty or blank, or both are the same.</exception>
    public static RoutingPolicy WithoutAudit(string weakTier, string strongTier)
    {
        CheckNames(weakTier, strongTier);
        return new RoutingPolicy(GainModel.OfPrior(GainPrior.Shipped.Dimensions), evidence: null, GainPrior.Shipped)
        {
            WeakTier = new PolicyTier(weakTier),
            StrongTier = new PolicyTier(strongTier),
            EmbeddingModel = GainPrior.EmbeddingModel,
            CreatedAt = default,
        };
    }

    /// <summary>Fits a policy to judged answers. 500 prompts take a second or two.</summary>
    /// <param name="weak">The cheaper tier.</param>
    /// <param name="strong">The dearer one.</param>
    /// <param name="prompts">At least <see cref="MinPrompts"/>, drawn by chance from the traffic that the policy is for.</param>
    /// <param name="generator">Makes the embeddings: the one that the app routes with.</param>
    /// <param name="clock">Tells when the policy was made. Default: the system's.</param>
    /// <param name="cancellationToken">Cancels the embedding.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="ArgumentException">There are too few prompts, or a quality is not from 0 to 1, or both tiers have the same name.</exception>
    public static async Task<RoutingPolicy> FitAsync(
        PolicyTier weak,
        PolicyTier strong,
        IReadOnlyList<JudgedPrompt> prompts,
        IEmbeddingGenerator<string, Embedding<float>> generator,
        TimeProvider? clock = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(weak);
        ArgumentNullException.ThrowIfNull(strong);
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(generator);
        CheckNames(weak.Name, strong.Name);
        Check(prompts);
        var digest = DigestOf(prompts);
        if (prompts.Count > MaxPrompts)
        {
            // By the data alone, so that the same audit makes the same policy.
            var drawn = prompts.ToArray();
            new Random(prompts.Count).Shuffle(drawn);
            prompts = drawn[..MaxPrompts];
        }

        var model = ModelOf(generator);
        var prior = model == GainPrior.EmbeddingModel ? GainPrior.Shipped : null;
        var examples = await ExamplesAsync(prompts, generator, cancellationToken).ConfigureAwait(false);
        var fit = GainFitter.To(
            examples,
            prior is null ? null : [.. examples.Select(example => prior.Of(example.Vector, example.Features))]
        );
        var evidence = new PolicyEvidence(
            fit.LeftOut,
            [.. prompts.Select(prompt => prompt.WeakQuality)],
            [.. prompts.Select(prompt => prompt.StrongQuality)]
        );
        return new RoutingPolicy(fit.Model, evidence, prior)
        {
            WeakTier = weak,
            StrongTier = strong,
            EmbeddingModel = model,
            CreatedAt = (clock ?? TimeProvider.System).GetUtcNow(),
            DataDigest = digest,
        };
    }

    /// <summary>Reads a policy from a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="InvalidDataException">The file is not a policy; the message says why.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RoutingPolicy Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return PolicyJson.Read(File.ReadAllBytes(path));
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"{path} is not a routing policy that can be used: {exception.Message}", exception);
        }
    }

    /// <summary>Writes the policy to a file, in place of what is there.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);

        // Whoever reads meanwhile finds the old one or the new one.
        var part = path + ".part";
        File.WriteAllBytes(part, PolicyJson.Write(this));
        File.Move(part, path, overwrite: true);
    }

    /// <summary>The threshold by which a target is held: calls that score below it go to the weaker tier.</summary>
    /// <param name="target">The target.</param>
    /// <returns>Negative infinity where every call has to go to the stronger tier, positive infinity where all may go to the weaker one.</returns>
    /// <exception cref="InvalidOperationException">The target needs an audit, or costs, that this policy does not have.</exception>
    public double ThresholdFor(RoutingTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target.Kind == RoutingTarget.TargetKind.Threshold)
        {
            return target.Value;
        }

        var evidence =
            Evidence
            ?? throw new InvalidOperationException(
                $"The target \"{target}\" needs an audit of the app's own traffic, and this policy has none: run one (RoutingAudit), or hold to RoutingTarget.StrongShare(0.3)."
            );
        return target.Kind == RoutingTarget.TargetKind.Quality
            ? PromisedThreshold.Find(evidence.Scores, evidence.Weak, evidence.Strong, target.Value)
            : PolicyEvidence.ThresholdForShare(evidence.Scores, StrongShareFor(target)!.Value);
    }

    /// <summary>What the audit says of routing by a target.</summary>
    /// <param name="target">The target.</param>
    /// <returns>The share of calls to the stronger tier, and the quality that is kept.</returns>
    /// <exception cref="InvalidOperationException">The policy has no audit, or not the costs that the target needs.</exception>
    public PolicyPoint Expect(RoutingTarget target)
    {
        var threshold = ThresholdFor(target);
        return (
            Evidence ?? throw new InvalidOperationException("Without an audit nothing can be expected of a policy: run one (RoutingAudit).")
        ).At(threshold);
    }

    /// <summary>The policy, signed off for use.</summary>
    /// <param name="by">Who did it.</param>
    /// <param name="target">What routing is to hold to.</param>
    /// <param name="at">When.</param>
    /// <returns>A copy.</returns>
    /// <exception cref="ArgumentException"><paramref name="by"/> is null, empty or blank.</exception>
    /// <exception cref="InvalidOperationException">The policy cannot hold to the target.</exception>
    public RoutingPolicy SignedOff(string by, RoutingTarget target, DateTimeOffset at)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(by);
        CheckTarget(target);
        return new RoutingPolicy(Model, Evidence, Prior)
        {
            WeakTier = WeakTier,
            StrongTier = StrongTier,
            EmbeddingModel = EmbeddingModel,
            CreatedAt = CreatedAt,
            DataDigest = DataDigest,
            SignOff = new PolicySignOff(by, at, target),
        };
    }

    /// <summary>The model of a generator, by which embeddings are told apart.</summary>
    internal static string ModelOf(IEmbeddingGenerator<string, Embedding<float>> generator) =>
        (generator.GetService(typeof(EmbeddingGeneratorMetadata)) as EmbeddingGeneratorMetadata)?.DefaultModelId
        ?? generator.GetType().FullName!;

    internal void CheckTarget(RoutingTarget target)
    {
        if (target.Kind is not RoutingTarget.TargetKind.StrongShare)
        {
            _ = ThresholdFor(target);
        }
    }

    /// <summary>The share of calls that may go to the stronger tier; null where the target is none of shares.</summary>
    internal double? StrongShareFor(RoutingTarget target)
    {
        if (target.Kind is not RoutingTarget.TargetKind.Cost)
        {
            return target.Kind is RoutingTarget.TargetKind.StrongShare ? target.Value : null;
        }

        if (WeakTier.CostPerCall is not { } weak || StrongTier.CostPerCall is not { } strong)
        {
            throw new InvalidOperationException(
                $"The target \"{target}\" needs what calls cost, and this policy does not know it: give the audit prices for both models."
            );
        }

        var most = (decimal)target.Value / 1_000;
        if (most < weak)
        {
            throw new InvalidOperationException(
                $"The target \"{target}\" cannot be held: calls of the weaker tier alone cost {weak * 1_000:0.####} USD per 1,000."
            );
        }

        return strong <= weak ? 1 : Math.Min(1, (double)((most - weak) / (strong - weak)));
    }

    /// <summary>How much the stronger tier gains.</summary>
    internal double Score(ReadOnlySpan<float> vector, string prompt)
    {
        Span<float> features = stackalloc float[PromptFeatures.Count];
        PromptFeatures.Write(prompt, features);
        return Model.Score(vector, features, Prior?.Of(vector, features) ?? 0);
    }

    private static async Task<List<GainExample>> ExamplesAsync(
        IReadOnlyList<JudgedPrompt> prompts,
        IEmbeddingGenerator<string, Embedding<float>> generator,
        CancellationToken cancellationToken
    )
    {
        var examples = new List<GainExample>(prompts.Count);
        foreach (var batch in prompts.Chunk(BatchSize))
        {
            var embeddings = await generator
                .GenerateAsync(batch.Select(prompt => prompt.Prompt), cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            for (var i = 0; i < batch.Length; i++)
            {
                if (
                    i >= embeddings.Count
                    || !UnitVectors.TryNormalize(embeddings[i].Vector.Span, out var unit)
                    || (examples.Count > 0 && unit.Length != examples[0].Vector.Length)
                )
                {
                    throw new InvalidOperationException(
                        "The embedding generator did not give one vector of numbers for each prompt, all of the same length."
                    );
                }

                var features = new float[PromptFeatures.Count];
                PromptFeatures.Write(batch[i].Prompt, features);
                examples.Add(new GainExample(PolicyJson.Rounded(unit), features, batch[i].WeakQuality, batch[i].StrongQuality));
            }
        }

        return examples;
    }

    private static void CheckNames(string weak, string strong)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(weak);
        ArgumentException.ThrowIfNullOrWhiteSpace(strong);
        if (string.Equals(weak, strong, StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"Both tiers are named \"{weak}\": a policy chooses between two.", nameof(strong));
        }
    }

    private static void Check(IReadOnlyList<JudgedPrompt> prompts)
    {
        if (prompts.Count < MinPrompts)
        {
            throw new ArgumentException(
                $"There are {prompts.Count} judged prompts: at least {MinPrompts} are needed, and 500 make a promise worth something.",
                nameof(prompts)
            );
        }

        for (var i = 0; i < prompts.Count; i++)
        {
            if (prompts[i] is not { Prompt: not null, WeakQuality: >= 0 and <= 1, StrongQuality: >= 0 and <= 1 })
            {
                throw new ArgumentException(
                    $"The judged prompt at {i} has qualities of {prompts[i]?.WeakQuality} and {prompts[i]?.StrongQuality}: both must be from 0 to 1.",
                    nameof(prompts)
                );
            }
        }
    }

    private static string DigestOf(IReadOnlyList<JudgedPrompt> prompts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[20];
        foreach (var prompt in prompts)
        {
            var text = Encoding.UTF8.GetBytes(prompt.Prompt);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(numbers, text.Length);
            System.Buffers.Binary.BinaryPrimitives.WriteDoubleLittleEndian(numbers[4..], prompt.WeakQuality);
            System.Buffers.Binary.BinaryPrimitives.WriteDoubleLittleEndian(numbers[12..], prompt.StrongQuality);
            hash.AppendData(numbers);
            hash.AppendData(text);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
