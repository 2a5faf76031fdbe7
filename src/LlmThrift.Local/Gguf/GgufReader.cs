using System.Buffers.Binary;
using System.Text;

namespace LlmThrift.Local.Gguf;

/// <summary>
/// Reads a GGUF file from front to back. Whatever the file claims is compared with what is left of it before anything is allocated. Not thread-safe.
/// </summary>
internal sealed class GgufReader : IDisposable
{
    /// <summary>The longest text that is read, in bytes: chat templates take some tens of thousands.</summary>
    public const int LongestText = 16 << 20;

    /// <summary>The longest array that is read: the largest vocabularies have some 300,000 tokens and 500,000 merges.</summary>
    public const int LongestArray = 1 << 24;

    private readonly FileStream _stream;

    public GgufReader(string path)
    {
        Path = path;
        _stream = Open(path);
        try
        {
            Length = _stream.Length;
        }
        catch (Exception failure) when (failure is IOException or NotSupportedException)
        {
            _stream.Dispose();
            throw GgufProblem.Of(path, "is not an ordinary file", "Give the path of a .gguf file.", failure);
        }
    }

    public string Path { get; }

    /// <summary>The file's length in bytes.</summary>
    public long Length { get; }

    public long Position { get; private set; }

    public long Left => Length - Position;

    public void Dispose() => _stream.Dispose();

    /// <summary>Goes to a place in the file that was read before.</summary>
    public void Seek(long position)
    {
        _stream.Position = position;
        Position = position;
    }

    public void Skip(long bytes, string what)
    {
        Need(bytes, what);
        Seek(Position + bytes);
    }

    /// <summary>Fills the buffer as far as the file goes.</summary>
    public int ReadSome(Span<byte> buffer)
    {
        var count = _stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        Position += count;
        return count;
    }

    public void Read(Span<byte> buffer, string what)
    {
        Need(buffer.Length, what);
        _stream.ReadExactly(buffer);
        Position += buffer.Length;
    }

    public byte ReadByte(string what)
    {
        Span<byte> bytes = stackalloc byte[1];
        Read(bytes, what);
        return bytes[0];
    }

    public ushort ReadUInt16(string what)
    {
        Span<byte> bytes = stackalloc byte[2];
        Read(bytes, what);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public uint ReadUInt32(string what)
    {
        Span<byte> bytes = stackalloc byte[4];
        Read(bytes, what);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public ulong ReadUInt64(string what)
    {
        Span<byte> bytes = stackalloc byte[8];
        Read(bytes, what);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>A text's length in bytes, which is at most what is left of the file.</summary>
    public int ReadTextLength(string what)
    {
        var at = Position;
        var length = ReadUInt64(what);
        if (length > (ulong)Left)
        {
            throw GgufProblem.Of(
                Path,
                $"is damaged or cut short: {what} at byte {GgufProblem.Number(at)} should be {GgufProblem.Number(length)} bytes long, "
                    + $"but only {GgufProblem.Number(Left)} bytes follow"
            );
        }

        if (length > LongestText)
        {
            throw GgufProblem.Of(
                Path,
                $"is damaged: {what} at byte {GgufProblem.Number(at)} is {GgufProblem.Number(length)} bytes long, "
                    + $"more than the {GgufProblem.Number(LongestText)} that are allowed"
            );
        }

        return (int)length;
    }

    public string ReadText(string what, Encoding encoding)
    {
        var bytes = new byte[ReadTextLength(what)];
        Read(bytes, what);
        return encoding.GetString(bytes);
    }

    private void Need(long bytes, string what)
    {
        if (bytes > Left)
        {
            throw GgufProblem.Of(Path, $"ends after {GgufProblem.Number(Length)} bytes, within {what}: it is incomplete");
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw GgufProblem.Of(path, "is a directory", "Give the path of a .gguf file in it.");
            }

            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw GgufProblem.Of(
                path,
                $"does not exist (as a full path: '{System.IO.Path.GetFullPath(path)}')",
                "Check the path, or download the model first.",
                failure
            );
        }
        catch (UnauthorizedAccessException failure)
        {
            throw GgufProblem.Of(path, "may not be read by this process", "Give the process's user the right to read it.", failure);
        }
        catch (Exception failure) when (failure is IOException or ArgumentException or NotSupportedException)
        {
            throw GgufProblem.Of(
                path,
                $"cannot be opened: {failure.Message.TrimEnd('.')}",
                "If another program still writes or holds it, wait until that is done.",
                failure
            );
        }
    }
}
