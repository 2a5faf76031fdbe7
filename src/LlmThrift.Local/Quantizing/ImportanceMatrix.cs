using LlmThrift.Local.Gguf;

namespace LlmThrift.Local.Quantizing;

/// <summary>How much each column of a model's matrices matters: the mean squares of what a text brings there (https://github.com/ggml-org/llama.cpp/pull/4861).</summary>
/// <param name="Entries">What was seen, by the matrix's name.</param>
/// <param name="Datasets">Names of the texts.</param>
/// <param name="Windows">Windows of text that were seen.</param>
/// <param name="WindowLength">Tokens of a window; 0 where it is not known.</param>
internal sealed record ImportanceMatrix(
    IReadOnlyDictionary<string, ImportanceEntry> Entries,
    IReadOnlyList<string> Datasets,
    int Windows,
    int WindowLength
)
{
    /// <summary>Checks that every entry is about a tensor of a model.</summary>
    /// <exception cref="LocalModelException">Some are not; the message names them.</exception>
    public void CheckFit(string path, GgufFile model)
    {
        const int Named = 3;
        var problems = new List<string>();
        foreach (var (name, entry) in Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (model.FindTensor(name) is not { } tensor)
            {
                problems.Add($"{GgufProblem.Quote(name)} is no tensor of the model");
                continue;
            }

            // A column of each expert.
            var columns = tensor.Dimensions[0] * (tensor.Dimensions.Count > 2 ? tensor.Dimensions[2] : 1);
            if (entry.Sums.Length != columns)
            {
                problems.Add($"'{name}' has {GgufProblem.Number(columns)} columns there and {GgufProblem.Number(entry.Sums.Length)} here");
            }
        }

        if (problems.Count > 0)
        {
            var rest = problems.Count > Named ? $"; and {problems.Count - Named} more" : "";
            throw new LocalModelException(
                $"The importance matrix '{path}' was not made of the model '{model.Path}': {string.Join("; ", problems.Take(Named))}{rest}. "
                    + "Make one of this model by LocalModel.ComputeImportanceMatrixAsync."
            );
        }
    }
}
