using System.Collections.Concurrent;

namespace LlmThrift.Tokens;

/// <summary>What providers report over what is estimated, per model.</summary>
/// <remarks>
/// An exponentially weighted mean of the logarithms of the ratios: the first reports count fully (a running mean), later ones a tenth each, and short
/// requests, whose ratio says little, in proportion to their length. Each ratio is limited to a quarter and four times before it counts, so that one
/// odd report moves the mean little and no sequence of them moves it out of these bounds.
/// </remarks>
internal sealed class TokenCorrections(int maximumModels)
{
    private const double Lowest = 0.25;
    private const double Highest = 4;
    private const double Weight = 0.1;

    /// <summary>Requests of this many tokens and more count fully.</summary>
    private const double FullLength = 100;

    private readonly ConcurrentDictionary<string, Correction> _byModel = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _lock = new();
    private long _clock;

    public int Count => _byModel.Count;

    public double For(string modelId) => _byModel.TryGetValue(modelId, out var correction) ? correction.Ratio : 1;

    public void Learn(string modelId, long estimated, long reported)
    {
        if (estimated <= 0 || reported <= 0)
        {
            return;
        }

        var ratio = Math.Log(Math.Clamp((double)reported / estimated, Lowest, Highest));
        var evidence = Math.Min(1, estimated / FullLength);
        lock (_lock)
        {
            if (!_byModel.TryGetValue(modelId, out var known))
            {
                known = new Correction(0, 0, 0);
                if (_byModel.Count >= maximumModels)
                {
                    _byModel.TryRemove(_byModel.MinBy(static model => model.Value.LastLearned).Key, out _);
                }
            }

            var total = known.Evidence + evidence;
            var weight = evidence * Math.Max(Weight, Math.Min(1, 1 / total));
            _byModel[modelId] = new Correction(known.LogRatio + (weight * (ratio - known.LogRatio)), total, ++_clock);
        }
    }

    private sealed record Correction(double LogRatio, double Evidence, long LastLearned)
    {
        public double Ratio { get; } = Math.Exp(LogRatio);
    }
}
