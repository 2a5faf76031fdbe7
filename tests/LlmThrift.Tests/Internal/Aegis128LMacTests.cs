using System.Runtime.Intrinsics;
using LlmThrift.Internal;
using Xunit;

namespace LlmThrift.Tests.Internal;

public sealed class Aegis128LMacTests
{
    private const string Key = "10010000000000000000000000000000";
    private const string Nonce = "10000200000000000000000000000000";

    /// <summary>Test vectors 1 to 3 of draft-irtf-cfrg-aegis-aead, appendix A.2: they hold the plain implementation below to the specification.</summary>
    [Theory]
    [InlineData("", "00000000000000000000000000000000", "abe0ece80c24868a226a35d16bdae37a")]
    [InlineData("", "", "c2b879a67def9d74e6c14f708bbcc9b4")]
    [InlineData("0001020304050607", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "cc6f3372f6aa1bb82388d695c3962d9a")]
    public void Plain_implementation_gives_the_published_tags(string associatedData, string message, string tag)
    {
        var plain = new PlainAegis128L(Hex(Key), Hex(Nonce));
        plain.Absorb(Hex(associatedData));
        plain.Absorb(Hex(message));

        Assert.Equal(tag, Convert.ToHexStringLower(plain.Finish((ulong)associatedData.Length * 4, (ulong)message.Length * 4)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(64)]
    [InlineData(1000)]
    [InlineData(4096)]
    public void Finish_agrees_with_the_plain_implementation_however_the_text_is_cut(int length)
    {
        if (!Aegis128LMac.IsSupported)
        {
            return; // No AES instructions here: the library uses HMAC-SHA-256 instead, which RequestFingerprintTests covers.
        }

        var data = new byte[length];
        new Random(length).NextBytes(data);
        var plain = new PlainAegis128L(Hex(Key), Hex(Nonce));
        plain.Absorb(data);
        var expected = Convert.ToHexStringLower(plain.Finish((ulong)length * 8, 128));

        foreach (var cut in new[] { 1, 7, 32, 45, Math.Max(1, length) })
        {
            var mac = Aegis128LMac.Create(Vector128.Create(Hex(Key)), Vector128.Create(Hex(Nonce)));
            for (var start = 0; start < length; start += cut)
            {
                mac.Append(data.AsSpan(start, Math.Min(cut, length - start)));
            }

            var code = new byte[16];
            mac.Finish().CopyTo(code);
            Assert.Equal(expected, Convert.ToHexStringLower(code));
        }
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text);

    /// <summary>The specification written down step by step, with AES from tables computed here.</summary>
    private sealed class PlainAegis128L
    {
        private static readonly byte[] Box = MakeBox();
        private readonly byte[][] _s;

        public PlainAegis128L(byte[] key, byte[] nonce)
        {
            var c0 = Hex("000101020305080d1522375990e97962");
            var c1 = Hex("db3d18556dc22ff12011314273b528dd");
            _s = [Xor(key, nonce), c1, c0, c1, Xor(key, nonce), Xor(key, c0), Xor(key, c1), Xor(key, c0)];
            for (var i = 0; i < 10; i++)
            {
                Update(nonce, key);
            }
        }

        public void Absorb(byte[] data)
        {
            for (var start = 0; start < data.Length; start += 32)
            {
                var block = new byte[32];
                data.AsSpan(start, Math.Min(32, data.Length - start)).CopyTo(block);
                Update(block[..16], block[16..]);
            }
        }

        public byte[] Finish(ulong firstBits, ulong secondBits)
        {
            var t = Xor(_s[2], [.. BitConverter.GetBytes(firstBits), .. BitConverter.GetBytes(secondBits)]);
            for (var i = 0; i < 7; i++)
            {
                Update(t, t);
            }

            return _s.Take(7).Aggregate(Xor);
        }

        private void Update(byte[] m0, byte[] m1)
        {
            byte[][] next =
            [
                Round(_s[7], Xor(_s[0], m0)),
                Round(_s[0], _s[1]),
                Round(_s[1], _s[2]),
                Round(_s[2], _s[3]),
                Round(_s[3], Xor(_s[4], m1)),
                Round(_s[4], _s[5]),
                Round(_s[5], _s[6]),
                Round(_s[6], _s[7]),
            ];
            next.CopyTo(_s, 0);
        }

        private static byte[] Round(byte[] state, byte[] roundKey)
        {
            var mixed = new byte[16];
            for (var column = 0; column < 4; column++)
            {
                var a = Enumerable.Range(0, 4).Select(row => Box[state[(((column + row) % 4) * 4) + row]]).ToArray();
                for (var row = 0; row < 4; row++)
                {
                    mixed[(column * 4) + row] = (byte)(Times(a[row], 2) ^ Times(a[(row + 1) % 4], 3) ^ a[(row + 2) % 4] ^ a[(row + 3) % 4]);
                }
            }

            return Xor(mixed, roundKey);
        }

        private static byte[] Xor(byte[] a, byte[] b) => [.. a.Zip(b, (x, y) => (byte)(x ^ y))];

        private static byte Times(byte a, int b)
        {
            var (product, factor) = (0, (int)a);
            for (; b > 0; b >>= 1)
            {
                product ^= (b & 1) * factor;
                factor = (factor << 1) ^ ((factor >> 7) * 0x11b);
            }

            return (byte)product;
        }

        private static byte[] MakeBox()
        {
            var box = new byte[256];
            for (var value = 0; value < 256; value++)
            {
                var inverse = Enumerable.Range(0, 256).FirstOrDefault(candidate => Times((byte)value, candidate) == 1);
                var result = 0x63;
                for (var shift = 0; shift < 5; shift++)
                {
                    result ^= ((inverse << shift) | (inverse >> (8 - shift))) & 0xff;
                }

                box[value] = (byte)result;
            }

            return box;
        }
    }
}
