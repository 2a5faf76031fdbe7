using System.Globalization;

namespace LlmThrift.Local.Gguf;

/// <summary>Asks a file for values that a model needs; the type must be the very one that llama.cpp asks for.</summary>
internal sealed class GgufMetadata(GgufFile file)
{
    private readonly HashSet<string> _tensors = new(StringComparer.Ordinal);

    /// <summary>Whether a tensor was asked for, whether it is there or not.</summary>
    public bool WasAskedFor(string tensor) => _tensors.Contains(tensor);

    /// <summary>A text that must be there.</summary>
    public string Text(string key) => OptionalText(key) is { Length: > 0 } text ? text : throw Missing(key, GgufValueType.Text);

    /// <summary>A text that may be absent.</summary>
    public string? OptionalText(string key) =>
        file.Find(key) switch
        {
            null => null,
            { Scalar: string text } => text,
            { } other => throw Wrong(key, other, GgufValueType.Text),
        };

    /// <summary>A truth value that may be absent.</summary>
    public bool? OptionalBoolean(string key) =>
        file.Find(key) switch
        {
            null => null,
            { Scalar: bool value } => value,
            { } other => throw Wrong(key, other, GgufValueType.Boolean),
        };

    /// <summary>A whole number that must be there, within bounds.</summary>
    public uint UInt32(string key, long least, long most) => OptionalUInt32(key, least, most) ?? throw Missing(key, GgufValueType.UInt32);

    /// <summary>A whole number that may be absent, within bounds.</summary>
    public uint? OptionalUInt32(string key, long least = 0, long most = uint.MaxValue)
    {
        switch (file.Find(key))
        {
            case null:
                return null;
            case { Scalar: uint value }:
                return value >= least && value <= most
                    ? value
                    : throw GgufProblem.Of(
                        file.Path,
                        $"has {GgufProblem.Number(value)} in '{key}': it must be from {GgufProblem.Number(least)} to {GgufProblem.Number(most)}"
                    );
            case { } other:
                throw Wrong(key, other, GgufValueType.UInt32);
        }
    }

    /// <summary>A finite, positive number that must be there.</summary>
    public float Float(string key) => OptionalFloat(key, zero: false) ?? throw Missing(key, GgufValueType.Float32);

    /// <summary>A finite, positive number that may be absent, or also zero.</summary>
    public float? OptionalFloat(string key, bool zero)
    {
        switch (file.Find(key))
        {
            case null:
                return null;
            case { Scalar: float value }:
                return float.IsFinite(value) && (value > 0 || (zero && value == 0))
                    ? value
                    : throw GgufProblem.Of(
                        file.Path,
                        $"has {GgufProblem.Number((double)value)} in '{key}': it must be finite and {(zero ? "not below 0" : "above 0")}"
                    );
            case { } other:
                throw Wrong(key, other, GgufValueType.Float32);
        }
    }

    /// <summary>The length of an array that must be there and must not be empty.</summary>
    public long Array(string key, params ReadOnlySpan<GgufValueType> elements)
    {
        if (file.Find(key) is not { } value)
        {
            throw Missing(key, GgufValueType.Array);
        }

        if (value.Type != GgufValueType.Array || !elements.Contains(value.ElementType))
        {
            throw GgufProblem.Of(
                file.Path,
                $"has {value.Description} in '{key}' where an array of {elements[0]} is needed",
                GgufProblem.Convert
            );
        }

        return value.Count > 0 ? value.Count : throw GgufProblem.Of(file.Path, $"has an empty array in '{key}'", GgufProblem.Convert);
    }

    /// <summary>Checks an array that must be there and have one element for each token.</summary>
    public void Array(string key, long tokens, params ReadOnlySpan<GgufValueType> elements)
    {
        if (Array(key, elements) is var count && count != tokens)
        {
            throw GgufProblem.Of(
                file.Path,
                $"has {GgufProblem.Number(count)} elements in '{key}' for {GgufProblem.Number(tokens)} tokens",
                GgufProblem.Convert
            );
        }
    }

    /// <summary>A tensor that must be there, with these dimensions.</summary>
    public GgufTensor Tensor(string name, params ReadOnlySpan<long> dimensions) =>
        OptionalTensor(name, dimensions)
        ?? throw GgufProblem.Of(
            file.Path,
            $"lacks the tensor '{name}', which its architecture '{file.Architecture}' needs",
            GgufProblem.Convert
        );

    /// <summary>A tensor that may be absent, with these dimensions.</summary>
    public GgufTensor? OptionalTensor(string name, params ReadOnlySpan<long> dimensions)
    {
        _tensors.Add(name);
        if (file.FindTensor(name) is not { } tensor)
        {
            return null;
        }

        for (var i = 0; i < 4; i++)
        {
            var found = i < tensor.Dimensions.Count ? tensor.Dimensions[i] : 1;
            if (found != (i < dimensions.Length ? dimensions[i] : 1))
            {
                throw GgufProblem.Of(
                    file.Path,
                    $"has tensor '{name}' of {tensor.Shape}, where its metadata asks for {GgufProblem.Shape(dimensions.ToArray())}"
                );
            }
        }

        return tensor;
    }

    /// <summary>Checks that rows of a matrix can be looked up and multiplied by.</summary>
    public void CanMultiply(GgufTensor tensor)
    {
        if (!tensor.Type.CanMultiply)
        {
            throw GgufProblem.Of(
                file.Path,
                $"has tensor '{tensor.Name}' as {tensor.Type.Name}, by which llama.cpp cannot multiply",
                "Download it again, or take another quantization, such as Q4_K_M."
            );
        }
    }

    private LocalModelException Missing(string key, GgufValueType type) =>
        GgufProblem.Of(
            file.Path,
            $"lacks '{key}' ({type}) in its metadata{(file.Architecture is { Length: > 0 } name ? string.Create(CultureInfo.InvariantCulture, $"; its architecture is {GgufProblem.Quote(name)}") : "")}",
            GgufProblem.Convert
        );

    private LocalModelException Wrong(string key, GgufValue found, GgufValueType type) =>
        GgufProblem.Of(file.Path, $"has {found.Description} in '{key}' where {type} is needed", GgufProblem.Convert);
}
