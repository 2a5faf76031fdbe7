using System.Buffers.Binary;
using System.Text;

namespace LlmThrift.Local.Gguf;

/// <summary>Guesses what a file is that is not a GGUF file, for the message.</summary>
internal static class GgufKinds
{
    /// <summary>How many of the file's first bytes <see cref="Describe"/> wants to see.</summary>
    public const int Wanted = 64;

    /// <summary>What the file looks like and the way out.</summary>
    public static (string Looks, string WayOut) Describe(ReadOnlySpan<byte> start)
    {
        const string Quantized =
            "Take the model's GGUF file (model pages often link to one), or convert it with llama.cpp's convert_hf_to_gguf.py.";
        if (start.StartsWith("PK\u0003\u0004"u8))
        {
            return ("it looks like a ZIP archive or PyTorch weights", Quantized);
        }

        if (start.Length > 1 && start[0] == 0x80 && start[1] is >= 2 and <= 5)
        {
            return ("it looks like PyTorch weights (a Python pickle)", Quantized);
        }

        if (start.Length > 8 && start[8] == (byte)'{' && BinaryPrimitives.ReadUInt64LittleEndian(start) < 1UL << 32)
        {
            return ("it looks like a safetensors file", Quantized);
        }

        if (start.Length >= 4 && Encoding.Latin1.GetString(start[..4]) is "lmgg" or "fmgg" or "tjgg" or "algg")
        {
            return ("it looks like an old GGML file, from before GGUF", "Take a GGUF file of the model: the old format is no longer read.");
        }

        if (start.StartsWith("\u001F\u008B"u8) || (start.Length > 1 && start[0] == 0x1F && start[1] == 0x8B))
        {
            return ("it looks like a gzip archive", "Unpack it first.");
        }

        if (start.StartsWith("version https://git-lfs"u8))
        {
            return (
                "it is a Git LFS pointer, which stands for the real file",
                "Run 'git lfs pull' in its repository, or download the file itself."
            );
        }

        var text = start.TrimStart(" \t\r\n\uFEFF"u8);
        if (text.Length > 0 && text[0] == (byte)'<')
        {
            return ("it looks like an HTML page", "Download the file itself rather than the page about it; a sign-in may be needed.");
        }

        if (text.Length > 0 && text[0] is (byte)'{' or (byte)'[')
        {
            return ("it looks like JSON text, such as a server's error or a model's configuration", "Download the .gguf file itself.");
        }

        var printable = start.Length > 0;
        foreach (var b in start)
        {
            printable &= b is >= 0x20 and < 0x7F or (byte)'\n' or (byte)'\r' or (byte)'\t';
        }

        if (printable)
        {
            return (
                $"it looks like text that begins {GgufProblem.Quote(Encoding.ASCII.GetString(start))}",
                "Download the .gguf file itself."
            );
        }

        return (
            $"its first bytes are {Convert.ToHexString(start[..Math.Min(start.Length, 4)])} rather than 47475546, 'GGUF'",
            "Check the path, or download the .gguf file again."
        );
    }
}
