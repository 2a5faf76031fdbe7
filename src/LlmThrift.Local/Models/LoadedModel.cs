using System.Buffers;
using System.Text;
using LlmThrift.Local.Gguf;
using LlmThrift.Local.Native;

namespace LlmThrift.Local.Models;

/// <summary>A model in memory and its vocabulary. Immutable; safe for concurrent use until it is disposed.</summary>
internal sealed unsafe class LoadedModel : IDisposable
{
    private readonly nint _vocabulary;
    private readonly Lazy<(byte[] Bytes, int[] Starts)> _pieces;

    private LoadedModel(LlamaModelHandle handle, GgufFile file)
    {
        Handle = handle;
        File = file;
        _vocabulary = LlamaNative.Vocabulary(handle);
        VocabularySize = LlamaNative.VocabularySize(_vocabulary);
        TrainedContextLength = LlamaNative.TrainedContextLength(handle);
        _pieces = new Lazy<(byte[], int[])>(ReadPieces);
        ChatTemplate = TextOf(LlamaNative.ChatTemplate(handle, null));
        fixed (byte* name = "tool_use\0"u8)
        {
            ToolTemplate = TextOf(LlamaNative.ChatTemplate(handle, name));
        }
    }

    public LlamaModelHandle Handle { get; }

    public GgufFile File { get; }

    public string Path => File.Path;

    public nint Vocabulary => _vocabulary;

    public int VocabularySize { get; }

    /// <summary>The tokens that the model was trained to see at once.</summary>
    public int TrainedContextLength { get; }

    /// <summary>The template in the model's file, in Jinja; null when there is none.</summary>
    public string? ChatTemplate { get; }

    /// <summary>The template of chats with tools, where the model's file has one of its own for them; else null.</summary>
    public string? ToolTemplate { get; }

    /// <summary>Bytes of all weights.</summary>
    public long Size => (long)LlamaNative.SizeOf(Handle);

    /// <summary>How many weights there are.</summary>
    public long Parameters => (long)LlamaNative.ParametersOf(Handle);

    /// <summary>Reads a model; takes seconds for large ones.</summary>
    /// <param name="path">The file.</param>
    /// <param name="gpuLayers">Layers that a GPU computes; -1 for all.</param>
    /// <param name="use">What the model is for: others are refused.</param>
    /// <exception cref="LocalModelException">The file is not one that can be loaded.</exception>
    public static LoadedModel Load(string path, int gpuLayers, GgufModelUse use = GgufModelUse.Text)
    {
        // llama.cpp takes much of a file on trust, and ends the process where that is disappointed.
        var file = GgufFile.Validate(path, use);
        var parameters = LlamaNative.DefaultModelParameters();
        parameters.GpuLayers = gpuLayers;
        var handle = new LlamaModelHandle(LlamaNative.LoadModel(path, parameters));
        if (handle.IsInvalid)
        {
            handle.Dispose();
            throw new LocalModelException($"llama.cpp cannot load {path}; its log says why (category LlmThrift.Local, level Error).");
        }

        if (use == GgufModelUse.Text && (!LlamaNative.HasDecoder(handle) || LlamaNative.HasEncoder(handle)))
        {
            handle.Dispose();
            throw new LocalModelException($"{path} is not a model that generates text from text: take one that has a decoder alone.");
        }

        return new LoadedModel(handle, file);
    }

    public bool EndsGeneration(int token) => LlamaNative.EndsGeneration(_vocabulary, token);

    /// <summary>The token that begins a text, where the model wants one; else null.</summary>
    public int? BeginToken =>
        LlamaNative.AddsBeginToken(_vocabulary) && LlamaNative.BeginToken(_vocabulary) is >= 0 and var token ? token : null;

    /// <summary>The tokens of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addSpecial">With the token that begins a text, where the model has one.</param>
    /// <param name="parseSpecial">Names of control tokens in the text stand for these tokens.</param>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public int[] Tokenize(string text, bool addSpecial, bool parseSpecial)
    {
        var count = Encoding.UTF8.GetByteCount(text);
        var bytes = ArrayPool<byte>.Shared.Rent(count + 1);
        var tokens = ArrayPool<int>.Shared.Rent(count + 8);
        var isHeld = false;
        try
        {
            // The vocabulary lives as long as the model, which another thread may be about to free.
            Handle.DangerousAddRef(ref isHeld);
            Encoding.UTF8.GetBytes(text, bytes);
            fixed (byte* source = bytes)
            fixed (int* destination = tokens)
            {
                // A token has a byte at least, but for those at the beginning and the end.
                var written = LlamaNative.Tokenize(_vocabulary, source, count, destination, tokens.Length, addSpecial, parseSpecial);
                return written >= 0
                    ? tokens.AsSpan(0, written).ToArray()
                    : throw new LocalModelException($"A text of {count} bytes cannot be turned into tokens by {Path}.");
            }
        }
        finally
        {
            if (isHeld)
            {
                Handle.DangerousRelease();
            }

            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<int>.Shared.Return(tokens);
        }
    }

    /// <summary>The bytes of a token, which need not be whole characters; none for control tokens.</summary>
    public ReadOnlySpan<byte> Piece(int token)
    {
        var (bytes, starts) = _pieces.Value;
        return bytes.AsSpan(starts[token], starts[token + 1] - starts[token]);
    }

    private (byte[] Bytes, int[] Starts) ReadPieces()
    {
        var bytes = new byte[16 * VocabularySize];
        var starts = new int[VocabularySize + 1];
        for (var token = 0; token < VocabularySize; token++)
        {
            int written;
            while ((written = WritePiece(token, bytes.AsSpan(starts[token]))) < 0)
            {
                Array.Resize(ref bytes, (2 * bytes.Length) - written);
            }

            starts[token + 1] = starts[token] + written;
        }

        Array.Resize(ref bytes, starts[^1]);
        return (bytes, starts);
    }

    /// <summary>Writes the bytes of a token; below zero, the room that it takes.</summary>
    private int WritePiece(int token, Span<byte> destination)
    {
        fixed (byte* bytes = destination)
        {
            return LlamaNative.PieceOf(_vocabulary, token, bytes, destination.Length, skippedSpaces: 0, special: false);
        }
    }

    /// <summary>The text of the token that begins a text; empty where there is none.</summary>
    public string BeginText() => LlamaNative.BeginToken(_vocabulary) is >= 0 and var token ? NameOf(token) : "";

    /// <summary>The token that a text is, be it a control token or another; null where it takes several.</summary>
    public int? TokenOf(string text) =>
        Tokenize(text, addSpecial: false, parseSpecial: true) is [var token] && NameOf(token) == text ? token : null;

    public void Dispose() => Handle.Dispose();

    private static string? TextOf(byte* text) =>
        text is null
            ? null
            : Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>The text of a token, that of control tokens included; empty where it is longer than any of these.</summary>
    private string NameOf(int token)
    {
        Span<byte> bytes = stackalloc byte[64];
        fixed (byte* destination = bytes)
        {
            var written = LlamaNative.PieceOf(_vocabulary, token, destination, bytes.Length, 0, special: true);
            return written > 0 ? Encoding.UTF8.GetString(bytes[..written]) : "";
        }
    }
}
