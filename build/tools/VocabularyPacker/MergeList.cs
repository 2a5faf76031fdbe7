using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace VocabularyPacker;

/// <summary>Turns a list of tokens by rank into the list of merges that byte-pair encoding makes them by.</summary>
/// <remarks>
/// Layout, little-endian: int32 number of tokens; int32 bits of an id; the 256 tokens of one byte; then for every further token the ids of its
/// left and right part, packed without gaps; eight bytes of padding, so that a reader can load eight bytes anywhere.
/// </remarks>
internal static class MergeList
{
    public static byte[][] ReadTiktoken(byte[] file)
    {
        var tokens = new List<byte[]>();
        foreach (var line in Encoding.ASCII.GetString(file).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (int.Parse(line.AsSpan(space + 1), CultureInfo.InvariantCulture) != tokens.Count)
            {
                throw new InvalidDataException($"Ranks are not consecutive at '{line}'.");
            }

            tokens.Add(Convert.FromBase64String(line[..space]));
        }

        return [.. tokens];
    }

    public static byte[] Pack(byte[][] tokens)
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++)
        {
            ranks.Add(Encoding.Latin1.GetString(tokens[id]), id);
        }

        var idBits = 32 - int.LeadingZeroCount(tokens.Length);
        var packed = new byte[8 + 256 + (((tokens.Length - 256) * 2 * idBits) + 7) / 8 + 8];
        BinaryPrimitives.WriteInt32LittleEndian(packed, tokens.Length);
        BinaryPrimitives.WriteInt32LittleEndian(packed.AsSpan(4), idBits);
        for (var id = 0; id < 256; id++)
        {
            packed[8 + id] =
                tokens[id].Length == 1 ? tokens[id][0] : throw new InvalidDataException("The first 256 tokens must be single bytes.");
        }

        var pairs = new HashSet<(int, int)>();
        for (var id = 256; id < tokens.Length; id++)
        {
            var (left, right) = LastMerge(Encoding.Latin1.GetString(tokens[id]), ranks);

            // What the reader's algorithm rests on: parts come before the whole, and no two tokens are made of the same parts.
            if (left >= id || right >= id || !pairs.Add((left, right)))
            {
                throw new InvalidDataException($"Token {id} is not made by a merge of its own of two earlier tokens.");
            }

            var bit = (long)(id - 256) * 2 * idBits;
            var target = packed.AsSpan(264 + (int)(bit >> 3));
            var value = ((ulong)(uint)right << idBits) | (uint)left;
            BinaryPrimitives.WriteUInt64LittleEndian(target, BinaryPrimitives.ReadUInt64LittleEndian(target) | (value << (int)(bit & 7)));
        }

        return packed;
    }

    /// <summary>Encodes a token's bytes up to the point where two parts are left: those that its last merge joins.</summary>
    private static (int Left, int Right) LastMerge(string token, Dictionary<string, int> ranks)
    {
        var parts = token.Select(c => c.ToString()).ToList();
        while (parts.Count > 2)
        {
            var best = Enumerable.Range(0, parts.Count - 1).MinBy(i => ranks.GetValueOrDefault(parts[i] + parts[i + 1], int.MaxValue));
            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }

        return ranks.TryGetValue(parts[0], out var left) && ranks.TryGetValue(parts[1], out var right)
            ? (left, right)
            : throw new InvalidDataException("A token cannot be made by merging.");
    }
}
