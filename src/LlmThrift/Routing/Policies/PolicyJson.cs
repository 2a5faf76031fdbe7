using System.Runtime.InteropServices;
using System.Text.Json;

namespace LlmThrift.Routing;

/// <summary>A policy as JSON. Embeddings are halves in Base64, little-endian, one after another; all other numbers are written out.</summary>
internal static class PolicyJson
{
    private const string Format = "llmthrift-routing-policy";
    private const int Version = 1;

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>A vector as the file has it: what is fitted must be what is loaded.</summary>
    public static float[] Rounded(float[] vector) => Array.ConvertAll(vector, value => (float)(Half)value);

    public static byte[] Write(RoutingPolicy policy)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Indented))
        {
            writer.WriteStartObject();
            writer.WriteString("format", Format);
            writer.WriteNumber("version", Version);
            writer.WriteString("createdAt", policy.CreatedAt);
            WriteTier(writer, "weakTier", policy.WeakTier);
            WriteTier(writer, "strongTier", policy.StrongTier);
            writer.WriteString("embeddingModel", policy.EmbeddingModel);
            writer.WriteNumber("prompts", policy.Prompts);
            writer.WriteString("dataDigest", policy.DataDigest);
            if (policy.SignOff is { } signOff)
            {
                writer.WriteStartObject("signOff");
                writer.WriteString("by", signOff.By);
                writer.WriteString("at", signOff.At);
                writer.WriteString("target", signOff.Target.ToString());
                writer.WriteEndObject();
            }

            WriteCurve(writer, policy.Curve);
            WriteModel(writer, policy);
            if (policy.Evidence is { } evidence)
            {
                writer.WriteStartObject("evidence");
                WriteNumbers(writer, "scores", evidence.Scores);
                WriteNumbers(writer, "weakQuality", evidence.Weak);
                WriteNumbers(writer, "strongQuality", evidence.Strong);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <exception cref="InvalidDataException">It is not a policy.</exception>
    public static RoutingPolicy Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out var format) || format.GetString() != Format)
            {
                throw new InvalidDataException($"It has no \"format\": \"{Format}\".");
            }

            if (root.GetProperty("version").GetInt32() is var version and not Version)
            {
                throw new InvalidDataException(
                    $"It is of version {version}, and this package reads version {Version}: run the audit again."
                );
            }

            var model = ReadModel(root.GetProperty("model"), out var usesPrior);
            return new RoutingPolicy(
                model,
                root.TryGetProperty("evidence", out var evidence) ? ReadEvidence(evidence) : null,
                usesPrior ? GainPrior.Shipped : null
            )
            {
                WeakTier = ReadTier(root.GetProperty("weakTier")),
                StrongTier = ReadTier(root.GetProperty("strongTier")),
                EmbeddingModel = TextOf(root, "embeddingModel"),
                CreatedAt = root.GetProperty("createdAt").GetDateTimeOffset(),
                DataDigest = TextOf(root, "dataDigest"),
                SignOff = root.TryGetProperty("signOff", out var signOff)
                    ? new PolicySignOff(
                        TextOf(signOff, "by"),
                        signOff.GetProperty("at").GetDateTimeOffset(),
                        RoutingTarget.Parse(TextOf(signOff, "target"))
                    )
                    : null,
            };
        }
        catch (Exception exception)
            when (exception is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException(exception.Message, exception);
        }
    }

    private static void WriteTier(Utf8JsonWriter writer, string name, PolicyTier tier)
    {
        writer.WriteStartObject(name);
        writer.WriteString("name", tier.Name);
        if (tier.ModelId is not null)
        {
            writer.WriteString("modelId", tier.ModelId);
        }

        if (tier.CostPerCall is { } cost)
        {
            writer.WriteNumber("costPerCall", cost);
        }

        writer.WriteEndObject();
    }

    private static PolicyTier ReadTier(JsonElement tier) =>
        new(
            TextOf(tier, "name"),
            tier.TryGetProperty("modelId", out var model) ? model.GetString() : null,
            tier.TryGetProperty("costPerCall", out var cost) ? cost.GetDecimal() : null
        );

    /// <summary>For people to read: it follows from the evidence.</summary>
    private static void WriteCurve(Utf8JsonWriter writer, IReadOnlyList<PolicyPoint> curve)
    {
        writer.WriteStartArray("curve");
        foreach (var point in curve)
        {
            writer.WriteStartObject();
            if (double.IsFinite(point.Threshold))
            {
                writer.WriteNumber("threshold", Math.Round(point.Threshold, 6));
            }

            writer.WriteNumber("strongShare", Math.Round(point.StrongShare, 6));
            writer.WriteNumber("quality", Math.Round(point.Quality, 6));
            writer.WriteNumber("qualityLow", Math.Round(point.QualityLow, 6));
            writer.WriteNumber("qualityHigh", Math.Round(point.QualityHigh, 6));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteModel(Utf8JsonWriter writer, RoutingPolicy policy)
    {
        var model = policy.Model;
        writer.WriteStartObject("model");
        writer.WriteNumber("dimensions", model.Dimensions);
        writer.WriteNumber("bias", model.Bias);
        writer.WriteNumber("priorWeight", policy.Prior is null ? 0 : model.PriorWeight);
        writer.WriteString("prior", policy.Prior?.Digest);
        writer.WriteStartObject("features");
        for (var f = 0; f < PromptFeatures.Count; f++)
        {
            writer.WriteNumber(PromptFeatures.Names[f], model.FeatureWeights[f]);
        }

        writer.WriteEndObject();
        writer.WriteStartArray("weights");
        foreach (var weight in model.Weights)
        {
            writer.WriteNumberValue(weight);
        }

        writer.WriteEndArray();
        var halves = new Half[model.Anchors.Length];
        for (var i = 0; i < halves.Length; i++)
        {
            halves[i] = (Half)model.Anchors[i];
        }

        writer.WriteBase64String("embeddings", MemoryMarshal.AsBytes(halves.AsSpan()));
        writer.WriteEndObject();
    }

    private static GainModel ReadModel(JsonElement json, out bool usesPrior)
    {
        var prior = json.GetProperty("prior").GetString();
        usesPrior = prior is not null;
        var dimensions = json.GetProperty("dimensions").GetInt32();
        float[] weights = [.. json.GetProperty("weights").EnumerateArray().Select(weight => weight.GetSingle())];
        var halves = MemoryMarshal.Cast<byte, Half>(json.GetProperty("embeddings").GetBytesFromBase64()).ToArray();
        if (dimensions < 1 || halves.Length != dimensions * weights.Length || weights.Length > RoutingPolicy.MaxPrompts)
        {
            throw new InvalidDataException(
                $"It has {halves.Length} numbers of embeddings, which is not {weights.Length} times {dimensions}, of at most {RoutingPolicy.MaxPrompts}."
            );
        }

        if (usesPrior && prior != GainPrior.Shipped.Digest)
        {
            throw new InvalidDataException(
                "It was fitted around the starting model of another version of this package: run the audit again in its folder, which asks nothing twice, and sign what it makes."
            );
        }

        if (usesPrior && dimensions != GainPrior.Shipped.Dimensions)
        {
            throw new InvalidDataException($"Its embeddings have {dimensions} dimensions, which the prior does not know.");
        }

        var features = json.GetProperty("features");
        return new GainModel(
            dimensions,
            Array.ConvertAll(halves, half => (float)half),
            weights,
            [.. PromptFeatures.Names.Select(name => features.GetProperty(name).GetSingle())],
            json.GetProperty("priorWeight").GetSingle(),
            json.GetProperty("bias").GetSingle()
        );
    }

    private static PolicyEvidence ReadEvidence(JsonElement json)
    {
        var evidence = new PolicyEvidence(
            ReadNumbers(json, "scores"),
            ReadNumbers(json, "weakQuality"),
            ReadNumbers(json, "strongQuality")
        );
        return evidence.Count > 0 && evidence.Weak.Length == evidence.Count && evidence.Strong.Length == evidence.Count
            ? evidence
            : throw new InvalidDataException("Its scores and qualities are not equally many.");
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, double[] numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }

    private static double[] ReadNumbers(JsonElement json, string name) =>
        [.. json.GetProperty(name).EnumerateArray().Select(number => number.GetDouble())];

    private static string TextOf(JsonElement json, string name) =>
        json.GetProperty(name).GetString() ?? throw new InvalidDataException($"\"{name}\" is null.");
}
