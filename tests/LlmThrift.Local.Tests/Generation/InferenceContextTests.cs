using LlmThrift.Local.Generation;
using LlmThrift.Local.Models;
using LlmThrift.Local.Native;
using Xunit;

namespace LlmThrift.Local.Tests.Generation;

/// <summary>What the model thinks of the next token is the same, but for rounding, however a prompt came into the memory.</summary>
public sealed class InferenceContextTests(RandomModel file) : IClassFixture<RandomModel>
{
    private static readonly int[] Prompt = [1, .. Enumerable.Range(0, 90).Select(i => 260 + (i * 37 % 200))];

    [NativeFact]
    public void A_prompt_in_pieces_beside_others_gives_the_same_as_at_once()
    {
        using var model = Load();
        using var context = new InferenceContext(model, 256, sequences: 4, batchSize: 64, threads: 1);
        var expected = AtOnce(model);

        // Pieces of 7 tokens, each beside 5 tokens of another sequence.
        var other = 0;
        ReadOnlySpan<float> logits = [];
        for (var start = 0; start < Prompt.Length; start += 7)
        {
            context.Begin();
            var place = 0;
            for (var i = start; i < Math.Min(start + 7, Prompt.Length); i++)
            {
                place = context.Add(Prompt[i], i, sequence: 2, hasOutput: i == Prompt.Length - 1);
            }

            for (var i = 0; i < 5; i++)
            {
                context.Add(300 + i, other++, sequence: 0, hasOutput: true);
            }

            Assert.Equal(0, context.Evaluate());
            logits = context.Logits(place);
        }

        AssertAlike(expected, logits);
    }

    [NativeFact]
    public void A_beginning_taken_over_from_another_sequence_gives_the_same()
    {
        using var model = Load();
        using var context = new InferenceContext(model, 256, sequences: 4, batchSize: 128, threads: 1);
        var expected = AtOnce(model);

        context.Begin();
        for (var i = 0; i < 60; i++)
        {
            context.Add(Prompt[i], i, sequence: 0, hasOutput: false);
        }

        // What the first sequence goes on with is its own.
        for (var i = 60; i < 70; i++)
        {
            context.Add(270, i, sequence: 0, hasOutput: false);
        }

        Assert.Equal(0, context.Evaluate());
        Assert.True(context.Share(0, 3, 60));
        Assert.True(context.Forget(0, 10));
        context.Begin();
        var place = 0;
        for (var i = 60; i < Prompt.Length; i++)
        {
            place = context.Add(Prompt[i], i, sequence: 3, hasOutput: i == Prompt.Length - 1);
        }

        Assert.Equal(0, context.Evaluate());
        AssertAlike(expected, context.Logits(place));
    }

    private static float[] AtOnce(LoadedModel model)
    {
        using var context = new InferenceContext(model, 256, sequences: 1, batchSize: 128, threads: 1);
        context.Begin();
        var place = 0;
        for (var i = 0; i < Prompt.Length; i++)
        {
            place = context.Add(Prompt[i], i, sequence: 0, hasOutput: i == Prompt.Length - 1);
        }

        Assert.Equal(0, context.Evaluate());
        return context.Logits(place).ToArray();
    }

    private static void AssertAlike(float[] expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var (error, size) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            error += Math.Pow(expected[i] - actual[i], 2);
            size += Math.Pow(expected[i], 2);
        }

        // A single wrong token of the prompt makes this some .5.
        Assert.InRange(Math.Sqrt(error / size), 0, 0.02);
    }

    private LoadedModel Load()
    {
        LlamaLibrary.Load(null, null);
        return LoadedModel.Load(file.Path, gpuLayers: 0);
    }
}
