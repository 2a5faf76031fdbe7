using System.Runtime.Intrinsics.X86;
using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Index;

public sealed class SketchesTests
{
    [Theory]
    [InlineData(32)]
    [InlineData(384)]
    [InlineData(4096)]
    public void Sums_with_registers_are_those_of_a_plain_loop(int stride)
    {
        var random = new Random(stride);
        var sketches = new byte[Sketches.BlockBytes(stride)];
        random.NextBytes(sketches);
        var tables = new byte[Sketches.TableBytes(stride)];
        Sketches.FillTables(new TestVectors(stride, 1).Next(), tables);

        Sketches.SumsPortable(sketches, tables, out var first, out var second);

        for (var entry = 0; entry < 32; entry++)
        {
            var place = entry < 16 ? 2 * entry : (2 * (entry - 16)) + 1;
            var sum = 0;
            for (var group = 0; group < stride / 8; group++)
            {
                var bits = sketches[(group * 32) + place];
                sum += tables[(group * 64) + (bits & 15)] + tables[(group * 64) + 32 + (bits >> 4)];
            }

            Assert.Equal(sum, entry < 16 ? first[entry] : second[entry - 16]);
        }

        if (Avx2.IsSupported)
        {
            Sketches.SumsAvx2(sketches, tables, out var firstAvx2, out var secondAvx2);
            Assert.Equal((first, second), (firstAvx2, secondAvx2));
        }
    }

    [Fact]
    public void Estimates_are_near_the_similarity_and_hardly_ever_too_low_by_four_standard_errors()
    {
        const int Dimensions = 384;
        var vectors = new TestVectors(Dimensions, 7, clusters: 3);
        var origin = new float[Dimensions];
        var sketches = new byte[Sketches.BlockBytes(Dimensions)];
        var factors = new float[32];
        var entries = vectors.Next(32);
        for (var i = 0; i < 32; i++)
        {
            factors[i] = Sketches.Write(entries[i], origin, sketches, i);
        }

        var tables = new byte[Sketches.TableBytes(Dimensions)];
        var (tooLow, tooHigh, pairs) = (0, 0, 0);
        foreach (var vector in vectors.Next(100))
        {
            for (var i = 0; i < 32; i++)
            {
                // Alone above a threshold just below its similarity, and just above it by more than the slack.
                var similarity = TestVectors.Cosine(vector, entries[i]);
                var slack = new SketchQuery(vector, tables, 4);
                tooLow += (Sketches.MayExceed(sketches, slack, factors, similarity - 1e-4f) & (1u << i)) == 0 ? 1 : 0;
                tooHigh += (Sketches.MayExceed(sketches, slack, factors, similarity + (8 * 0.75f * factors[i])) & (1u << i)) != 0 ? 1 : 0;
                pairs++;
            }
        }

        Assert.InRange(tooLow, 0, pairs / 1000);
        Assert.InRange(tooHigh, 0, pairs / 1000);
    }
}
