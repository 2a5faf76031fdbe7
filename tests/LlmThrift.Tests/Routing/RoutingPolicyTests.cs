using LlmThrift.Routing;
using LlmThrift.TestKit;
using Xunit;

namespace LlmThrift.Tests.Routing;

public sealed class RoutingPolicyTests
{
    [Fact]
    public async Task Policy_tells_hard_prompts_from_easy_ones_and_is_the_same_after_saving_and_loading()
    {
        var policy = await AuditedAsync();
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "policy.json");

        policy.SignedOff("J. Doe", RoutingTarget.Quality(0.95), DateTimeOffset.UnixEpoch).Save(path);
        var loaded = RoutingPolicy.Load(path);

        var (easy, hard) = (await ScoreAsync(policy, "easy order parcel"), await ScoreAsync(policy, "hard proof theorem"));
        Assert.True(hard > easy + 0.3, $"{easy} {hard}");
        Assert.Equal(hard, await ScoreAsync(loaded, "hard proof theorem"), 1e-6);
        Assert.Equal(("J. Doe", "quality 0.95"), (loaded.SignOff!.By, loaded.SignOff.Target.ToString()));
        Assert.Equal((policy.DataDigest, policy.Prompts, 64), (loaded.DataDigest, loaded.Prompts, policy.DataDigest.Length));
        Assert.Equal(policy.Curve, loaded.Curve);
        Assert.Equal(policy.WeakTier, loaded.WeakTier);
        Assert.Equal(policy.ThresholdFor(RoutingTarget.Quality(0.9)), loaded.ThresholdFor(RoutingTarget.Quality(0.9)));
        Assert.DoesNotContain("theorem", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Curve_goes_from_the_weak_model_to_the_strong_one()
    {
        var policy = await AuditedAsync();

        Assert.Equal((0, 1), (policy.Curve[0].StrongShare, policy.Curve[^1].StrongShare));
        Assert.Equal(policy.WeakQuality!.Value / policy.StrongQuality!.Value, policy.Curve[0].Quality, 1e-9);
        Assert.Equal(1, policy.Curve[^1].Quality, 1e-9);
        Assert.All(policy.Curve, point => Assert.InRange(point.Quality, point.QualityLow, point.QualityHigh));
        var half = policy.Curve.First(point => point.StrongShare >= 0.5);
        Assert.True(half.Quality > 0.95, half.ToString());
    }

    [Fact]
    public async Task Targets_of_shares_and_cost_are_met_on_the_audited_prompts()
    {
        var policy = await AuditedAsync();

        Assert.Equal(0.3, policy.Expect(RoutingTarget.StrongShare(0.3)).StrongShare, 0.01);

        // 1 USD per 1,000 at the weak tier and 11 at the strong one.
        Assert.Equal(0.5, policy.Expect(RoutingTarget.CostPer1000Calls(6)).StrongShare, 0.01);
        Assert.Equal(0.25, policy.Expect(RoutingTarget.Threshold(policy.ThresholdFor(RoutingTarget.StrongShare(0.25)))).StrongShare, 0.01);
        Assert.Contains(
            "cost 1 USD per 1,000",
            Assert.Throws<InvalidOperationException>(() => policy.ThresholdFor(RoutingTarget.CostPer1000Calls(0.5m))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Without_an_audit_nothing_is_promised()
    {
        var policy = RoutingPolicy.WithoutAudit("small", "large");

        Assert.Contains(
            "needs an audit",
            Assert.Throws<InvalidOperationException>(() => policy.ThresholdFor(RoutingTarget.Quality(0.98))).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<InvalidOperationException>(() => policy.Expect(RoutingTarget.Threshold(0.1)));
        Assert.Throws<InvalidOperationException>(() =>
            policy.SignedOff("J. Doe", RoutingTarget.CostPer1000Calls(1), DateTimeOffset.UnixEpoch)
        );
        Assert.Equal(0.1, policy.ThresholdFor(RoutingTarget.Threshold(0.1)));
        Assert.Equal("all-MiniLM-L6-v2", policy.EmbeddingModel);
    }

    [Theory]
    [InlineData("quality 0.98")]
    [InlineData("cost 2.5")]
    [InlineData("strong share 0.3")]
    [InlineData("threshold -0.1")]
    public void Target_is_read_as_it_is_written(string text) => Assert.Equal(text, RoutingTarget.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("quality")]
    [InlineData("quality 2")]
    [InlineData("speed 1")]
    public void What_is_no_target_is_told_how_to_write_one(string text) =>
        Assert.NotEqual("", Assert.Throws<FormatException>(() => RoutingTarget.Parse(text)).Message);

    [Fact]
    public void Values_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => RoutingTarget.Quality(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RoutingTarget.Quality(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => RoutingTarget.StrongShare(1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RoutingTarget.CostPer1000Calls(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RoutingTarget.Threshold(double.PositiveInfinity));
    }

    [Fact]
    public async Task Audit_that_is_too_small_or_not_of_shares_is_refused()
    {
        using var generator = new FakeEmbeddingGenerator();
        var few = await Assert.ThrowsAsync<ArgumentException>(() =>
            RoutingPolicy.FitAsync(new PolicyTier("small"), new PolicyTier("large"), [new("a", 1, 1)], generator)
        );
        var bad = Enumerable.Range(0, 60).Select(i => new JudgedPrompt("a", i == 7 ? 1.5 : 1, 1)).ToList();
        var wrong = await Assert.ThrowsAsync<ArgumentException>(() =>
            RoutingPolicy.FitAsync(new PolicyTier("small"), new PolicyTier("large"), bad, generator)
        );

        Assert.Contains("at least 50", few.Message, StringComparison.Ordinal);
        Assert.Contains("at 7", wrong.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() =>
            RoutingPolicy.FitAsync(new PolicyTier("same"), new PolicyTier("Same"), bad, generator)
        );
    }

    [Fact]
    public void Policy_around_another_starting_model_is_refused_with_the_way_out()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "policy.json");
        RoutingPolicy.WithoutAudit("small", "large").Save(path);
        Assert.Equal("large", RoutingPolicy.Load(path).StrongTier.Name);
        File.WriteAllText(path, File.ReadAllText(path).Replace(GainPrior.Shipped.Digest, "0123456789abcdef", StringComparison.Ordinal));

        var exception = Assert.Throws<InvalidDataException>(() => RoutingPolicy.Load(path));

        Assert.Contains("another version", exception.Message, StringComparison.Ordinal);
        Assert.Contains("run the audit again", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_that_is_no_policy_is_refused_with_a_reason()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        var path = Path.Combine(folder, "policy.json");
        (await AuditedAsync()).Save(path);
        var whole = await File.ReadAllTextAsync(path);

        foreach (
            var (content, reason) in new[]
            {
                ("", "JSON"),
                ("[]", "format"),
                ("{\"format\":\"other\"}", "format"),
                (whole.Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal), "version 2"),
                (whole.Replace("\"dimensions\": 64", "\"dimensions\": 63", StringComparison.Ordinal), "times 63"),
                (whole.Replace("\"bias\"", "\"bios\"", StringComparison.Ordinal), "key"),
                (whole[..(whole.Length / 2)], ""),
            }
        )
        {
            await File.WriteAllTextAsync(path, content);
            var exception = Assert.Throws<InvalidDataException>(() => RoutingPolicy.Load(path));
            Assert.Contains(path, exception.Message, StringComparison.Ordinal);
            Assert.Contains(reason, exception.Message, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Throws<FileNotFoundException>(() => RoutingPolicy.Load(Path.Combine(folder, "none.json")));
    }

    [Fact]
    public async Task More_prompts_than_a_policy_learns_from_are_drawn_from()
    {
        using var generator = new FakeEmbeddingGenerator { Dimensions = 8 };
        var prompts = Enumerable.Range(0, RoutingPolicy.MaxPrompts + 50).Select(i => new JudgedPrompt($"prompt {i}", i % 2, 1)).ToList();

        var policy = await RoutingPolicy.FitAsync(new PolicyTier("small"), new PolicyTier("large"), prompts, generator);

        Assert.Equal(RoutingPolicy.MaxPrompts, policy.Prompts);
    }

    /// <summary>Half of the prompts are easy, which the weak model answers; the strong one answers nearly all.</summary>
    internal static async Task<RoutingPolicy> AuditedAsync(int count = 200)
    {
        using var generator = Generator();
        return await RoutingPolicy.FitAsync(
            new PolicyTier("small", "small", 0.001m),
            new PolicyTier("large", "large", 0.011m),
            Prompts(count),
            generator
        );
    }

    internal static FakeEmbeddingGenerator Generator() => new() { Dimensions = 64 };

    internal static List<JudgedPrompt> Prompts(int count)
    {
        string[] easy = ["order", "parcel", "hours", "address", "return", "invoice"];
        string[] hard = ["proof", "theorem", "integral", "lemma", "topology", "algebra"];
        var random = new Random(3);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i =>
                    i % 2 == 0
                        ? new JudgedPrompt(
                            $"easy {easy[random.Next(6)]} {easy[random.Next(6)]} {i}",
                            random.NextDouble() < 0.98 ? 1 : 0,
                            random.NextDouble() < 0.98 ? 1 : 0
                        )
                        : new JudgedPrompt(
                            $"hard {hard[random.Next(6)]} {hard[random.Next(6)]} {i}",
                            random.NextDouble() < 0.3 ? 1 : 0,
                            random.NextDouble() < 0.98 ? 1 : 0
                        )
                ),
        ];
    }

    private static async Task<double> ScoreAsync(RoutingPolicy policy, string prompt)
    {
        using var generator = Generator();
        var vector = (await generator.GenerateAsync([prompt]))[0].Vector.ToArray();
        Assert.True(LlmThrift.Vectors.UnitVectors.TryNormalize(vector, out var unit));
        return policy.Score(unit, prompt);
    }
}
