using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace LlmThrift.Internal;

/// <summary>
/// Two fingerprints of one canonical form: a fast one, valid in this process only, and a stable one for stores that outlive it.
/// </summary>
internal static class RequestFingerprint
{
    /// <summary>The code after key and nonce, before the first byte: what every fingerprint of this process begins with.</summary>
    private static readonly Aegis128LMac Keyed = Aegis128LMac.IsSupported ? Aegis128LMac.Create(RandomVector(), RandomVector()) : default;

    private static readonly byte[] FallbackKey = RandomNumberGenerator.GetBytes(32);

    /// <summary>The keyed 128-bit code of the request; false where some part of it has no canonical form.</summary>
    public static bool TryComputeForProcess(in CanonicalRequest request, out UInt128 fingerprint)
    {
        if (Aegis128LMac.IsSupported)
        {
            var mac = Keyed;
            var isComplete = request.TryWriteTo(ref mac);
            fingerprint = isComplete ? mac.Finish().AsUInt128() : default;
            return isComplete;
        }

        return TryComputeWithoutAesInstructions(request, out fingerprint);
    }

    /// <summary>The same contract by HMAC-SHA-256 cut to 128 bits, for processors without AES instructions.</summary>
    public static bool TryComputeWithoutAesInstructions(in CanonicalRequest request, out UInt128 fingerprint)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, FallbackKey);
        var sink = new HashSink(hash);
        if (!request.TryWriteTo(ref sink))
        {
            fingerprint = default;
            return false;
        }

        Span<byte> code = stackalloc byte[32];
        hash.GetHashAndReset(code);
        fingerprint = Vector128.Create<byte>(code[..16]).AsUInt128();
        return true;
    }

    /// <summary>SHA-256 of the same bytes in lower-case hexadecimal: equal in every process and for every version 1 of the form.</summary>
    public static string? ComputeStable(in CanonicalRequest request)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var sink = new HashSink(hash);
        if (!request.TryWriteTo(ref sink))
        {
            return null;
        }

        Span<byte> digest = stackalloc byte[32];
        hash.GetHashAndReset(digest);
        return Convert.ToHexStringLower(digest);
    }

    private static UInt128 AsUInt128(this Vector128<byte> vector)
    {
        var halves = vector.AsUInt64();
        return new UInt128(halves[1], halves[0]);
    }

    private static Vector128<byte> RandomVector()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return Vector128.Create<byte>(bytes);
    }

    private readonly struct HashSink(IncrementalHash hash) : IFingerprintSink
    {
        public void Append(ReadOnlySpan<byte> data) => hash.AppendData(data);
    }
}
