using System.Reflection;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Running;
using LlmThrift.Benchmarks;
using LlmThrift.Local;

var types = typeof(LocalBenchmarks)
    .Assembly.GetTypes()
    .Where(type => type.GetMethods().Any(method => method.GetCustomAttribute<BenchmarkAttribute>() is not null))
    .ToList();
if (!LocalModel.IsSupported())
{
    types.Remove(typeof(LocalBenchmarks));
    await Console.Error.WriteLineAsync(
        $"{nameof(LocalBenchmarks)} are left out: llama.cpp's libraries are not here. Run dotnet msbuild build/LlamaNatives.proj, and build again."
    );
}

BenchmarkSwitcher.FromTypes([.. types]).Run(args);
