using System.Numerics;

namespace LlmThrift.TestKit.Gguf;

/// <summary>A small random source that yields the same numbers from the same seed on every machine (Steele, Lea and Flood, 2014).</summary>
public sealed class SplitMix64(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        var mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>A number from 0 to below <paramref name="limit"/>.</summary>
    public int Next(int limit) => (int)(ulong)(((UInt128)Next() * (ulong)limit) >> 64);

    /// <summary>A number from -1 to below 1.</summary>
    public float NextSigned() => ((int)(Next() >> 40) - (1 << 23)) / (float)(1 << 23);

    /// <summary>A seed of its own for each place.</summary>
    public static ulong Seed(ulong seed, int place) => BitOperations.RotateLeft(seed, 17) ^ ((ulong)(place + 1) * 0xD1342543DE82EF95);
}
