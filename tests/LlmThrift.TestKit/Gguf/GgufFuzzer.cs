namespace LlmThrift.TestKit.Gguf;

/// <summary>Damages a sound file in ways that follow from a seed: most of them where the file says what it holds, some in the weights.</summary>
public sealed class GgufFuzzer(byte[] sound, IReadOnlyList<GgufField> fields, ulong seed)
{
    /// <summary>One damaged file and what was done to it.</summary>
    public (string What, byte[] Bytes) Damage(int number)
    {
        var random = new SplitMix64(SplitMix64.Seed(seed, number));
        var end = fields[^1].Offset + fields[^1].Length;
        switch (random.Next(8))
        {
            case 0:
            {
                var length = random.Next(random.Next(2) == 0 ? end : sound.Length);
                return ($"{number}: cut to {length} bytes", sound[..length]);
            }

            case 1:
            {
                var bytes = (byte[])sound.Clone();
                var what = $"{number}: bytes";
                for (var i = random.Next(4); i >= 0; i--)
                {
                    var place = random.Next(random.Next(8) == 0 ? bytes.Length : end);
                    bytes[place] = (byte)random.Next();
                    what += $" {place}={bytes[place]}";
                }

                return (what, bytes);
            }

            case 2:
            {
                var bytes = (byte[])sound.Clone();
                var place = random.Next(end);
                bytes[place] ^= (byte)(1 << random.Next(8));
                return ($"{number}: a bit of byte {place}", bytes);
            }

            case 3:
            {
                // Bytes lost or doubled in the middle move everything behind them.
                var place = random.Next(end);
                var count = 1 + random.Next(16);
                return random.Next(2) == 0
                    ? ($"{number}: {count} bytes lost at {place}", [.. sound[..place], .. sound[(place + count)..]])
                    : ($"{number}: {count} bytes twice at {place}", [.. sound[..(place + count)], .. sound[place..]]);
            }

            default:
                return DamageField(number, random);
        }
    }

    private (string What, byte[] Bytes) DamageField(int number, SplitMix64 random)
    {
        var bytes = (byte[])sound.Clone();

        // By kind first, then one of that kind: otherwise the many tensors leave the header alone.
        var kinds = fields.Select(field => field.Kind).Distinct().ToArray();
        var kind = kinds[random.Next(kinds.Length)];
        var some = fields.Where(field => field.Kind == kind && field.Length > 0).ToArray();
        var field = some[random.Next(some.Length)];
        var target = bytes.AsSpan(field.Offset, field.Length);
        if (field.Length > 8 || kind is GgufFieldKind.Key or GgufFieldKind.TensorName)
        {
            // Within long values: a word of an array, often a length or a number.
            var place = random.Next(field.Length);
            target = target.Slice(place, Math.Min(random.Next(2) == 0 ? 1 : 8, field.Length - place));
        }

        var old = 0UL;
        for (var i = target.Length - 1; i >= 0; i--)
        {
            old = (old << 8) | target[i];
        }

        ulong value = random.Next(14) switch
        {
            0 => 0UL,
            1 => 1UL,
            2 => old + 1,
            3 => old - 1,
            4 => old * 2,
            5 => old / 2,
            6 => ulong.MaxValue,
            7 => long.MaxValue,
            8 => int.MaxValue,
            9 => uint.MaxValue,
            10 => 1UL << random.Next(64),
            11 => random.Next() >> random.Next(64),
            12 => (ulong)random.Next(48),
            _ => old ^ (1UL << random.Next(8 * target.Length)),
        };
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = (byte)(value >> (8 * i));
        }

        return ($"{number}: {field.Kind} of '{field.Name}' at {field.Offset} from {old} to {value}", bytes);
    }
}
