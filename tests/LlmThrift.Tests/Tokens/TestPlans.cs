using System.Globalization;

namespace LlmThrift.Tests.Tokens;

/// <summary>Texts and their tokens, out of TestPlans.txt of gpt-tokenizer (see THIRD-PARTY-NOTICES.md).</summary>
internal static class TestPlans
{
    public static List<(string Sample, int[] Tokens)> Read(string encoding)
    {
        var vectors = new List<(string, int[])>();
        using var stream = typeof(TestPlans).Assembly.GetManifestResourceStream("TestPlans.txt")!;
        using var reader = new StreamReader(stream);
        foreach (var plan in reader.ReadToEnd().Split("EncodingName: ", StringSplitOptions.RemoveEmptyEntries))
        {
            var name = plan[..plan.IndexOf('\n', StringComparison.Ordinal)];
            var sample = plan.IndexOf("\nSample: ", StringComparison.Ordinal) + "\nSample: ".Length;
            var encoded = plan.LastIndexOf("\nEncoded: [", StringComparison.Ordinal);
            var tokens = plan[(encoded + "\nEncoded: [".Length)..plan.LastIndexOf(']')];
            if (name == encoding)
            {
                vectors.Add(
                    (
                        plan[sample..encoded],
                        [
                            .. tokens
                                .Split(", ", StringSplitOptions.RemoveEmptyEntries)
                                .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
                        ]
                    )
                );
            }
        }

        return vectors;
    }
}
