using System.Reflection;
using Xunit;

namespace LlmThrift.TestKit;

/// <summary>A package's public surface is what was approved, and it refers to nothing that it should not. Derive, and say of which package.</summary>
public abstract class PublicApiContract
{
    /// <summary>The package's assembly.</summary>
    protected abstract Assembly Package { get; }

    /// <summary>Assemblies that it may refer to besides the core, .NET and abstractions.</summary>
    protected virtual IReadOnlyCollection<string> MayReferTo => [];

    /// <summary>A change of the public surface is a decision: look at the difference, then copy the received file over the approved one.</summary>
    [Fact]
    public void Public_api_is_what_was_approved()
    {
        var folder = Path.Combine(RepositoryRoot(), "tests", Package.GetName().Name + ".Tests", "Architecture");
        var approved = Path.Combine(folder, "PublicApi.approved.txt");
        var received = Path.Combine(folder, "PublicApi.received.txt");
        var actual = PublicApiPrinter.Print(Package);
        if (File.Exists(approved) && File.ReadAllText(approved).ReplaceLineEndings("\n") == actual)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, actual);
        Assert.Fail($"The public API has changed. Compare {received} with {approved}, and copy it there if the change is meant.");
    }

    [Fact]
    public void Package_refers_to_the_core_to_abstractions_and_to_what_it_names_only() =>
        Assert.All(
            Package.GetReferencedAssemblies().Select(name => name.Name!),
            name =>
                Assert.True(
                    name == "LlmThrift"
                        || name.StartsWith("System.", StringComparison.Ordinal)
                        || name.EndsWith("Abstractions", StringComparison.Ordinal)
                        || MayReferTo.Any(allowed => name == allowed || name.StartsWith(allowed + ".", StringComparison.Ordinal)),
                    $"The package refers to {name}."
                )
        );

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "LlmThrift.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("LlmThrift.sln was not found above the tests.");
    }
}
