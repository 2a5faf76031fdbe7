using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using LlmThrift.CostControls;
using Xunit;

namespace LlmThrift.Tests.Architecture;

/// <summary>What never holds in this house.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>Rooms that every slice may use.</summary>
    private static readonly HashSet<string> Shared = ["Internal", "Pricing", "Tokens", "Diagnostics", "Metering", "Vectors"];

    /// <summary>Slices that build on another one: an audit makes what routing goes by.</summary>
    private static readonly HashSet<(string Room, string Other)> Building = [("Auditing", "Routing")];

    /// <summary>The room that puts the slices together.</summary>
    private const string Composition = "CostControls";

    private static readonly Assembly Core = typeof(CostControlOptions).Assembly;

    [Fact]
    public void Slices_do_not_refer_to_each_other()
    {
        var offences = new List<string>();
        var source = Path.Combine(RepositoryRoot(), "src", "LlmThrift");
        var rooms = Directory.GetDirectories(source).Select(d => Path.GetFileName(d)!).Where(d => d is not "bin" and not "obj").ToHashSet();
        foreach (var room in rooms.Where(room => room != Composition))
        {
            foreach (var file in Directory.GetFiles(Path.Combine(source, room), "*.cs", SearchOption.AllDirectories))
            {
                var text = File.ReadAllText(file);
                offences.AddRange(
                    rooms
                        .Where(other =>
                            other != room
                            && !Shared.Contains(other)
                            && !Building.Contains((room, other))
                            && text.Contains($"LlmThrift.{other}", StringComparison.Ordinal)
                        )
                        .Select(other => $"{room}/{Path.GetFileName(file)} refers to {other}")
                );
            }
        }

        Assert.True(rooms.Count >= 6, "The rooms were not found.");
        Assert.Empty(offences);
    }

    [Fact]
    public void Log_messages_have_ids_of_their_own()
    {
        var source = Path.Combine(RepositoryRoot(), "src", "LlmThrift");
        var ids = Directory
            .GetFiles(source, "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => LoggerMessage().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["id"].Value)
            .ToList();

        Assert.True(ids.Count > 5, "The log messages were not found.");
        Assert.Equal(ids.Distinct(StringComparer.Ordinal), ids);
    }

    [Fact]
    public void Rooms_that_others_build_on_do_not_refer_to_slices()
    {
        var allowed = new Dictionary<string, string[]>
        {
            ["Pricing"] = [],
            ["Tokens"] = [],
            ["Diagnostics"] = ["Metering"],
            ["Internal"] = ["Pricing", "Tokens", "Diagnostics", "Metering"],
            ["Vectors"] = ["Pricing", "Tokens", "Diagnostics", "Metering", "Internal"],
        };
        var source = Path.Combine(RepositoryRoot(), "src", "LlmThrift");
        var offences =
            from room in allowed
            from file in Directory.GetFiles(Path.Combine(source, room.Key), "*.cs", SearchOption.AllDirectories)
            let text = File.ReadAllText(file)
            from other in Directory.GetDirectories(source).Select(d => Path.GetFileName(d)!)
            where other != room.Key && !room.Value.Contains(other)
            where text.Contains($"using LlmThrift.{other};", StringComparison.Ordinal)
            select $"{room.Key}/{Path.GetFileName(file)} refers to {other}";

        Assert.Empty(offences);
    }

    [Fact]
    public void Core_refers_to_no_satellite_no_provider_and_no_web_framework()
    {
        var references = Core.GetReferencedAssemblies().Select(name => name.Name!).ToList();

        Assert.All(
            references,
            name =>
                Assert.True(
                    name.StartsWith("System.", StringComparison.Ordinal)
                        || name == "Polly.Core"
                        || (
                            name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
                            && (name.EndsWith("Abstractions", StringComparison.Ordinal) || name == "Microsoft.Extensions.AI")
                        ),
                    $"The core refers to {name}."
                )
        );
    }

    [Fact]
    public void Internal_types_are_internal()
    {
        Assert.DoesNotContain(Core.GetExportedTypes(), type => type.Namespace == "LlmThrift.Internal");
    }

    [Fact]
    public void Public_types_have_no_public_mutable_static_state()
    {
        var offences =
            from type in Core.GetExportedTypes()
            from member in type.GetMembers(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            where member is FieldInfo { IsInitOnly: false, IsLiteral: false } or PropertyInfo { SetMethod.IsPublic: true }
            select $"{type.Name}.{member.Name}";

        Assert.Empty(offences);
    }

    [Fact]
    public void Public_types_are_sealed_or_static_or_abstract()
    {
        Assert.Empty(
            Core.GetExportedTypes().Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false }).Select(type => type.Name)
        );
    }

    [Fact]
    public void No_public_signature_holds_an_experimental_type()
    {
        static bool IsExperimental(MemberInfo member) =>
            member.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "ExperimentalAttribute");

        var offences =
            from type in Core.GetExportedTypes()
            from member in type.GetMembers(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            let types = member switch
            {
                MethodInfo method => method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType),
                ConstructorInfo constructor => constructor.GetParameters().Select(p => p.ParameterType),
                PropertyInfo property => [property.PropertyType],
                _ => [],
            }
            where IsExperimental(type) || IsExperimental(member) || types.Any(IsExperimental)
            select $"{type.Name}.{member.Name}";

        Assert.Empty(offences);
    }

    [Fact]
    public void Samples_and_satellites_do_not_reach_into_internals()
    {
        var friends = Core.GetCustomAttributes<System.Runtime.CompilerServices.InternalsVisibleToAttribute>().Select(a => a.AssemblyName);

        Assert.All(
            friends,
            name => Assert.True(name is "LlmThrift.Tests" or "LlmThrift.Benchmarks" or "LlmThrift.Evaluation", $"{name} sees internals.")
        );
    }

    /// <summary>What the package depends on is what its project says; the stand-in must not be packed into it.</summary>
    [Fact]
    public void Stand_in_is_a_separate_assembly_with_the_real_name()
    {
        using var stream = File.OpenRead(typeof(Microsoft.Extensions.AI.ChatClientBuilder).Assembly.Location);
        using var reader = new PEReader(stream);
        var definition = reader.GetMetadataReader().GetAssemblyDefinition();

        Assert.Equal("Microsoft.Extensions.AI", reader.GetMetadataReader().GetString(definition.Name));
        Assert.Equal(new Version(10, 0, 0, 0), definition.Version);
        var project = XDocument.Load(
            Path.Combine(RepositoryRoot(), "build", "standins", "Microsoft.Extensions.AI", "Microsoft.Extensions.AI.csproj")
        );
        Assert.Equal("false", project.Descendants("IsPackable").Single().Value);
    }

    internal static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "LlmThrift.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("LlmThrift.sln was not found above the tests.");
    }

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?<id>[0-9]+)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex LoggerMessage();
}
