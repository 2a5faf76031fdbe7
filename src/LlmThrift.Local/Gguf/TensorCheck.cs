namespace LlmThrift.Local.Gguf;

/// <summary>Checks that tensors are of types that llama.cpp can calculate with where they are used.</summary>
internal static class TensorCheck
{
    /// <summary>A matrix to multiply by, or a table whose rows are looked up.</summary>
    public static void Matrix(GgufMetadata metadata, GgufTensor? tensor)
    {
        if (tensor is not null)
        {
            metadata.CanMultiply(tensor);
        }
    }

    /// <summary>Norms, biases and scales: llama.cpp multiplies and adds these to activations, and ends the process if they are not floats.</summary>
    public static void Vector(GgufFile file, GgufTensor? tensor)
    {
        if (tensor is not null && tensor.TypeNumber != GgufTensorType.Float32)
        {
            throw GgufProblem.Of(file.Path, $"has tensor '{tensor.Name}' as {tensor.Type.Name}: a vector must be F32", GgufProblem.Convert);
        }
    }

    /// <summary>All vectors, and that there is no tensor that was not asked for: llama.cpp refuses a model with tensors that it has no use for.</summary>
    public static void Rest(GgufFile file, GgufMetadata metadata, string model)
    {
        foreach (var tensor in file.Tensors)
        {
            if (tensor.ElementCount == tensor.Dimensions[0])
            {
                Vector(file, tensor);
            }

            // Scales go with some quantizations.
            if (!metadata.WasAskedFor(tensor.Name) && !tensor.Name.EndsWith("scale", StringComparison.Ordinal))
            {
                throw GgufProblem.Of(
                    file.Path,
                    $"has the tensor '{tensor.Name}', which {model} with its metadata does not have",
                    GgufProblem.Convert
                );
            }
        }
    }
}
