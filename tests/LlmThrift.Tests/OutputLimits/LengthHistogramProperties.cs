using FsCheck;
using FsCheck.Fluent;
using LlmThrift.OutputLimits.Learning;
using Xunit;

namespace LlmThrift.Tests.OutputLimits;

public sealed class LengthHistogramProperties
{
    private static readonly DateTimeOffset Start = new(2026, 9, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Gen<int> Length = Gen.OneOf(Gen.Choose(1, 50), Gen.Choose(1, 5_000), Gen.Choose(1, 1_000_000));

    [Fact]
    public void Quantile_is_never_too_low_and_too_high_by_no_more_than_one_bucket()
    {
        var cases =
            from lengths in Length.NonEmptyListOf()
            from share in Gen.Choose(1, 1_000)
            select (Lengths: lengths, Share: share / 1_000.0);
        Prop.ForAll(
                cases.ToArbitrary(),
                test =>
                {
                    var histogram = new LengthHistogram(TimeSpan.FromDays(7));
                    foreach (var length in test.Lengths)
                    {
                        histogram.Add(length, Start);
                    }

                    // By definition: the smallest length that the share does not exceed.
                    var sorted = test.Lengths.Order().ToArray();
                    var exact = sorted[Math.Max(0, (int)Math.Ceiling((test.Share * sorted.Length) - 1e-9) - 1)];
                    Assert.InRange(histogram.Quantile(test.Share)!.Value, exact * 0.999_999, exact * LengthHistogram.Growth);
                    return true;
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Count_halves_with_each_half_life_however_long_the_time()
    {
        var cases = from count in Gen.Choose(1, 100) from halves in Gen.Choose(0, 3_000) select (Count: count, Halves: halves);
        Prop.ForAll(
                cases.ToArbitrary(),
                test =>
                {
                    var histogram = new LengthHistogram(TimeSpan.FromHours(1));
                    for (var index = 0; index < test.Count; index++)
                    {
                        histogram.Add(index, Start);
                    }

                    var expected = test.Count * Math.Pow(2, -test.Halves);
                    Assert.Equal(expected, histogram.CountAt(Start.AddHours(test.Halves)), expected * 1e-9);
                    return true;
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Lengths_of_long_ago_are_forgotten()
    {
        Prop.ForAll(
                Gen.Choose(1, 200).ToArbitrary(),
                newer =>
                {
                    var histogram = new LengthHistogram(TimeSpan.FromDays(1));
                    for (var index = 0; index < 1_000; index++)
                    {
                        histogram.Add(4_000, Start);
                    }

                    for (var index = 0; index < newer; index++)
                    {
                        histogram.Add(100, Start.AddDays(40));
                    }

                    Assert.InRange(histogram.Quantile(0.995)!.Value, 100, 100 * LengthHistogram.Growth);
                    return true;
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Count_stays_what_it_is_when_the_clock_is_put_back()
    {
        var histogram = new LengthHistogram(TimeSpan.FromMilliseconds(1));
        histogram.Add(10, Start);

        Assert.Equal(1, histogram.CountAt(Start.AddDays(-1)));
    }

    [Fact]
    public void Quantile_of_nothing_is_none() => Assert.Null(new LengthHistogram(TimeSpan.FromDays(1)).Quantile(0.5));

    [Fact]
    public void Memory_does_not_grow_with_what_is_seen()
    {
        var histogram = new LengthHistogram(TimeSpan.FromDays(1));
        histogram.Add(1, Start);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var index = 0; index < 10_000; index++)
        {
            histogram.Add(index * 1_000.0, Start.AddMinutes(index));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
