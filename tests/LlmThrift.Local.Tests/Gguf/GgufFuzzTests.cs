using System.Diagnostics;
using LlmThrift.Local.Gguf;
using LlmThrift.TestKit.Gguf;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Local.Tests.Gguf;

public sealed class GgufFuzzTests
{
    /// <summary>Each damaged file is either refused with the one exception or harmless; none makes the reader allocate much or take long.</summary>
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    public void Validate_300_damaged_files_are_refused_or_harmless(ulong seed)
    {
        const long MostBytes = 32 << 20;
        using var directory = new TemporaryDirectory();
        var path = directory.File("damaged.gguf");
        var writer = RandomLlamaModel.Build(
            new RandomLlamaOptions
            {
                Layers = 1,
                Half = true,
                ChatTemplate = "{{ messages }}",
            }
        );
        var fuzzer = new GgufFuzzer(writer.ToArray(), writer.Fields, seed);
        var refused = 0;
        for (var i = 0; i < 300; i++)
        {
            var (what, bytes) = fuzzer.Damage(i);
            File.WriteAllBytes(path, bytes);
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var started = Stopwatch.GetTimestamp();
            try
            {
                GgufFile.Validate(path);
            }
            catch (LocalModelException problem)
            {
                Assert.Contains(path, problem.Message, StringComparison.Ordinal);
                refused++;
            }
            catch (Exception other) when (other is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{what}: {other}");
            }

            // Generous, as machines may be busy: a hang would be endless.
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30), what);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.True(allocated < MostBytes, $"{what}: {allocated} bytes");
        }

        // Most damage is where it is seen: were fewer refused, the damage or the checks would have become weak.
        Assert.InRange(refused, 220, 299);
    }

    /// <summary>What is not seen beforehand is refused by llama.cpp, or is a model, of whatever worth: the process goes on in any case.</summary>
    [NativeFact]
    public async Task Loading_300_damaged_files_does_not_end_the_process()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("damaged.gguf");
        var writer = RandomLlamaModel.Build(new RandomLlamaOptions { Layers = 1, Half = true });
        var fuzzer = new GgufFuzzer(writer.ToArray(), writer.Fields, seed: 1);
        var (refused, answered) = (0, 0);
        for (var i = 0; i < 300; i++)
        {
            await File.WriteAllBytesAsync(path, fuzzer.Damage(i).Bytes);
            using var client = new LocalChatClient(
                new LocalChatOptions
                {
                    ModelPath = path,
                    ContextLength = 64,
                    MaxConcurrency = 1,
                }
            );
            try
            {
                await client.GetResponseAsync("Go on", new ChatOptions { Temperature = 0, MaxOutputTokens = 3 });
                answered++;
            }
            catch (LocalModelException)
            {
                refused++;
            }
        }

        // A changed weight is a model too.
        Assert.Equal(300, refused + answered);
        Assert.InRange(answered, 5, 80);
    }
}
