using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace LlmThrift.Local.Tools;

/// <summary>
/// Ids of calls: nine letters or digits, as Mistral's models ask for. They are made of the prompt, so the same request has the same ids, and a later turn of the
/// conversation, whose prompt is longer, has others.
/// </summary>
internal static class CallIds
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>The ids of the calls that answer a prompt, by their index.</summary>
    public static Func<int, string> For(int[] prompt)
    {
        var hash = SHA256.HashData(MemoryMarshal.AsBytes<int>(prompt));
        return index =>
        {
            Span<byte> seed = stackalloc byte[hash.Length + sizeof(int)];
            hash.CopyTo(seed);
            BinaryPrimitives.WriteInt32LittleEndian(seed[hash.Length..], index);
            return Of(SHA256.HashData(seed));
        };
    }

    /// <summary>An id by a hash.</summary>
    public static string Of(ReadOnlySpan<byte> hash)
    {
        var value = BinaryPrimitives.ReadUInt64LittleEndian(hash);
        Span<char> id = stackalloc char[9];
        foreach (ref var character in id)
        {
            (value, var digit) = Math.DivRem(value, (ulong)Alphabet.Length);
            character = Alphabet[(int)digit];
        }

        return new string(id);
    }
}
