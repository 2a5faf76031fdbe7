using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Index;

public sealed class DotKernelsTests
{
    private delegate void Kernel(ReadOnlySpan<sbyte> query, ReadOnlySpan<sbyte> vectors, Span<int> dots);

    [Theory]
    [InlineData(32, 1)]
    [InlineData(384, 3)]
    [InlineData(384, 32)]
    [InlineData(1536, 7)]
    [InlineData(4096, 5)]
    public void Dots_of_every_kernel_are_those_of_a_plain_loop(int length, int rows)
    {
        var random = new Random(length + rows);
        var query = Codes(length, () => random.Next(-127, 128));
        AssertPlain(query, Codes(length * rows, () => random.Next(-127, 128)), rows);
    }

    [Theory]
    [InlineData(127, 127)]
    [InlineData(127, -127)]
    [InlineData(-127, -127)]
    [InlineData(0, 127)]
    public void Dots_of_extreme_components_do_not_overflow(int ofQuery, int ofVectors) =>
        AssertPlain(Codes(4096, () => ofQuery), Codes(4096 * 5, () => ofVectors), 5);

    [Fact]
    public void Dots_of_rows_of_another_length_are_refused() =>
        Assert.Throws<ArgumentException>(() => DotKernels.Dots(new sbyte[32], new sbyte[63], new int[2]));

    private static void AssertPlain(sbyte[] query, sbyte[] vectors, int rows)
    {
        var plain = Enumerable
            .Range(0, rows)
            .Select(row => Enumerable.Range(0, query.Length).Sum(i => query[i] * vectors[(row * query.Length) + i]))
            .ToArray();
        Kernel?[] kernels =
        [
            DotKernels.Dots,
            DotKernels.DotsPortable,
            Avx2.IsSupported ? DotKernels.DotsAvx2 : null,
            Dp.IsSupported ? DotKernels.DotsArm : null,
        ];
        foreach (var kernel in kernels)
        {
            if (kernel is not null)
            {
                var dots = new int[rows];
                kernel(query, vectors, dots);
                Assert.Equal(plain, dots);
            }
        }
    }

    private static sbyte[] Codes(int count, Func<int> next) => [.. Enumerable.Range(0, count).Select(_ => (sbyte)next())];
}
