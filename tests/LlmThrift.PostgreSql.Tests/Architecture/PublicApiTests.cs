using System.Reflection;
using LlmThrift.TestKit;
using Xunit;

namespace LlmThrift.PostgreSql.Tests.Architecture;

public sealed class PublicApiTests
{
    private static readonly Assembly Package = typeof(PostgreSqlStore).Assembly;

    /// <summary>A change of the public surface is a decision: look at the difference, then copy the received file over the approved one.</summary>
    [Fact]
    public void Public_api_is_what_was_approved()
    {
        var folder = Path.Combine(RepositoryRoot(), "tests", "LlmThrift.PostgreSql.Tests", "Architecture");
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
    public void Package_refers_to_the_core_its_driver_and_abstractions_only() =>
        Assert.All(
            Package.GetReferencedAssemblies().Select(name => name.Name!),
            name =>
                Assert.True(
                    name is "LlmThrift"
                        || name.StartsWith("System.", StringComparison.Ordinal)
                        || name.EndsWith("Abstractions", StringComparison.Ordinal)
                        || name is "Npgsql",
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
