using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AdvSimdAes = System.Runtime.Intrinsics.Arm.Aes;
using X86Aes = System.Runtime.Intrinsics.X86.Aes;

namespace LlmThrift.Internal;

/// <summary>
/// Keyed 128-bit message authentication code AEGIS-128L (draft-irtf-cfrg-aegis-aead, "AEGISMAC"), incremental.
/// </summary>
/// <remarks>
/// A request of 20 messages is 32 KB of UTF-16. SHA-256 takes 15 to 20 µs over it, twice what a whole cache hit may cost.
/// AEGIS-128L absorbs 32 bytes in eight independent AES rounds, one instruction each, so the same text takes 2 to 4 µs. Under a
/// random key that never leaves the process, nobody can construct two requests of equal code, which an unkeyed fast hash cannot promise.
/// </remarks>
internal struct Aegis128LMac : IFingerprintSink
{
    private const int BlockSize = 32;

    private Vector128<byte> _s0;
    private Vector128<byte> _s1;
    private Vector128<byte> _s2;
    private Vector128<byte> _s3;
    private Vector128<byte> _s4;
    private Vector128<byte> _s5;
    private Vector128<byte> _s6;
    private Vector128<byte> _s7;
    private Block _pending;
    private int _pendingLength;
    private ulong _length;

    /// <summary>True where the processor has AES instructions. <see cref="Create"/> must not be called elsewhere.</summary>
    public static bool IsSupported => X86Aes.IsSupported || AdvSimdAes.IsSupported;

    /// <summary>Starts a code under <paramref name="key"/> and <paramref name="nonce"/>.</summary>
    public static Aegis128LMac Create(Vector128<byte> key, Vector128<byte> nonce)
    {
        var c0 = Vector128.Create((byte)0x00, 0x01, 0x01, 0x02, 0x03, 0x05, 0x08, 0x0d, 0x15, 0x22, 0x37, 0x59, 0x90, 0xe9, 0x79, 0x62);
        var c1 = Vector128.Create((byte)0xdb, 0x3d, 0x18, 0x55, 0x6d, 0xc2, 0x2f, 0xf1, 0x20, 0x11, 0x31, 0x42, 0x73, 0xb5, 0x28, 0xdd);
        var mac = new Aegis128LMac
        {
            _s0 = key ^ nonce,
            _s1 = c1,
            _s2 = c0,
            _s3 = c1,
            _s4 = key ^ nonce,
            _s5 = key ^ c0,
            _s6 = key ^ c1,
            _s7 = key ^ c0,
        };
        for (var round = 0; round < 10; round++)
        {
            mac.Update(nonce, key);
        }

        return mac;
    }

    /// <summary>Adds <paramref name="data"/> to the message.</summary>
    public void Append(ReadOnlySpan<byte> data)
    {
        _length += (ulong)data.Length;
        if (_pendingLength > 0)
        {
            var taken = Math.Min(BlockSize - _pendingLength, data.Length);
            data[..taken].CopyTo(((Span<byte>)_pending)[_pendingLength..]);
            _pendingLength += taken;
            if (_pendingLength < BlockSize)
            {
                return;
            }

            Absorb(_pending);
            _pendingLength = 0;
            data = data[taken..];
        }

        var whole = data.Length & ~(BlockSize - 1);
        if (whole > 0)
        {
            Absorb(data[..whole]);
            data = data[whole..];
        }

        data.CopyTo(_pending);
        _pendingLength = data.Length;
    }

    /// <summary>Ends the message and gives its code.</summary>
    public Vector128<byte> Finish()
    {
        if (_pendingLength > 0)
        {
            ((Span<byte>)_pending)[_pendingLength..].Clear();
            Absorb(_pending);
        }

        var lengths = Vector128.Create(_length * 8, 128UL).AsByte() ^ _s2;
        for (var round = 0; round < 7; round++)
        {
            Update(lengths, lengths);
        }

        return _s0 ^ _s1 ^ _s2 ^ _s3 ^ _s4 ^ _s5 ^ _s6;
    }

    private void Absorb(ReadOnlySpan<byte> blocks)
    {
        // Locals, so that the state stays in registers over the loop.
        var (s0, s1, s2, s3, s4, s5, s6, s7) = (_s0, _s1, _s2, _s3, _s4, _s5, _s6, _s7);
        ref var source = ref MemoryMarshal.GetReference(blocks);
        for (nuint offset = 0; offset < (nuint)blocks.Length; offset += BlockSize)
        {
            var m0 = Vector128.LoadUnsafe(ref source, offset);
            var m1 = Vector128.LoadUnsafe(ref source, offset + 16);
            var last = s7;
            s7 = Round(s6, s7);
            s6 = Round(s5, s6);
            s5 = Round(s4, s5);
            s4 = Round(s3, s4 ^ m1);
            s3 = Round(s2, s3);
            s2 = Round(s1, s2);
            s1 = Round(s0, s1);
            s0 = Round(last, s0 ^ m0);
        }

        (_s0, _s1, _s2, _s3, _s4, _s5, _s6, _s7) = (s0, s1, s2, s3, s4, s5, s6, s7);
    }

    private void Update(Vector128<byte> m0, Vector128<byte> m1)
    {
        var last = _s7;
        _s7 = Round(_s6, _s7);
        _s6 = Round(_s5, _s6);
        _s5 = Round(_s4, _s5);
        _s4 = Round(_s3, _s4 ^ m1);
        _s3 = Round(_s2, _s3);
        _s2 = Round(_s1, _s2);
        _s1 = Round(_s0, _s1);
        _s0 = Round(last, _s0 ^ m0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Round(Vector128<byte> state, Vector128<byte> roundKey)
    {
        if (X86Aes.IsSupported)
        {
            return X86Aes.Encrypt(state, roundKey);
        }

        if (AdvSimdAes.IsSupported)
        {
            // Arm adds the round key first and leaves the columns unmixed.
            return AdvSimdAes.MixColumns(AdvSimdAes.Encrypt(state, Vector128<byte>.Zero)) ^ roundKey;
        }

        throw new UnreachableException("AEGIS-128L needs AES instructions; ask IsSupported first.");
    }

    [InlineArray(BlockSize)]
    private struct Block
    {
        private byte _first;
    }
}
